#!/bin/bash
# Runs a command with the project's Node: the machine's, or the one in .node/ where that is too old.
cd "$(dirname "$0")/.." || exit 1
if ! node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2> /dev/null; then
  PATH="$(scripts/node.sh 22):$PATH"
fi
exec "$@"
