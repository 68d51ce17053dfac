# `make demo` and `make run` need only Python 3.11 or newer and make: what else they use is installed into .venv, once.
# Everything is installed from the hashed locks, which only `make lock` changes.

VENV ?= .venv
PYTHON ?=
BIN := $(VENV)/bin
SERVICE := $(VENV)/.service-installed
EXTRAS := $(VENV)/.extras-installed
DEVELOPMENT := $(VENV)/.development-installed

PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install
# No source distributions: their builds would download things that no hash here covers.
HASHED := $(PIP) --require-hashes --only-binary :all:
EDITABLE := $(PIP) --no-deps --no-build-isolation --editable .
UV := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --only-binary :all: --no-emit-index-url --quiet --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

TESTS ?= tests

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo run extras test check lint shape types laws bench interop format lock secrets clean

help:
	@echo 'make demo          a whole programme in seconds, from pairs to certificates; KEEP=1 leaves it up'
	@echo 'make run           the service with a persistent store, for real work'
	@echo 'make extras        what `cohort pair` (numpy, scipy) and `cohort rehearse` (a test server) need besides'
	@echo 'make test          the whole suite; TESTS=tests/core for a part'
	@echo 'make check         lint, types, laws'
	@echo 'make bench         what the core and a workflow cost, beside a bare workflow in the same run'
	@echo 'make interop       verifiers from npm judge our certificates; needs Node.js 20 or newer'
	@echo 'make format        puts the code into its shape'
	@echo 'make secrets       keys and passwords for docker-compose.yml, into deploy/secrets'
	@echo 'make lock          brings the locks to pyproject.toml; UPGRADE=1 takes newer versions'

demo: $(SERVICE)
	@$(BIN)/python -m local demo $(if $(KEEP),--keep)

run: $(SERVICE)
	@$(BIN)/python -m local run

extras: $(EXTRAS)

# Without bytecode, each of some hundred processes would compile all our code again, and so would every workflow in its sandbox.
test: $(DEVELOPMENT)
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest $(TESTS)

check: lint shape types laws

lint: $(DEVELOPMENT)
	$(BIN)/ruff check .

shape: $(DEVELOPMENT)
	$(BIN)/ruff format --check .

types: $(DEVELOPMENT)
	$(BIN)/mypy

laws: $(DEVELOPMENT)
	$(BIN)/lint-imports --no-logo

bench: $(DEVELOPMENT)
	$(BIN)/python benchmarks/core.py
	$(BIN)/python benchmarks/history.py

# The verifiers are installed from the lock, without their scripts; verifying itself uses no network.
interop: $(DEVELOPMENT) interop/node_modules/.package-lock.json
	node interop/judge.mjs $(BIN)/python

interop/node_modules/.package-lock.json: interop/package-lock.json
	npm ci --prefix interop --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

format: $(DEVELOPMENT)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(DEVELOPMENT)
	$(UV) --extra local --extra tracing --group build --output-file requirements.lock
	$(UV) --extra local --extra tracing --extra pairing --extra rehearsal --group build --constraint requirements.lock --no-annotate --output-file requirements-extras.lock
	$(UV) --extra local --extra tracing --extra pairing --extra rehearsal --group build --group dev --constraint requirements-extras.lock --no-annotate --output-file requirements-dev.lock

secrets: $(SERVICE)
	@$(BIN)/python deploy/make_secrets.py

clean:
	rm -rf $(VENV)

$(BIN)/python:
	@PYTHON='$(PYTHON)' sh deploy/make-venv.sh '$(VENV)'

$(SERVICE): requirements.lock pyproject.toml | $(BIN)/python
	@echo 'Installing what the service needs into $(VENV) (once, about a minute) …'
	@$(HASHED) -r requirements.lock
	@$(EDITABLE)
	@touch $@

$(EXTRAS): requirements-extras.lock pyproject.toml | $(SERVICE)
	@echo 'Installing what pairing and rehearsing need into $(VENV) …'
	@$(HASHED) -r requirements-extras.lock
	@touch $@

$(DEVELOPMENT): requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo 'Installing what the service and its tests need into $(VENV) (once, a few minutes) …'
	@$(HASHED) -r requirements-dev.lock
	@$(EDITABLE)
	@touch $@ $(SERVICE) $(EXTRAS)
