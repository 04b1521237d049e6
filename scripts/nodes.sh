#!/bin/bash
# The unit tests on every Node that is supported.
set -euo pipefail
cd "$(dirname "$0")/.."
for major in ${NODES:-20 22 24 26}; do
  bin=$(scripts/node.sh "$major")
  echo "== Node $("$bin/node" --version)"
  PATH="$bin:$PATH" npx vitest run --project unit --reporter=dot --maxWorkers=2
done
