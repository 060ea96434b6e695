# make build   set-up and build: after it bin/trowel runs
# make demo    records a stalling name lookup on this machine, and explains it
# make test    set-up, build, and all tests
# make test-cluster   the tests that need a real Kubernetes cluster
# make test-kernels   records on Debian's kernels, under QEMU: KERNELS="6.1 6.12"
# make bench   what it costs
# make score   how often explain is right
export PATH := $(CURDIR)/.node/bin:$(PATH)

SOURCES := $(shell find src proto -type f) scripts/bundle.mjs package.json
NATIVE_PACKAGES := clang libbpf-dev bpftool libgrpc-dev libprotobuf-c-dev protobuf-c-compiler pkg-config gcc libc6-dev
DEMO_PACKAGES := iproute2 dnsmasq-base curl
TEST_PACKAGES := $(DEMO_PACKAGES) musl-tools

.PHONY: all build demo test test-cluster test-kernels bench score lint format native clean
all: build

.node/bin/node:
	@scripts/setup-node

# npm's own marker file is older or newer than the lock file, as need be.
node_modules/.package-lock.json: package-lock.json | .node/bin/node
	@echo "set-up: npm ci" >&2
	@npm ci --loglevel error --ignore-scripts --no-audit --no-fund >/dev/null
	@touch $@

dist/trowel.js: $(SOURCES) node_modules/.package-lock.json
	@node scripts/bundle.mjs

# A machine that cannot build the probe can still replay.
native: node_modules/.package-lock.json
	@if [ "$$(uname -s)" != Linux ]; then echo "set-up: no probe on $$(uname -s)" >&2; \
	else scripts/setup-apt $(NATIVE_PACKAGES) && $(MAKE) --no-print-directory -s -C native NODE="$$(readlink -f .node/bin/node)"; fi

build: dist/trowel.js native

demo: build
	@scripts/setup-apt $(DEMO_PACKAGES) || true
	@scripts/demo

node_modules/node-pty/build/Release/pty.node: node_modules/.package-lock.json
	@scripts/setup-pty

test: build node_modules/node-pty/build/Release/pty.node
	@scripts/setup-apt $(TEST_PACKAGES) || true
	@node_modules/.bin/tsc --noEmit
	@node_modules/.bin/biome check --error-on-warnings .
	@scripts/check-c-format
	@node_modules/.bin/vitest run

# On a real cluster, built first where that has not been done (some minutes): ../shared/lab/kube.
test-cluster: build
	@if [ -x ../shared/lab/kube/kube ]; then ../shared/lab/kube/kube build && TROWEL_CLUSTER=1 node_modules/.bin/vitest run test/kube; \
	else echo "test-cluster: skipped, there is no ../shared/lab/kube"; fi

# Needs qemu-system-x86, busybox-static and cpio; skips without. Kernels come by apt-get download, and none is installed.
test-kernels: build
	@$(MAKE) -s -C native static NODE=$(abspath .node/bin/node)
	@test/kernels/run

score: build
	@node test/explain/score.ts

bench: build
	@node test/bench/run.mjs

lint: node_modules/.package-lock.json
	@node_modules/.bin/biome check .
	@scripts/check-c-format

format: node_modules/.package-lock.json
	@node_modules/.bin/biome check --write .
	@clang-format -i $$(find native -path native/build -prune -o -name '*.[ch]' -print)

clean:
	@rm -rf dist native/build
