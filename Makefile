# Everything that Sluice is built, tested and measured with. Needs Rust, Node and make; each target sets up the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The README and the scripts name files in it.
export CARGO_TARGET_DIR := $(CURDIR)/target
SLUICE := target/release/sluice

.PHONY: help
help: ## What there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

.PHONY: run
run: plugins ## Builds and serves on 127.0.0.1:8080 (SLUICE_LISTEN), data in ./data (SLUICE_DATA), with two demo accounts
	@exec $(SLUICE) serve --demo target/plugins

.PHONY: build
# With the whole workspace's features, as the tests have them: otherwise the engine would be compiled once for each.
build:
	cargo build --release --locked --workspace --bin sluice

.PHONY: plugins
plugins: build
	scripts/build-plugins

.PHONY: test
test: tools plugins ## Sets up what the tests need and runs all of them
	cargo nextest run --release --locked --workspace
	cargo test --release --locked --doc -p sluice-plugin

.PHONY: check
check: tools ## Formatter, clippy, dependency edges
	cargo fmt --all --check
	cargo clippy --release --locked --workspace --all-targets -- -D warnings
	cargo nextest run --release --locked -p sluice-edges

.PHONY: bench
bench: plugins ## Measures and prints tables
	scripts/samples
	cargo bench --locked --workspace --bench tables

.PHONY: attacks
attacks: plugins ## Attacks a server of its own on both databases and prints what held (ATTACKS="NAME…" chooses)
	cargo bench --locked --workspace --bench attacks -- $(ATTACKS)

.PHONY: demo-real
demo-real: ## Plays a public collection of 4,862 real messages through the running server
	scripts/demo-real

.PHONY: tools
tools:
	@scripts/tools
