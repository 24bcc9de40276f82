# Everything here is thin: it prepares .venv, then calls `tidegate`, `pytest` or one checker. The README shows the same without make.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first python3 that is new enough; `make PYTHON=/path/to/python3.12 …` takes another.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
READY := .venv/.ready
WORKERS ?= 4
# A file is one worker's (its fixtures are shared), in the order of tests/conftest.py.
SPREAD := -n $(WORKERS) --dist loadfile --no-loadscope-reorder

NODE := $(shell command -v node 2>/dev/null)
NPM_LOCK := $(wildcard tests/interop/package-lock.json)
BROWSER := tests/interop/test_chromium.py
# What takes longer: `make test` leaves it to `make interop`, `make browser` and `make faults`.
JOURNEYS := tests/docs/test_walks.py tests/docs/test_operations.py tests/db/test_embedded.py tests/web/cli/test_demo.py tests/web/cli/test_serve.py \
	tests/web/cli/test_simulate.py tests/web/cli/test_traffic.py tests/web/cli/test_workers.py tests/web/test_server.py tests/web/test_replica.py tests/web/test_replica_outages.py tests/web/rest/test_schemathesis.py tests/db/seed/test_seeding.py \
	tests/db/seed/test_bare.py tests/house/test_wheel.py tests/bench
KILLS := tests/faults/test_kill.py tests/faults/test_workers.py tests/faults/test_workers_desk.py
LONGER := tests/interop $(JOURNEYS) $(KILLS)
NPM_READY := $(if $(and $(NODE),$(NPM_LOCK)),tests/interop/node_modules/.package-lock.json)

.PHONY: help demo test interop browser check format bench profile bench-streams faults hostile fuzz schema lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## Serve the demo on an embedded PostgreSQL: ARGS="--port 8001"
	@$(BIN)/tidegate demo $(ARGS)

# Bytecode is kept, whatever the shell says: else every worker, and every command that a test starts, compiles all files.
test interop: export PYTHONDONTWRITEBYTECODE :=
test: $(READY) ## Run every test but the longest: ARGS="-k resume"
	@$(BIN)/pytest $(SPREAD) $(LONGER:%=--ignore=%) $(ARGS)

interop: $(READY) $(NPM_READY) ## Run the demo, every command of the docs, and real clients (they need Node)
ifeq ($(NODE),)
ifeq ($(CI),true)
	@echo "Node is not installed: under CI=true the real clients of tests/interop may not be left out" >&2; exit 1
endif
	@$(BIN)/pytest $(SPREAD) $(JOURNEYS) $(ARGS)
	@echo "Node is not installed: left out tests/interop (the real JavaScript clients)"
else
	@$(BIN)/pytest $(SPREAD) $(JOURNEYS) tests/interop --ignore=$(BROWSER) $(ARGS)
endif

browser: $(READY) $(NPM_READY) ## Run EventSource in Chromium against a real server (needs Node and Chromium)
	@$(BIN)/pytest $(BROWSER) $(ARGS)

check: $(READY) ## Check style, types, floors and the printed schema
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/tidegate schema --check

format: $(READY) ## Mend what ruff can mend by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY) ## Measure, as ratios in one run
	@$(BIN)/python -m tests.bench $(ARGS)

profile: $(READY) ## Show where the time of a page goes: ARGS="--work flat"
	@$(BIN)/python -m tests.bench profile $(ARGS)

bench-streams: $(READY) ## Measure streams beside programs that only write bytes: ARGS="--quick"
	@$(BIN)/python -m tests.bench.streams $(ARGS)

faults: $(READY) ## Kill servers, then ten minutes of cuts and freezes under 200 streams: ARGS="--seconds 60 --seed 7"
	@$(BIN)/pytest $(KILLS)
	@$(BIN)/python -m tests.faults $(ARGS)

hostile: $(READY) ## Send a server what no client should, and tell how it took that: ARGS="--rounds 10"
	@$(BIN)/python -m tests.hostile $(ARGS)

fuzz: $(READY) ## Run random operations by both executors: ARGS="--count 100000 --seed 7"
	@$(BIN)/python -m tests.fuzz $(ARGS)

schema: $(READY) ## Write schema/schema.graphql, docs/errors.md and docs/permissions.md
	@$(BIN)/tidegate schema

lock: $(READY) ## Write requirements.lock afresh: ARGS="--upgrade"
	@$(BIN)/pip install -qq --disable-pip-version-check uv
	@$(BIN)/uv pip compile pyproject.toml --extra otel --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet --output-file requirements.lock $(ARGS)

clean: ## Remove the environment and the caches; the demo's data in .tidegate stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist tests/interop/node_modules
	find auth db resolvers schema web tests -name __pycache__ -prune -exec rm -rf {} +

# The stamp: the environment is made afresh in place whenever the lock or the project file is newer.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Tidegate needs Python 3.11 or newer, and found none as python3: try make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing into .venv (needed once, and after requirements.lock changes) …"
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "$(PYTHON) cannot make a virtual environment: on Debian, apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/pip install -qq --disable-pip-version-check --requirement requirements.lock
	@$(BIN)/pip install -qq --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

$(NPM_READY): $(NPM_LOCK)
	@npm ci --prefix tests/interop --no-audit --no-fund --loglevel=error
	@touch $@
