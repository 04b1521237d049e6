# Every target installs what it needs (scripts/setup.sh: apt packages only where missing, npm ci, a newer Node into .node/ where the machine's is older
# than 20.19). `make test` is everything; `npm test` is the inner loop.
SHELL := /bin/bash
RUN := scripts/run.sh
# What the lab takes: to boot guests, to build their modules, and to fetch kernels.
LAB := qemu-system-x86 busybox-static gcc make libelf1 xz-utils zstd binutils debian-archive-keyring

.PHONY: soak help setup build demo lab-demo test unit oracle guest nodes lint bench fixtures forms kernels matrix lab-kernel clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: ## Node and the packages of npm
	@scripts/setup.sh

build: setup ## dist/
	@$(RUN) npm run --silent build

demo: build ## decodes a real panic from examples/: no root, no QEMU, no debug package
	@examples/demo.sh

lab-demo: build ## the whole story in throw-away machines, watchable: crash, explain, BTF, trace, guard, caught; leaves the cases as HTML in lab-demo/
	@scripts/apt.sh $(LAB) clang libbpf1 libbpf-dev pahole iproute2
	@$(RUN) npm run --silent build -- --quick
	@scripts/kernels.sh --debug > /dev/null
	@examples/lab-demo.sh

test: setup ## everything: lint, unit tests on four Nodes, the peers on a real vmlinux, guests
	@scripts/test.sh

unit: setup ## the inner loop
	@$(RUN) npm test --silent

oracle: build kernels ## against llvm-symbolizer, addr2line, objdump and decode_stacktrace.sh
	@$(RUN) npx vitest run --project oracle

guest: build kernels ## tests that boot QEMU
	@$(RUN) npx vitest run --project guest --maxWorkers=2

nodes: setup ## the unit tests on Node 20, 22, 24 and 26
	@scripts/nodes.sh

lint: setup ## types, style, and the arrows between the folders
	@$(RUN) npm run --silent typecheck && $(RUN) npm run --silent lint

bench: build kernels ## side by side with the peers, as ratios of one run
	@scripts/apt.sh hyperfine llvm binutils
	@$(RUN) node bench/bench.mjs

kernels: setup ## Debian's kernel and its debug files into the cache (1 GB to fetch the first time)
	@scripts/apt.sh debian-archive-keyring xz-utils zstd
	@scripts/kernels.sh --debug > /dev/null

fixtures: build ## makes the logs of test/fixtures anew, in guests: those of 6.1, of arm64, and of the checked kernels that are built
	@scripts/apt.sh $(LAB) qemu-system-arm gcc-aarch64-linux-gnu
	@$(RUN) scripts/matrix.sh bookworm arm64 checked

matrix: build ## the lab's scenarios on 5.10, 6.1, 6.12, the newest kernel and arm64, with a table (fetches kernels and their compilers)
	@scripts/apt.sh $(LAB) qemu-system-arm gcc-aarch64-linux-gnu
	@$(RUN) scripts/matrix.sh

forms: build kernels ## makes test/fixtures/forms anew: one crash of a guest in every form of log
	@scripts/apt.sh qemu-system-x86 busybox-static iproute2
	@scripts/forms.sh && node scripts/forms-by-hand.mjs


soak: build kernels ## 10,000 times: a BPF object opened, loaded, attached, read and closed; 1,000 times: all functions of a module traced; guard ten minutes under load, and ten boots of each double free; in guests (hours)
	@scripts/apt.sh $(LAB) clang libbpf1 libbpf-dev
	@OOPSCOPE_CYCLES=10000 OOPSCOPE_ROUNDS=1000 $(RUN) npx vitest run --project guest test/bpf/maps test/trace/live
	@OOPSCOPE_LOAD_SECONDS=600 $(RUN) npx vitest run --project guest test/guard -t "load without"
	@$(RUN) node scripts/soak-guard.mjs 10

lab-kernel: build ## builds 6.1 for the lab with KASAN, with lockdep, and with KCSAN and KFENCE (up to half an hour each)
	@scripts/apt.sh debian-archive-keyring make gcc flex bison bc xz-utils libelf-dev libssl-dev
	@scripts/lab-kernel.sh kasan && scripts/lab-kernel.sh lockdep && scripts/lab-kernel.sh kcsan

clean: ## what the build and the tests leave
	rm -rf dist
