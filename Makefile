# Two commands do everything on a fresh Debian machine that has Rust, gcc, make and root:
#   make demo    installs what is missing, builds, shows a moving picture
#   make test    the same, then format, lints, docs and every test
# CI calls these targets as they are (.ci/run).

SHELL := /bin/bash
CARGO ?= cargo
# Where the build lies: `cargo metadata` would have to be parsed, the variable is enough.
TARGET := $(or $(CARGO_TARGET_DIR),target)
PULSECAM := $(TARGET)/release/pulsecam
# How long `make demo` runs; empty: until you close the window.
DEMO_FOR ?=

.PHONY: help demo test deps build fmt lint doc unit test-qt test-window test-cli test-relay bench bench-peers screenshots completions clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: build ## Install what is missing, build, show a moving picture
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ -t 1 ]; then \
		$(PULSECAM) demo $(addprefix --for ,$(DEMO_FOR)); \
	else \
		$(PULSECAM) demo --no-window --for $(or $(DEMO_FOR),10s); \
	fi

deps: ## Install what the build and the tests need (Debian packages)
	@./.ci/deps

build: deps ## Build the program
	$(CARGO) build --release --locked

test: build fmt lint doc unit demo-check ## Format, lints, docs and every test, on real parts

fmt: ## Check the format
	$(CARGO) fmt --check

lint: ## clippy, every warning an error
	$(CARGO) clippy --release --locked --all-targets -- -D warnings

doc: ## The library's documentation, every warning an error
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --no-deps

# One profile for everything: the tests run the code that ships, and a cold run stays under 20 minutes on two cores.
NEXTEST := $(shell command -v cargo-nextest >/dev/null 2>&1 && echo yes)
ifeq ($(NEXTEST),yes)
RUN_TESTS = $(CARGO) nextest run --cargo-profile release --locked --no-fail-fast
else
RUN_TESTS = $(CARGO) test --release --locked --no-fail-fast
endif

unit: deps ## All tests
	$(RUN_TESTS)
	$(CARGO) test --release --locked --doc

test-wire: ## The wire format alone
	$(CARGO) test --release --locked --test wire

test-media: deps ## Pictures, films, pipes and what is wrong with them, alone
	$(CARGO) test --release --locked --test stills --test repair --test live --test films

test-strips: deps ## Pictures in strips alone
	$(CARGO) test --release --locked --test strips

test-relay: ## The relay and the link alone
	$(CARGO) test --release --locked --test relay --test link --test viewers --test crowd --test freshness

test-congestion: deps ## Far and slow links alone
	$(CARGO) test --release --locked --test congestion

test-abuse: ## Strangers who mean harm to a relay alone (Linux)
	$(CARGO) test --release --locked --test abuse --test limits

test-hostile: ## What strangers send to screens alone, and what fuzzing found
	$(CARGO) test --release --locked --test hostile --test corpus

test-trust: deps ## TLS and keys alone
	$(CARGO) test --release --locked --test tls --test key --test trust

test-reasons: ## What is said of a link that does not come up alone
	$(CARGO) test --release --locked --test reasons

test-pauses: ## Programs that stand still, and that are ended while they wait, alone
	$(CARGO) test --release --locked --test pauses

# How many seeds; one seed, with all that happens: PULSECAM_SEED=n make test-simulation
SEEDS ?=
.PHONY: test-simulation
test-simulation: ## Link and relay in a simulated network alone
	PULSECAM_SEEDS=$(SEEDS) $(CARGO) test --release --locked --test simulation -- $(if $(PULSECAM_SEED),--nocapture)

.PHONY: test-reach
test-reach: ## Far relays, addresses as people write them, and slow deliveries alone
	$(CARGO) test --release --locked --test reach --test delivery

test-cli: ## The built program alone
	$(CARGO) test --release --locked --test cli --test usage --test host_variable --test thrift --test bench

test-qt: deps ## Against a real Qt program alone
	$(CARGO) test --release --locked --test qt_peer

test-window: deps ## The real window under Xvfb alone
	$(CARGO) test --release --locked --test window

test-terminal: deps ## The dashboard and the view in a terminal alone
	$(CARGO) test --release --locked --test terminal

test-recording: deps ## Recordings alone
	$(CARGO) test --release --locked --test recording --test films

.PHONY: test-congestion test-recording test-terminal
.PHONY: demo-check test-abuse test-hostile test-media test-wire test-strips test-camera test-net test-pauses test-reasons test-trust test-deploy deny soak fuzz
demo-check: build ## The demonstration runs and ends by itself
	$(PULSECAM) demo --no-window --for 2s --quiet

test-net: build ## Pulled cables and nameservers between two hosts alone (root, Linux)
	$(CARGO) test --release --locked --test net -- --ignored --test-threads=1

test-deploy: deps ## The relay as a service of systemd, and its units, alone (root, Linux)
	$(CARGO) test --release --locked --test deploy -- --include-ignored

deny: ## Licences, sources and known holes of what comes in with us
	@./.ci/deny $(TARGET)/tools

# What it prints and writes is explained in tests/soak/main.rs.
MINUTES ?= 2
SOAK_JSON ?= $(abspath $(TARGET))/soak.json
soak: build ## Endurance: programs come, go, stall and die, links break, for MINUTES=2
	MINUTES=$(MINUTES) SOAK_JSON=$(SOAK_JSON) $(CARGO) test --release --locked --test soak -- --ignored --nocapture

# Each target for so many seconds; what it finds belongs into fuzz/corpus, which every run of the tests replays.
FUZZ_FOR ?= 60
FUZZ_TARGETS ?= avi codec descriptions jpeg matroska quicktime relay repair splitter still strips
fuzz: deps ## Fuzz what takes bytes from strangers
	command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz
	for target in $(FUZZ_TARGETS); do \
		RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run $$target -- -max_total_time=$(FUZZ_FOR) -max_len=65536 || exit 1; \
	done

# One test: make test-camera CAMERA_TEST=unplug. No virtual machine here: PULSECAM_SKIP_VM=1.
CAMERA_TEST ?=
CAMERA_TESTS = $$($(CARGO) test --release --locked --test camera --no-run --message-format=json | \
	sed -n 's|.*"executable":"\([^"]*/camera-[^"]*\)".*|\1|p' | tail -1)
test-camera: build ## Real V4L2 cameras in a virtual machine alone (root, x86-64)
	tests=$(CAMERA_TESTS) && CAMERA_TEST='$(CAMERA_TEST)' ./tests/camera/run.sh $(PULSECAM) "$$tests"

# How long each measurement takes; empty: what each needs. A first look: make bench BENCH_FOR=2s
BENCH_FOR ?=
bench: build ## Measure everything and write docs/benchmarks.md, with plots
	$(PULSECAM) bench report $(addprefix --for ,$(BENCH_FOR))

bench-peers: build ## The same through GStreamer, FFmpeg and the Qt relay; writes docs/peers.md (25 minutes)
	./.ci/deps peers
	./benches/peers/run.sh $(PULSECAM) $(TARGET)/peers

screenshots: build ## The README's pictures, from the real program
	./.ci/deps pictures
	./docs/images/make.sh $(PULSECAM)

clean: ## Remove what was built
	$(CARGO) clean
