#!/bin/bash
# The kernel's own scripts/decode_stacktrace.sh, which the tests and the benchmark compare with, from Debian's package of the kernel's sources into
# the cache. Prints its path. It is run, never copied: it is under the GPL.
set -euo pipefail
cache=${OOPSCOPE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/oopscope}
version=6.1
folder=$cache/peers/linux-source-$version/scripts
if [ ! -x "$folder/decode_stacktrace.sh" ]; then
  work=$(mktemp -d "${TMPDIR:-/tmp}/oopscope-peers-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  chmod 755 "$work"
  (cd "$work" && { apt-get -qq download "linux-source-$version" || { apt-get -qq update && apt-get -qq download "linux-source-$version"; }; } >&2 && dpkg-deb -x ./*.deb .)
  tar -xf "$work/usr/src/linux-source-$version.tar.xz" -C "$work" "linux-source-$version/scripts/decode_stacktrace.sh" "linux-source-$version/scripts/decodecode"
  mkdir -p "$(dirname "$folder")"
  rm -rf "$folder"
  mv "$work/linux-source-$version/scripts" "$folder"
fi
echo "$folder/decode_stacktrace.sh"
