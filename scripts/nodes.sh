#!/bin/bash
# The unit tests on every Node that is supported: all of them on the oldest and the newest; between them all but the random ones and lint, which are half of the time.
set -euo pipefail
cd "$(dirname "$0")/.."
majors=(${NODES:-20 22 24 26})
for major in "${majors[@]}"; do
  bin=$(scripts/node.sh "$major")
  echo "== Node $("$bin/node" --version)"
  part=(--exclude '**/fuzz.test.ts' --exclude 'test/lint/**')
  if [ "$major" = "${majors[0]}" ] || [ "$major" = "${majors[-1]}" ]; then part=(); fi
  PATH="$bin:$PATH" npx vitest run --project unit --reporter=dot --maxWorkers=2 "${part[@]}"
done
