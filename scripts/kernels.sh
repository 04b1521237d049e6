#!/bin/bash
# Fetches Debian kernels and unpacks them into the cache. Nothing is installed, and nothing in /etc is touched.
#
#   scripts/kernels.sh [--suite SUITE] [--arch ARCH] [--debug] [--no-headers] [RELEASE]
#
# SUITE is bookworm (the default: 6.1), bullseye (5.10), bookworm-backports or trixie (6.12), or sid (the newest). RELEASE is by default the one
# that the suite's linux-image-ARCH depends on. Prints the release, and unpacks to
#
#   ${OOPSCOPE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/oopscope}/kernels/RELEASE/
#     boot/vmlinuz-RELEASE, lib/modules/RELEASE/          the image and its modules
#     lib/modules/RELEASE/build                           the headers, made relocatable: `make -C …/build M=…` works from here
#     usr/lib/debug/lib/modules/RELEASE/vmlinux, kernel/  with --debug: DWARF of the kernel and of the modules in DEBUG_MODULES
#     bin/busybox or usr/bin/busybox                      for another processor than amd64: a static one, for the guest
#     .complete                                           one line for each part that is whole: image, headers, debug, busybox
#
# A part is unpacked beside its place and renamed, so no reader ever sees half of one; a lock lets only one fetch at a time; what is there
# already costs no look at the network.
set -euo pipefail

suite=bookworm arch=amd64 release="" want_debug=0 want_headers=1
while [ $# -gt 0 ]; do
  case $1 in
    --suite) suite=$2; shift ;;
    --arch) arch=$2; shift ;;
    --debug) want_debug=1 ;;
    --no-headers) want_headers=0 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    -*) echo "kernels.sh: unknown option $1" >&2; exit 2 ;;
    *) release=$1 ;;
  esac
  shift
done

readonly DEBUG_MODULES="net drivers/net fs lib drivers/virtio"
cache=${OOPSCOPE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/oopscope}
# Where Debian's archive is: as this machine's own apt has it.
mirror=${OOPSCOPE_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 2> /dev/null | sed -n 's,/debian/*$,,p' | head -n 1)}
apt=$cache/apt/$suite-$arch
mkdir -p "$cache/kernels" "$apt/lists/partial" "$apt/archives/partial"

say() { echo "kernels.sh: $*" >&2; }
die() { say "$*"; exit 1; }
has() { [ -f "$cache/kernels/$release/.complete" ] && grep -qx "$1" "$cache/kernels/$release/.complete"; }

wanted="image"
[ "$arch" = amd64 ] || wanted+=" busybox"
[ $want_headers = 0 ] || wanted+=" headers"
[ $want_debug = 0 ] || wanted+=" debug"
all_there() { local part; for part in $wanted; do has "$part" || return 1; done; }

# The release of an earlier run is remembered, so that a second run needs no network and does not change kernels under its users.
# `rm CACHE/kernels/.SUITE-ARCH` asks the archive anew.
remembered=$cache/kernels/.$suite-$arch
[ -n "$release" ] || { [ -f "$remembered" ] && release=$(cat "$remembered"); } || true
if [ -n "$release" ] && all_there; then echo "$release"; exit 0; fi

own=""
[ "$arch" = amd64 ] || own=$cache/kernels/$("$0" --suite "$suite")
exec 9> "$cache/kernels/.lock"
flock -n 9 || { say "another run is fetching; waiting for it"; flock 9; }
if [ -n "$release" ] && all_there; then echo "$release"; exit 0; fi

# ---- a private apt: its own sources, lists and archives ---------------------------------------------------------------------------------
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f $keyring ] || die "$keyring is missing; install it: apt-get install debian-archive-keyring"
{
  source_line() { echo "deb [arch=$arch signed-by=$keyring] $mirror/$1 $2 main"; }
  source_line debian "$suite"
  case $suite in
    *-backports | sid | unstable | experimental) ;;
    *) source_line debian-security "$suite-security" ;;
  esac
} > "$apt/sources.list"
cat > "$apt/apt.conf" << CONF
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Get::List-Cleanup "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Retries "3";
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "$apt";
Dir::State::Lists "$apt/lists";
Dir::State::Status "$apt/status";
Dir::Cache "$apt";
Dir::Cache::Archives "$apt/archives";
CONF
: > "$apt/status"
export APT_CONFIG=$apt/apt.conf

work=""
cleanup() { [ -z "$work" ] || rm -rf "$work"; }
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

[ -n "$mirror" ] || die "no archive of Debian among the sources of apt; name one: OOPSCOPE_DEBIAN_MIRROR=URL (without /debian)"
say "reading the package lists of $suite"
apt-get -qq update >&2 || die "apt-get update failed for $suite at $mirror"

# depends PACKAGE: the packages that it depends on, one a line; for alternatives the first.
depends() {
  apt-cache show --no-all-versions "$1" 2> /dev/null | sed -n 's/^Depends: //p' | head -n 1 | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/ //g'
}
known() { apt-cache show --no-all-versions "$1" > /dev/null 2>&1; }

if [ -z "$release" ]; then
  release=$(depends "linux-image-$arch" | sed -n 's/^linux-image-//p' | head -n 1)
  [ -n "$release" ] || die "linux-image-$arch of $suite names no kernel"
fi
known "linux-image-$release" || die "linux-image-$release is not in $suite (a newer one may have replaced it: run without RELEASE)"
tree=$cache/kernels/$release
work=$(mktemp -d "$cache/kernels/.unpack-XXXXXX")

# closure PACKAGE PATTERN: the package and those of its dependencies, at any depth, whose names match.
closure() {
  local todo=$1 seen="" package
  while [ -n "$todo" ]; do
    package=${todo%% *}
    todo=${todo#"$package"}; todo=${todo# }
    case " $seen " in *" $package "*) continue ;; esac
    seen+=" $package"
    todo+=" $(depends "$package" | grep -E "$2" | tr '\n' ' ' || true)"
    todo=${todo# }; todo=${todo% }
  done
  echo "$seen"
}

# fetch PACKAGE: prints the path of the .deb, from $cache/debs if it is there in the archive's version.
fetch() {
  local name
  name=$(cd "$work" && apt-get download --print-uris "$1" 2> /dev/null | sed -n "s/^'[^']*' \([^ ]*\) .*/\1/p" | sed 's/%3a/:/g')
  [ -n "$name" ] || die "$1 cannot be had from $suite"
  local plain=${name/_*([0-9]):/_}
  if [ -f "$cache/debs/$plain" ]; then mv "$cache/debs/$plain" "$work/$plain"; echo "$work/$plain"; return; fi
  say "fetching $1"
  (cd "$work" && apt-get -qq download "$1" >&2) || die "apt-get download $1 failed"
  ls "$work/$1"_*.deb
}
shopt -s extglob

# ---- the three parts, each unpacked to $work/PART -----------------------------------------------------------------------------------------
unpack_image() {
  local package deb
  for package in $(closure "linux-image-$release" '^linux-(binary|modules|image)-'); do
    deb=$(fetch "$package")
    dpkg-deb -x "$deb" "$work/image"
    rm -f "$deb"
  done
  usr_merge "$work/image"
  rm -f "$work/image/lib/modules/$release/"{build,source}
}

unpack_headers() {
  local package deb file base
  for package in $(closure "linux-headers-$release" '^linux-(headers|kbuild)-'); do
    # The programs of kbuild run here, whatever the kernel is for.
    if [[ $package = linux-kbuild-* ]] && [ "$arch" != amd64 ]; then foreign_kbuild "$package"; continue; fi
    deb=$(fetch "$package")
    dpkg-deb -x "$deb" "$work/headers"
    rm -f "$deb"
  done
  usr_merge "$work/headers"
  # The build folder names its common part by an absolute path; make changes into it first, so a relative one serves as well.
  base=$work/headers/usr/src/linux-headers-$release
  sed -i 's,/usr/src/,../,g' "$base/Makefile"
  [ ! -f "$base/.kernelvariables" ] || sed -i 's,/usr/src/,../,g' "$base/.kernelvariables"
  find "$work/headers/usr" -type l -lname '/usr/*' | while read -r file; do
    ln -sfn "$(realpath -ms --relative-to="$(dirname "$file")" "$work/headers$(readlink "$file")")" "$file"
  done
}

foreign_kbuild() {
  mkdir -p "$work/headers/usr/lib" "$work/headers/usr/src"
  cp -a "$own/usr/lib/$1" "$work/headers/usr/lib/"
  [ ! -L "$own/usr/src/$1" ] || cp -a "$own/usr/src/$1" "$work/headers/usr/src/"
}

unpack_debug() {
  local deb folder patterns=() root
  deb=$(fetch "linux-image-$release-dbg")
  for folder in $DEBUG_MODULES; do patterns+=("./usr/lib/debug/*/$release/kernel/$folder/*"); done
  mkdir -p "$work/debug"
  say "unpacking the debug files"
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work/debug" --wildcards "./usr/lib/debug/*vmlinux*" "${patterns[@]}" || [ -d "$work/debug/usr/lib/debug" ]
  rm -f "$deb"
  root=$work/debug/usr/lib/debug
  if [ ! -e "$root/lib" ] && [ -d "$root/usr/lib" ]; then ln -s usr/lib "$root/lib"; fi
  [ -s "$root/lib/modules/$release/vmlinux" ] || die "linux-image-$release-dbg holds no vmlinux"
}

# Newer suites have usr/lib/modules only: lib/ leads there.
usr_merge() { if [ ! -e "$1/lib" ] && [ -d "$1/usr/lib" ]; then ln -s usr/lib "$1/lib"; fi; }

# place PART PATH...: moves the part's paths (those that exist) into the tree and marks the part as complete.
place() {
  local part=$1 path; shift
  for path in "$@"; do
    [ -e "$work/$part/$path" ] || [ -L "$work/$part/$path" ] || continue
    mkdir -p "$(dirname "$tree/$path")"
    rm -rf "${tree:?}/$path"
    mv -T "$work/$part/$path" "$tree/$path"
  done
  echo "$part" >> "$tree/.complete"
  say "$release: $part is in place"
}

mkdir -p "$tree"
if [ "$arch" != amd64 ] && ! has busybox; then
  deb=$(fetch busybox-static)
  dpkg-deb -x "$deb" "$work/busybox"
  rm -f "$deb"
  place busybox bin/busybox usr/bin/busybox
fi
if ! has image; then
  unpack_image
  if [ -L "$work/image/lib" ]; then place image boot "usr/lib/modules" lib; else place image boot lib/modules; fi
fi
if [ $want_headers = 1 ] && ! has headers; then
  unpack_headers
  place headers usr/src $(cd "$work/headers" && ls -d usr/lib/linux-kbuild-* usr/lib/linux-headers-* 2> /dev/null || true)
  ln -sfn "$(realpath -ms --relative-to="$(realpath "$tree/lib/modules/$release")" "$tree/usr/src/linux-headers-$release")" "$tree/lib/modules/$release/build"
fi
if [ $want_debug = 1 ] && ! has debug; then
  unpack_debug
  place debug usr/lib/debug
fi
echo "$release" > "$remembered"
echo "$release"
