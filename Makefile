# Two commands matter to a newcomer: `make run` and `make test`. `make help` lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run build test coverage bench fuzz static docker-build docker-up docker-down format clean

# Extra words for `brume start`, such as: make run ARGS="--port 4570"
ARGS ?=
# How long `make fuzz` runs, and where its random inputs begin (empty: a new seed, printed).
FUZZ_SECONDS ?= 600
FUZZ_SEED ?=
# Where `make bench` writes its figures.
BENCH_JSON ?= .build/bench/$(shell date -u +%Y%m%dT%H%M%SZ).json

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# llama-server of one's own on PATH comes before the one that is installed here; without either the server runs too.
run: build ## Install what is missing, build, start the server (ARGS="--port 4570" adds options)
	@Scripts/install-dependencies engine || echo "Going on without an engine: models of your own will not run."
	PATH="$$PATH:$(CURDIR)/.engine/bin" exec .build/release/brume start $(ARGS)

build: ## Install what is missing and build .build/release/brume
	@Scripts/install-dependencies build
	swift build -c release --product brume

test: ## Everything that CI runs: format, tidy, layers, models, build, unit, acceptance, bench smoke
	@Scripts/install-dependencies build acceptance engine docker cases
	@Scripts/install-dependencies frameworks || echo "Going on without agent frameworks: their tests are skipped."
	@Scripts/check

coverage: ## Line coverage of the unit tests, per target (a debug build of its own)
	@Scripts/install-dependencies build
	@Scripts/coverage

bench: ## Measure the release build and write the figures as JSON
	@Scripts/install-dependencies build
	swift build -c release --product brume
	swift build -c release --product Bench
	@mkdir -p $(dir $(BENCH_JSON))
	.build/release/Bench --json $(BENCH_JSON)

fuzz: ## Run the seeded fuzzers for longer (FUZZ_SECONDS=600, FUZZ_SEED=... repeats a run)
	@Scripts/install-dependencies build
	@Scripts/fuzz $(FUZZ_SECONDS) $(FUZZ_SEED)

static: ## Build .build/static/brume: one file that needs no shared library
	@Scripts/install-dependencies build static
	@Scripts/build-static

docker-build: ## Build the container images brume and brume-engine (pulls Swift's and Debian's)
	@Scripts/docker-build

docker-up: ## Start Brume as containers: gateway, DynamoDB, Bedrock and the rest
	@Scripts/compose up -d

docker-down: ## Stop the containers; their volumes stay
	@Scripts/compose down

format: ## Rewrite Swift sources in the house format
	@Scripts/format --write

clean: ## Remove what the build made; keeps the data directory
	rm -rf .build .venv
