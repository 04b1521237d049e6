#!/bin/bash
# Decodes the panic of examples/null-chain with the module's own debug information: what a module's author has at hand.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "\$ oopscope decode --modules examples/null-chain examples/null-chain/panic.log"
echo
status=0
scripts/run.sh node dist/cli/main.cjs decode --modules examples/null-chain examples/null-chain/panic.log || status=$?
# 3: done, but the kernel's own frames have no debug files here.
[ $status = 0 ] || [ $status = 3 ]
