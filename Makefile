# make run   set up and serve http://127.0.0.1:5001 over ./ORCH (or over $ORCH_ROOT)
# make test  set up and run every test, ruff and mypy
# Both install into $(VENV) and do so again only when the packaging files changed, and both bring
# the pages' third-party scripts from npm; where npm is missing the pages use a CDN.

VENV ?= .venv
BIN := $(VENV)/bin
PACKAGING := setup.cfg setup.py pyproject.toml orch_next/__init__.py
# What it does to real processes is not measured: they are killed.
LEDGER_TESTS := $(filter-out %_torture.py,$(wildcard tests/test_ledger_*.py)) tests/test_core_merging.py
LEDGER_COVERAGE ?= 100
PYTEST_ARGS ?= -n 2 --dist worksteal

# macOS ships a python3 that is too old: take the first one that will do.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.10; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$name && break; done)

.PHONY: run test lint coverage clean
.DELETE_ON_ERROR:

run: $(VENV)/.installed
	@$(BIN)/python scripts/vendor.py
	@$(BIN)/orch-next serve

test: $(VENV)/.installed-tests
	@sh .ci/packages
	@$(BIN)/python scripts/vendor.py --dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)
	@$(MAKE) --no-print-directory lint

lint: $(VENV)/.installed-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy wsgi.py gunicorn.conf.py scripts benchmarks

# The ledger keeps people's files: each of its branches is run.
coverage: $(VENV)/.installed-tests
	$(BIN)/python -m pytest -q $(LEDGER_TESTS) --cov=orch_next.ledger --cov-branch \
	  --cov-report=term-missing:skip-covered --cov-fail-under=$(LEDGER_COVERAGE)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "ORCH-Next needs Python 3.10 or later, and no such python3 was found." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "$(PYTHON) cannot make a virtual environment (Debian and Ubuntu: apt-get install python3-venv)." >&2; exit 1; }

$(VENV)/.installed: $(PACKAGING) | $(BIN)/python
	@echo "Installing ORCH-Next into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-tests: $(PACKAGING) | $(BIN)/python
	@echo "Installing ORCH-Next and its test tools into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all,test]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) node_modules static/vendor build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
