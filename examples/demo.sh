#!/bin/bash
# Decodes and explains the panic of examples/null-chain with what `oopscope symbols pack --for` kept of the kernel's and the module's debug files: 70 kB instead of 0.6 GB.
set -euo pipefail
cd "$(dirname "$0")/.."
show() {
  echo "\$ oopscope $*"
  echo
  scripts/run.sh node dist/cli/main.cjs "$@"
  echo
}
show decode --symbols examples/null-chain/symbols examples/null-chain/panic.log
# The variables of the faulting expression are in the module's own debug information, which GSYM has no place for.
show explain --symbols examples/null-chain/symbols --modules examples/null-chain --source . examples/null-chain/panic.log
