#!/bin/bash
# Node and npm (from the distribution where there is none), a newer Node into .node/ where that one is older than 20.19, and npm ci.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v node > /dev/null && command -v npm > /dev/null || scripts/apt.sh nodejs npm
recent() { node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'; }
recent || scripts/node.sh 22 > /dev/null
# npm ci only where the lock file is newer than what it made.
stamp=node_modules/.package-lock.json
if [ ! -f $stamp ] || [ package-lock.json -nt $stamp ]; then
  scripts/run.sh npm ci --no-audit --no-fund --loglevel=error > /dev/null
  touch $stamp
fi
