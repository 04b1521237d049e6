#!/bin/bash
# Unpacks the compiler of a Debian suite into the cache, as a root of its own, and marks the suite's kernels there to be built with it.
#
#   scripts/toolchain.sh SUITE
#
# The result is ${OOPSCOPE_CACHE:-…/oopscope}/roots/SUITE: the packages' files, no package is configured and no script of theirs runs. Modules for
# kernels/RELEASE/ with a link `.toolchain` are built in it (src/lab/build.ts), in a mount namespace of their own.
set -euo pipefail

suite=${1:-}
[ -n "$suite" ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }
cache=${OOPSCOPE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/oopscope}
say() { echo "toolchain.sh: $*" >&2; }

release=$("$(dirname "$0")/kernels.sh" --suite "$suite")
# Backports have kernels only; their compiler is that of the suite below.
base=${suite%-backports}
[ "$base" = "$suite" ] || "$(dirname "$0")/kernels.sh" --suite "$base" > /dev/null
root=$cache/roots/$base
mkdir -p "$cache/roots"
exec 9> "$cache/roots/.lock"
flock 9

if [ ! -f "$root/.complete" ]; then
  apt=$cache/apt/$suite-amd64
  export APT_CONFIG=$apt/apt.conf
  [ -n "$(ls "$apt/lists/"*_Packages* 2> /dev/null)" ] || apt-get -qq update >&2
  # The compiler that the suite's headers ask for, and what it takes to run make in an unpacked root.
  compiler=$(apt-cache depends --no-recommends "linux-headers-$release" | sed -n 's/^ *Depends: \(linux-compiler-gcc-[0-9]*-x86\|gcc-[0-9]*\(-for-host\)\{0,1\}\)$/\1/p' | sort -u)
  apt=$cache/apt/$base-amd64
  export APT_CONFIG=$apt/apt.conf
  say "fetching the compiler of $suite: ${compiler:-gcc}"
  rm -rf "$apt/archives" "$root.part"
  mkdir -p "$apt/archives/partial" "$root.part"
  # Some names differ by suite; what a suite does not have, it does not need.
  wanted=()
  for package in ${compiler:-gcc} gcc make pahole libelf1t64 libelf1 libssl3t64 libssl3 libssl1.1 base-files dash bash coreutils sed grep gawk mawk diffutils findutils perl-base tar gzip xz-utils kmod; do
    if apt-cache show --no-all-versions "$package" > /dev/null 2>&1; then wanted+=("$package"); fi
  done
  apt-get -qq install --download-only --yes --no-install-recommends "${wanted[@]}" >&2
  for deb in "$apt"/archives/*.deb; do
    case ${deb##*/} in
      linux-image-* | linux-headers-* | linux-base_* | initramfs-tools*) ;;
      *) dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root.part" --keep-directory-symlink ;;
    esac
  done
  rm -f "$apt"/archives/*.deb
  # What the packages' scripts would have linked.
  for link in sh:dash awk:mawk; do
    [ -e "$root.part/usr/bin/${link%%:*}" ] || [ -e "$root.part/bin/${link%%:*}" ] || ln -s "${link#*:}" "$root.part/usr/bin/${link%%:*}"
  done
  mkdir -p "$root.part"/{kernel,module,proc,dev,tmp}
  touch "$root.part/.complete"
  rm -rf "$root"
  mv "$root.part" "$root"
fi
ln -sfn "../../roots/$base" "$cache/kernels/$release/.toolchain"
say "$release is built with $(chroot "$root" gcc --version 2> /dev/null | head -n 1)"
echo "$release"
