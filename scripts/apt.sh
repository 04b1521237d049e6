#!/bin/bash
# Installs Debian packages that are missing; says nothing if none is. With sudo if not root, without questions.
set -euo pipefail
missing=()
for package in "$@"; do dpkg-query -W -f='${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package"); done
[ ${#missing[@]} -gt 0 ] || exit 0
sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)
export DEBIAN_FRONTEND=noninteractive
echo "installing ${missing[*]}" >&2
install() { "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null; }
install 2> /dev/null || { "${sudo[@]}" apt-get update -qq; install; }
