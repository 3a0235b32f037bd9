# `make help` lists what can be made. Every target sets up what it needs; nothing outside the checkout is
# touched, but for Debian packages that tests need, installed where make runs as root.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
.PHONY: help setup setup-test setup-bench demo demo-truth pictures test test-long bench lint format wheel lock lock-prism clean

# Another user's Python must not leak in, and an odd HOME must not matter.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PYTHONNOUSERSITE = 1
export PYTHON

BIN := .venv/bin
JOBS ?= 2
# More for pytest: make test ARGS="tests/unit -k calendar"
ARGS ?=

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: ## Make .venv with the locked packages; quick and offline once done
	@scripts/set-up.sh python

setup-test: ## As setup, and what tests need: Prism, Request Tracker 5, Chromium
	@scripts/set-up.sh python prism rt chromium

setup-bench: ## As setup, and the rivals of the benchmarks, Request Tracker 5
	@scripts/set-up.sh python bench pm4py rt

demo: setup ## See complaints found, flagged and moved back in the sandbox; in a terminal, the dashboard, too
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/ombud demo; else $(BIN)/ombud demo --once </dev/null; fi

demo-truth: setup ## Compare the findings with what the sandbox knows to be true: missed and false
	@$(BIN)/python -m tests.truth

pictures: setup ## Take the pictures of the dashboard in docs/pictures anew, from the demo's data
	@scripts/set-up.sh chromium
	@$(BIN)/python scripts/pictures.py

# The tests run even where lint finds fault, so that one run tells all.
test: setup-test ## Check everything that takes less than 15 minutes
	@lint=0; $(MAKE) lint || lint=$$?; \
	$(BIN)/pytest -n $(JOBS) -m "not long" $(ARGS); \
	if [ $$lint -ne 0 ]; then echo "The tests passed, but lint failed: see above." >&2; exit $$lint; fi

test-long: setup-test ## Check what takes longer
	@OMBUD_HYPOTHESIS=long $(BIN)/pytest -n $(JOBS) -m long $(ARGS)

bench: setup-bench ## Measure against rivals, ratios in one run
	@$(BIN)/python -m tests.benchmarks $(ARGS)

lint: setup wheel ## Check style, types, layers and the wheel's contents
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

format: setup ## Put the code in shape
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

wheel: setup ## Build the wheel in .build/wheel and check what is in it
	@rm -rf .build/wheel build
	@$(BIN)/python -m build --wheel --no-isolation --outdir .build/wheel . >.build/wheel.log 2>&1 || { cat .build/wheel.log; exit 1; }
	@rm -rf build
	@$(BIN)/check-wheel-contents .build/wheel

# Without the pip configuration of this machine, so that the hashes are those of the public index.
PIP_COMPILE = env -u PIP_FIND_LINKS -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE=/dev/null \
  $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

lock: setup ## Lock the packages anew, with hashes
	$(PIP_COMPILE) -o requirements/run.txt pyproject.toml
	$(PIP_COMPILE) -c requirements/run.txt -o requirements/dev.txt requirements/dev.in pyproject.toml
	$(PIP_COMPILE) -c requirements/dev.txt -o requirements/bench.txt requirements/bench.in
	$(PIP_COMPILE) -o requirements/node.txt requirements/node.in
	$(PIP_COMPILE) -o requirements/pm4py.txt requirements/pm4py.in

lock-prism: ## Lock Prism's packages anew, without the addresses they came from
	cd tests/contract && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

clean: ## Remove what was made, .venv too
	rm -rf .venv .build build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
