#!/bin/bash
# Everything, in the order of cost. On two cores the peers' tests and the guests share the machine: a guest waits more than it works.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { echo "== $*" >&2; }
step packages
scripts/apt.sh qemu-system-x86 busybox-static gcc make libelf1 clang llvm binutils binutils-aarch64-linux-gnu xz-utils zstd python3 debian-archive-keyring debuginfod chromium libbpf1 libbpf-dev bpftool bpftrace pahole tcpdump iproute2
step kernel
scripts/kernels.sh --debug > /dev/null
# The newer kernel for guests: without it they boot 6.1 alone.
scripts/kernels.sh --suite bookworm-backports > /dev/null || echo "no 6.12 to be had: guests boot 6.1 alone" >&2
step lint
scripts/run.sh npm run --silent typecheck
scripts/run.sh npm run --silent lint
step build
scripts/run.sh npm run --silent build
step unit tests
scripts/nodes.sh
step the package, the peers, the guests
scripts/run.sh npx vitest run --project package --project oracle --maxWorkers=2
# Guests have one processor each; those of guard have two, and are one at a time.
scripts/run.sh npx vitest run --project guest --maxWorkers=2
