#!/bin/bash
# Decodes the panic of examples/null-chain with what `oopscope symbols pack --for` kept of the kernel's and the module's debug files: 70 kB instead of 0.6 GB.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "\$ oopscope decode --symbols examples/null-chain/symbols examples/null-chain/panic.log"
echo
scripts/run.sh node dist/cli/main.cjs decode --symbols examples/null-chain/symbols examples/null-chain/panic.log
