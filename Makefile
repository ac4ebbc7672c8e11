# Two commands matter: `make demo` and `make test`. Both set up what they need in .venv.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Node of the environment, where the set-up had to install one.
export PATH := $(abspath $(BIN)):$(PATH)

.PHONY: demo test check setup lint types pages unit studio clean help

demo:  ## Set up, train a few heads on the starter encoder, and serve them
	@PYTHON=$(PYTHON) VENV=$(VENV) scripts/setup demo
	@$(BIN)/cuebox demo

test:  ## Set up everything and run every check and test
	@PYTHON=$(PYTHON) VENV=$(VENV) scripts/setup test
	@$(MAKE) --no-print-directory check

check: lint types pages unit  ## Every check and test, without the set-up

setup:  ## Only the set-up of `make test`
	@PYTHON=$(PYTHON) VENV=$(VENV) scripts/setup test

lint:  ## Format, lint and layers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports

types:  ## Strict types
	$(BIN)/mypy

pages:  ## The studio: types, lint, unit tests, and whether its built files match its sources
	scripts/studio check

studio:  ## Build the studio into the package
	scripts/studio build

unit:  ## All tests
	$(BIN)/python -m pytest

clean:  ## Remove the environment and everything made beside the sources
	rm -rf $(VENV) studio/node_modules .cuebox runs build dist .mypy_cache .ruff_cache .hypothesis

help:  ## This list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
