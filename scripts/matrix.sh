#!/bin/bash
# Plays the lab's scenarios on every kernel of the matrix and remakes their fixtures: all of them on 6.1, a choice on 5.10, 6.12, the newest and arm64,
# and on the checked kernels those that are for them. Fetches kernels and compilers into the cache where they are not there. Ends with a table.
#
#   scripts/matrix.sh [KERNEL...]
#
# KERNEL is a suite of Debian's (bookworm: 6.1, bullseye: 5.10, trixie: 6.12, sid: the newest), arm64 (6.1 for that processor), or kasan, lockdep, kcsan
# (scripts/lab-kernel.sh), or checked: those of the last three that are built already. Default: bookworm bullseye trixie sid arm64 checked.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${OOPSCOPE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/oopscope}
choice="null-chain warn-credit kmalloc-double-free kmalloc-double-free-slub-debug skb-double-free skb-double-free-forward skb-double-free-slub-debug init-null exit-bug"
on_arm64="null-chain warn-credit kmalloc-double-free skb-double-free-forward user-pointer bug-commit init-null"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
[ $# -gt 0 ] || set -- bookworm bullseye trixie sid arm64 checked
kernels=()
for kernel in "$@"; do
  if [ "$kernel" != checked ]; then kernels+=("$kernel"); continue; fi
  for checker in kasan lockdep kcsan; do [ ! -f "$cache/kernels/.lab-$checker" ] || kernels+=("$checker"); done
done
status=0
for kernel in "${kernels[@]}"; do
  scenarios=""
  case $kernel in
    bookworm) release=$(scripts/kernels.sh) ;;
    arm64) release=$(scripts/kernels.sh --arch arm64) scenarios=$on_arm64 ;;
    kasan | lockdep | kcsan) release=$(scripts/lab-kernel.sh "$kernel") ;;
    *)
      release=$(scripts/kernels.sh --suite "$kernel")
      scripts/toolchain.sh "$kernel" > /dev/null
      scenarios=$choice
      ;;
  esac
  echo "# $release" | tee -a "$log" >&2
  # shellcheck disable=SC2086
  node scripts/fixtures.mjs --kernel "$release" $scenarios 2> >(tee -a "$log" >&2) || status=1
done
sleep 1
printf '\n| kernel | as promised | silent, as the header says | failed |\n|---|---|---|---|\n'
awk '/^# /{ if (k) print k, ok, quiet, bad; k = $2; ok = quiet = bad = 0 }
     /^[a-z-]+: (panicked|finished)/{ ok++ } /^[a-z-]+: this kernel does not print/{ quiet++ } /^  [a-z-]+: /{ bad++ }
     END { print k, ok, quiet, bad }' "$log" | while read -r kernel ok quiet bad; do echo "| $kernel | $ok | $quiet | $bad |"; done
exit $status
