# Everything a fresh machine needs beside this file: make, and Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help run test check bench

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY) ## Start everything here: PostgreSQL, Temporal with its UI, mailbox, API, worker
	@$(VENV)/bin/kundresa up

test: $(READY) ## Run every test
	@$(VENV)/bin/pytest

check: $(READY) ## Check style and types
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

bench: $(READY) ## Measure, each figure beside its floor
	@$(VENV)/bin/python -m bench

# The stamp is newer than what it was made from, or the installation is done again.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Kundresa needs Python 3.11 or newer; $(PYTHON) is {v[0]}.{v[1]}. Name another one: make PYTHON=python3.12 run")'
	@test -x $(VENV)/bin/python || { echo "Making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing Kundresa and what it needs into $(VENV) (some 400 MB the first time; a minute or two)"
	@$(VENV)/bin/python -m pip install --disable-pip-version-check --progress-bar on -c constraints.txt -e '.[dev]'
	@touch $@
