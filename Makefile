# Posthouse: what a developer types. Plain `make` lists the targets.
# Every target makes the environment that it needs (.venv) when it is missing or older than the requirements.

# What the environment is made with: the quickest python there is (scripts/fastest_python).
PYTHON ?= $(shell scripts/fastest_python)
VENV ?= .venv
BIN := $(VENV)/bin
# Test processes; two suit the smallest machine we build on.
WORKERS ?= 2

READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.bench-ready
# Tests outside of tests/faults that have a long form.
LONGER := tests/integration/test_api_contract.py tests/integration/test_spamassassin.py

NODE_READY := tests/node/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help venv demo test check format format-check lint types imports docs docs-check bench faults fuzz lock clean
.SILENT:

help: ## List the targets
	echo "Posthouse: make TARGET"
	grep -hE '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

venv: $(READY) ## Make or refresh the environment in .venv

$(READY): requirements/dev.txt pyproject.toml
	echo "==> environment: installing requirements/dev.txt into $(VENV)"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python scripts/install requirements/dev.txt
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(NODE_READY): tests/node/package-lock.json
	echo "==> environment: npm's mjml, which the tests hold ours to (needs Node.js)"
	npm ci --silent --prefix tests/node
	touch $@

$(BENCH_READY): $(READY) requirements/bench.txt
	echo "==> environment: adding what the benchmarks compare with"
	$(BIN)/python scripts/install requirements/bench.txt
	touch $@

demo: $(READY) ## Start a sample shop with a mailbox page, and say what to open
	echo "==> demo: a sample shop, its orders, and a mailbox to look at"
	$(BIN)/posthouse demo

test: $(READY) $(NODE_READY) ## Run every test (starts its own PostgreSQL)
	echo "==> test: the whole suite, $(WORKERS) at a time"
	$(BIN)/python -m compileall -q src # once, instead of in each of the hundreds of processes that the tests start
	$(BIN)/python -m pytest -n $(WORKERS) -q $(ARGS)

check: format-check lint types imports test ## All that CI checks: format, lint, types, imports, tests, docs
	echo "==> check: all good"

format: $(READY) ## Put the code into the one format
	echo "==> format"
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

format-check: $(READY)
	echo "==> format: is everything in the one format?"
	$(BIN)/ruff format --check .

lint: $(READY) ## Lint with every rule
	echo "==> lint: every rule of ruff"
	$(BIN)/ruff check .

types: $(READY) ## Check the types, strictly
	echo "==> types: mypy, strict on src; the benchmarks must call it rightly"
	$(BIN)/mypy

imports: $(READY) ## Check that arrows point inward only
	echo "==> imports: the order of the folders (.importlinter)"
	$(BIN)/lint-imports

docs: $(READY) ## Make docs/reference again from the code
	echo "==> docs: generating the reference"
	$(BIN)/python scripts/reference.py

docs-check: $(READY) ## Check only the docs (part of `make test`)
	echo "==> docs: fresh, complete, linked"
	$(BIN)/python -m pytest -q tests/docs $(ARGS)

bench: $(BENCH_READY) $(NODE_READY) ## Run the benchmarks; each prints its ratio
	echo "==> bench: needs postfix, opendkim, redis-server and npm on this machine; each benchmark prints its ratio"
	npm ci --silent --prefix tests/node
	$(BIN)/python -m bench $(ARGS)

faults: $(READY) ## Kill, cut, fill and freeze things for some minutes; nothing may be lost
	echo "==> faults: the long form (minutes); the short form is part of the tests"
	POSTHOUSE_TEST_FAULTS=long $(BIN)/python -m pytest -q tests/faults $(LONGER) $(ARGS)

fuzz: $(READY) ## Ask the API a million odd questions, half of them of each store; none may give a 500
	echo "==> fuzz: REQUESTS=n for another number, SEED=n for other requests"
	POSTHOUSE_TEST_REQUESTS=$$(( $(or $(REQUESTS),1000000) / 2 )) POSTHOUSE_TEST_SEED=$(or $(SEED),1) \
		$(BIN)/python -m pytest -s -q tests/faults/test_fuzz.py $(ARGS)

lock: $(READY) ## Pin and hash the requirements again
	echo "==> lock: pinning requirements/*.txt"
	sh scripts/lock $(BIN)

clean: ## Remove what was made: environment, caches, demo data
	echo "==> clean"
	rm -rf $(VENV) tests/node/node_modules .demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
