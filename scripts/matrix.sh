#!/bin/bash
# Plays the lab's scenarios on every kernel of the matrix and remakes their fixtures: all of them on 6.1, a choice on 5.10, 6.12 and the newest.
# Fetches kernels and compilers into the cache where they are not there. Ends with a table.
#
#   scripts/matrix.sh [SUITE...]        default: bookworm bullseye trixie sid
set -euo pipefail
cd "$(dirname "$0")/.."
choice="null-chain warn-credit kmalloc-double-free kmalloc-double-free-slub-debug skb-double-free skb-double-free-forward skb-double-free-slub-debug init-null exit-bug"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
[ $# -gt 0 ] || set -- bookworm bullseye trixie sid
status=0
for suite in "$@"; do
  release=$(scripts/kernels.sh --suite "$suite")
  scenarios=""
  if [ "$suite" != bookworm ]; then
    scripts/toolchain.sh "$suite" > /dev/null
    scenarios=$choice
  fi
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
