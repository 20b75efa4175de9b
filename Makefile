# On a fresh Debian machine with Rust, gcc, make and root, two commands do everything:
#   make demo    installs missing packages, builds, shows a moving picture
#   make test    the same, then format, lints, docs and every test
# CI runs these targets (.ci/run).

SHELL := /bin/bash
CARGO ?= cargo
# The build directory. `cargo metadata` would need parsing; the variable is enough.
TARGET := $(or $(CARGO_TARGET_DIR),target)
PULSECAM := $(TARGET)/release/pulsecam
# How long `make demo` runs; if empty, until the window is closed.
DEMO_FOR ?=

.PHONY: help demo test deps build fmt lint features package doc unit test-qt test-window test-cli test-relay bench bench-peers screenshots completions clean

help: ## Show the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: build ## Install missing packages, build, show a moving picture
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ -t 1 ]; then \
		$(PULSECAM) demo $(addprefix --for ,$(DEMO_FOR)); \
	else \
		$(PULSECAM) demo --no-window --for $(or $(DEMO_FOR),10s); \
	fi

deps: ## Install the Debian packages for the build and the tests
	@./.ci/deps

build: deps ## Build the program
	$(CARGO) build --release --locked

# Not `build`: the tests build the program too, with the features that their own dependencies add to shared ones.
test: deps fmt lint features doc unit demo-check ## Format, lints, docs and every test

fmt: ## Check the format
	$(CARGO) fmt --all --check

lint: ## clippy, with warnings as errors
	$(CARGO) clippy --workspace --release --locked --all-targets -- -D warnings

features: ## Check small builds: the wire format and a relay alone, and the oldest Rust
	CARGO=$(CARGO) ./.ci/features

doc: ## Build the library's documentation, with warnings as errors
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --release --locked --no-deps

# One profile for all tests: that of `cargo install`, and a cold run takes under 20 minutes on two cores.
NEXTEST := $(shell command -v cargo-nextest >/dev/null 2>&1 && echo yes)
ifeq ($(NEXTEST),yes)
RUN_TESTS = $(CARGO) nextest run --workspace --cargo-profile release --locked --no-fail-fast
else
RUN_TESTS = $(CARGO) test --workspace --release --locked --no-fail-fast
endif

unit: deps ## Run all tests
	$(RUN_TESTS)
	$(CARGO) test --workspace --release --locked --doc

test-wire: ## Only: the wire format
	$(CARGO) test --workspace --release --locked --test wire

test-media: deps ## Only: pictures, films, pipes, and damaged ones
	$(CARGO) test --workspace --release --locked --test stills --test repair --test live --test films

test-strips: deps ## Only: encoding and decoding in strips
	$(CARGO) test --workspace --release --locked --test strips

test-relay: ## Only: the relay and the link
	$(CARGO) test --workspace --release --locked --test relay --test link --test moves --test viewers --test pieces --test receipts --test credit --test crowd --test freshness

.PHONY: test-relays
test-relays: ## Only: several relays as one, on this machine
	$(CARGO) test --workspace --release --locked --test cluster --test cluster_views --test cluster_numbers --test relays

test-congestion: deps ## Only: far and slow links
	$(CARGO) test --workspace --release --locked --test congestion

test-abuse: ## Only: attacks on a relay (Linux)
	$(CARGO) test --workspace --release --locked --test abuse --test limits

test-hostile: ## Only: hostile texts and names, and the fuzzing corpus
	$(CARGO) test --workspace --release --locked --test hostile --test corpus

test-trust: deps ## Only: TLS and keys
	$(CARGO) test --workspace --release --locked --test tls --test auth --test trust

test-web-relay: ## Only: browsers and HTTP clients at a relay, without a browser (ffmpeg, curl, promtool)
	./.ci/deps web
	$(CARGO) test --workspace --release --locked --test web -- --include-ignored

test-reasons: ## Only: error messages of a link that does not come up
	$(CARGO) test --workspace --release --locked --test reasons

test-pauses: ## Only: programs that are stopped and resumed, or ended while they wait
	$(CARGO) test --workspace --release --locked --test pauses

# Number of seeds. One seed, with its full log: PULSECAM_SEED=n make test-simulation
SEEDS ?=
.PHONY: test-simulation
test-simulation: ## Only: link and relay in a simulated network
	PULSECAM_SEEDS=$(SEEDS) $(CARGO) test --workspace --release --locked --test simulation -- $(if $(PULSECAM_SEED),--nocapture)

.PHONY: test-simulation-cluster
test-simulation-cluster: ## Only: three relays as one, in a simulated network
	PULSECAM_SEEDS=$(SEEDS) $(CARGO) test --workspace --release --locked --test simulation three_relays -- $(if $(PULSECAM_SEED),--nocapture)

.PHONY: test-reach
test-reach: ## Only: far relays, forms of addresses, and slow deliveries
	$(CARGO) test --workspace --release --locked --test reach --test delivery

test-cli: ## Only: the command line of the built program
	$(CARGO) test --workspace --release --locked --test cli --test usage --test host_variable --test configuration --test turning --test skipping --test bench

test-qt: deps ## Only: against a real Qt program
	$(CARGO) test --workspace --release --locked --test qt_peer

test-window: deps ## Only: the window, and the measurement from light to light, under Xvfb
	$(CARGO) test --workspace --release --locked --test window --test window_start --test window_drop --test window_states --test window_keys --test window_menu --test window_paste --test notifications --test glass

test-terminal: deps ## Only: the dashboard and the view in a terminal
	$(CARGO) test --workspace --release --locked --test terminal

test-recording: deps ## Only: recordings
	$(CARGO) test --workspace --release --locked --test recording --test films

.PHONY: test-congestion test-recording test-terminal
.PHONY: demo-check test-abuse test-hostile test-media test-wire test-strips test-camera test-net test-pauses test-reasons test-trust test-web-relay test-deploy deny semver soak fuzz
demo-check: ## Check that the demo runs and ends by itself
	[ -x $(PULSECAM) ] || $(MAKE) build
	$(PULSECAM) demo --no-window --for 2s --quiet

test-net: deps ## Only: unplugged cables and nameservers between two hosts (root, Linux)
	$(CARGO) test --workspace --release --locked --test net -- --ignored --test-threads=1

.PHONY: test-bench
test-bench: ## Only: what a million viewers would need, as docs/cluster.md has it
	$(CARGO) test --workspace --release --locked --test relay_tree -- --nocapture

# Seconds after which the tests are ended, if not 0.
CLUSTER_LIMIT ?= 0
.PHONY: test-cluster soak-cluster
test-cluster: deps ## Only: several relays as one, on three hosts (root, Linux; 4 minutes)
	timeout --kill-after=10 $(CLUSTER_LIMIT) $(CARGO) test --workspace --release --locked --test cluster -- --ignored --test-threads=1 --nocapture

soak-cluster: deps ## The same with more and longer outages, and 20 relays (20 minutes)
	SOAK_CLUSTER=1 $(CARGO) test --workspace --release --locked --test cluster -- --ignored --test-threads=1 --nocapture

test-deploy: deps ## Only: the relay as a systemd service, and its units (root, Linux)
	$(CARGO) test --workspace --release --locked --test deploy -- --include-ignored

# Screenshots of every part of the page, to be looked at: make test-web SCREENSHOTS=/tmp/shots
SCREENSHOTS ?=
WEB_TESTS := tests/web
.PHONY: test-web bench-web program
program: # The program with the features that the tests' own dependencies add, so that it is built only once
	$(CARGO) build --workspace --release --locked --bin pulsecam

test-web: program $(WEB_TESTS)/node_modules ## Only: the relay's page, in Chromium (Node, npm)
	cd $(WEB_TESTS) && npm run --silent check && npm run --silent unit && \
		PULSECAM=$(abspath $(PULSECAM)) SCREENSHOTS=$(SCREENSHOTS) CI=1 npm run --silent test

# Times and runs: make bench-web WEB="--seconds 4 --minutes 1 --soak 10 --runs 1", or `--help`; 20 minutes with "--soak 0".
WEB ?=
bench-web: build $(WEB_TESTS)/node_modules ## Measure the relay's page in Chromium; write docs/web-benchmarks.md (80 minutes)
	cd $(WEB_TESTS) && PULSECAM=$(abspath $(PULSECAM)) node bench/main.js --template $(CURDIR)/docs/web-benchmarks.in.md \
		--page $(CURDIR)/docs/web-benchmarks.md $(WEB)

$(WEB_TESTS)/node_modules: $(WEB_TESTS)/package-lock.json
	./.ci/deps web
	cd $(WEB_TESTS) && npm ci --no-audit --no-fund
	touch $@

package: ## Check that every crate can be published
	$(CARGO) package --workspace --locked --allow-dirty

deny: ## Check licences, sources and known vulnerabilities of dependencies
	@./.ci/deny $(TARGET)/tools

# For some only: make check-platforms PLATFORMS=aarch64-apple-darwin
PLATFORMS ?=
.PHONY: check-platforms
check-platforms: ## Type-check for Windows, macOS, FreeBSD, ARM and musl
	@./.ci/platforms $(PLATFORMS)

.PHONY: test-windows test-windows-archive test-arm64 test-armhf
test-windows: ## Only: the program for Windows, built here and run under wine (root)
	built=$$(./.ci/cross x86_64-pc-windows-gnu) && ./tests/platforms/windows.sh $$built

test-windows-archive: ## Only: the archive for Windows, as it is shipped, built here and run under wine (root)
	archive=$$(./.ci/windows-archive) && ./tests/platforms/windows.sh $$archive

test-arm64: ## Only: the program for 64-bit ARM, built here and run by qemu-user (root)
	built=$$(./.ci/cross aarch64-unknown-linux-gnu) && ./tests/platforms/arm.sh $$built

test-armhf: ## Only: the program for 32-bit ARM, built here and run by qemu-user (root)
	built=$$(./.ci/cross armv7-unknown-linux-gnueabihf) && ./tests/platforms/arm.sh $$built

# The profile of what is packed.
PROFILE ?= dist
.PHONY: packed deb deb-arm64 deb-armhf static release test-deb test-deb-arm64 test-deb-armhf test-built-deb test-static test-container
packed: deps
	$(CARGO) build --profile $(PROFILE) --locked

deb: packed ## Build the Debian package, in target/debian
	@./.ci/deb $(PROFILE)

deb-arm64: ## Build the Debian package for 64-bit ARM, in target/debian
	./.ci/cross aarch64-unknown-linux-gnu dist
	@./.ci/deb dist aarch64-unknown-linux-gnu

deb-armhf: ## Build the Debian package for 32-bit ARM (ARMv7), in target/debian
	./.ci/cross armv7-unknown-linux-gnueabihf dist
	@./.ci/deb dist armv7-unknown-linux-gnueabihf

test-deb-arm64: deb-arm64 ## Only: the Debian package for 64-bit ARM, in a fresh Debian, by qemu-user (root)
	./tests/packages/deb.sh $(TARGET)/debian/pulsecam_*_arm64.deb

test-deb-armhf: deb-armhf ## Only: the Debian package for 32-bit ARM, in a fresh Debian, by qemu-user (root)
	./tests/packages/deb.sh $(TARGET)/debian/pulsecam_*_armhf.deb

static: ## Build the relay as a static program, in target/static
	@./.ci/static

release: deps ## Make all files of a release, in target/release-files
	@./.ci/release

test-deb: deb ## Only: the Debian package, in a fresh Debian (root)
	./tests/packages/deb.sh $(TARGET)/debian/pulsecam_*_amd64.deb

test-built-deb: program ## Only: the Debian package, of the program that the tests use (root)
	package=$$(./.ci/deb release) && ./tests/packages/deb.sh $$package

test-static: static ## Only: the static relay, in an empty root (root)
	./tests/packages/static.sh $(TARGET)/static/pulsecam-relay

test-container: ## Only: the container image of the relay, by buildah (root)
	./tests/packages/container.sh

# A git revision; if empty, the last tag v*, or the first commit whose interfaces count (.ci/semver).
SEMVER_BASELINE ?=
semver: ## Check that the crates' interfaces are compatible with the last version's
	@./.ci/semver $(TARGET)/tools $(SEMVER_BASELINE)

# tests/soak/main.rs explains its output.
MINUTES ?= 2
SOAK_JSON ?= $(abspath $(TARGET))/soak.json
soak: deps ## Endurance test: programs start, stall and die, links break (MINUTES=2)
	MINUTES=$(MINUTES) SOAK_JSON=$(SOAK_JSON) $(CARGO) test --workspace --release --locked --test soak -- --ignored --nocapture

# Seconds for each target. Add what it finds to fuzz/corpus, which every run of the tests replays.
FUZZ_FOR ?= 60
FUZZ_TARGETS ?= about avi codec descriptions jpeg link matroska mjpeg quicktime relay repair request seal splitter still strips websocket
fuzz: deps ## Fuzz everything that reads untrusted bytes
	command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz
	for target in $(FUZZ_TARGETS); do \
		RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run $$target -- -max_total_time=$(FUZZ_FOR) -max_len=65536 || exit 1; \
	done

# One test: make test-camera CAMERA_TEST=unplug. Without a virtual machine: PULSECAM_SKIP_VM=1.
CAMERA_TEST ?=
CAMERA_TESTS = $$($(CARGO) test --workspace --release --locked --test camera --no-run --message-format=json | \
	sed -n 's|.*"executable":"\([^"]*/camera-[^"]*\)".*|\1|p' | tail -1)
test-camera: deps ## Only: real V4L2 cameras in a virtual machine (root, x86-64)
	tests=$(CAMERA_TESTS) && CAMERA_TEST='$(CAMERA_TEST)' ./tests/camera/run.sh $(PULSECAM) "$$tests"

# How long each measurement takes; if empty, its default. For a quick look: make bench BENCH_FOR=2s
BENCH_FOR ?=
bench: build ## Run all benchmarks and write docs/benchmarks.md, with plots
	$(PULSECAM) bench report $(addprefix --for ,$(BENCH_FOR))

bench-peers: build ## Compare with GStreamer, FFmpeg and the Qt relay; write docs/peers.md (25 minutes)
	./.ci/deps peers
	./benches/peers/run.sh $(PULSECAM) $(TARGET)/peers

# Rows by words of their names, and rounds: make bench-links LINKS="--rows near,far --rounds 3". Another program to
# compare with, in turn: PULSECAM_BASELINE=FILE.
LINKS ?=
.PHONY: bench-links
bench-links: deps ## Measure slow and far links between network namespaces (root, Linux)
	$(CARGO) run --release --workspace --locked --example links -- $(addprefix --for ,$(BENCH_FOR)) \
		--template docs/links.in.md --page docs/links.md $(LINKS)

# Seconds of each of 24 measurements: make bench-ustreamer CAMERA_SECONDS=5
CAMERA_SECONDS ?=
.PHONY: bench-ustreamer
bench-ustreamer: build ## Compare with ustreamer on simulated cameras; write docs/ustreamer.md (root, x86-64)
	./.ci/deps ustreamer
	tests=$(CAMERA_TESTS) && CAMERA_SECONDS='$(CAMERA_SECONDS)' ./tests/camera/ustreamer.sh $(PULSECAM) "$$tests" \
		docs/ustreamer.in.md docs/ustreamer.md

# The window at each number of streams, size, scale and language goes here, for review; fewer: COUNTS="4 25" SIZES=640x360 …
screenshots: build ## Take the screenshots in docs/images, and many more in SCREENSHOTS (5 minutes)
	./.ci/deps pictures
	./docs/images/make.sh $(PULSECAM)
	./docs/images/views.sh $(PULSECAM) $(or $(SCREENSHOTS),$(TARGET)/screenshots)

clean: ## Remove build output
	$(CARGO) clean
