# Every target installs what it needs (scripts/setup.sh: apt packages only where missing, npm ci, a newer Node into .node/ where the machine's is older
# than 20.19). `make test` is everything; `npm test` is the inner loop.
SHELL := /bin/bash
RUN := scripts/run.sh
CACHE ?= $${OOPSCOPE_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/oopscope}

.PHONY: help setup build demo test unit oracle guest nodes lint bench fixtures forms kernels matrix lab-kernel clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: ## Node and the packages of npm
	@scripts/setup.sh

build: setup ## dist/
	@$(RUN) npm run --silent build

demo: build ## decodes a real panic from examples/: no root, no QEMU, no debug package
	@examples/demo.sh

test: setup ## everything: lint, unit tests on four Nodes, the peers on a real vmlinux, guests
	@scripts/test.sh

unit: setup ## the inner loop
	@$(RUN) npm test --silent

oracle: build kernels ## against llvm-symbolizer, addr2line, objdump and decode_stacktrace.sh
	@$(RUN) npx vitest run --project oracle

guest: build kernels ## tests that boot QEMU
	@$(RUN) npx vitest run --project guest

nodes: setup ## the unit tests on Node 20, 22, 24 and 26
	@scripts/nodes.sh

lint: setup ## types, style, and the arrows between the folders
	@$(RUN) npm run --silent typecheck && $(RUN) npm run --silent lint

bench: build kernels ## side by side with the peers, as ratios of one run
	@scripts/apt.sh hyperfine llvm binutils
	@$(RUN) node bench/bench.mjs

kernels: setup ## Debian's kernel and its debug files into the cache (1 GB to fetch the first time)
	@scripts/apt.sh xz-utils zstd
	@scripts/kernels.sh --debug > /dev/null

fixtures: build kernels ## makes the logs of test/fixtures anew, in guests
	@scripts/apt.sh qemu-system-x86 busybox-static gcc make libelf1 xz-utils binutils
	@$(RUN) node scripts/fixtures.mjs

forms: build kernels ## makes test/fixtures/forms anew: one crash of a guest in every form of log
	@scripts/apt.sh qemu-system-x86 busybox-static iproute2
	@scripts/forms.sh && node scripts/forms-by-hand.mjs

matrix: build ## the lab's scenarios on 5.10, 6.1, 6.12 and the newest kernel, with a table (fetches kernels and their compilers)
	@scripts/apt.sh qemu-system-x86 busybox-static gcc make libelf1 xz-utils zstd binutils
	@scripts/matrix.sh

lab-kernel: build ## builds 6.1 with KASAN and with lockdep for the lab (half an hour each)
	@scripts/apt.sh make gcc flex bison bc xz-utils libelf-dev libssl-dev
	@scripts/lab-kernel.sh kasan && scripts/lab-kernel.sh lockdep

clean: ## what the build and the tests leave
	rm -rf dist
