#!/bin/bash
# The unit tests on every Node that is supported: all of them on the oldest and the newest; between them all but the random ones and lint, which are half of the time.
set -euo pipefail
cd "$(dirname "$0")/.."
majors=(${NODES:-20 22 24 26})
for major in "${majors[@]}"; do
  bin=$(scripts/node.sh "$major")
  echo "== Node $("$bin/node" --version)"
  brief=1
  if [ "$major" = "${majors[0]}" ] || [ "$major" = "${majors[-1]}" ]; then brief=; fi
  PATH="$bin:$PATH" OOPSCOPE_BRIEF=$brief npx vitest run --project unit --reporter=dot --maxWorkers=2
done
