# make run   set up and serve http://127.0.0.1:5001 over ./ORCH (or over $ORCH_ROOT)
# make test  set up and run every test, ruff, mypy and tsc, what waits beside what computes
#            (`make computing`, `make waiting`: its stages, whose results are also in test-results/)
# Both install what requirements.lock pins into $(VENV), and do so again only when the packaging
# files changed, and both bring the pages' third-party scripts from npm; where npm is missing the
# pages use a CDN.
# make mutants seed the defects of tests/mutants one at a time: each has to be caught
# make bench  measure against bare frameworks and bare writes, and write docs/performance.md
#             (BENCH="claims edit-1000": these alone; BENCH_ARGS=--strict: fail below a goal)
# make lock    pin the newest of everything in requirements.lock
# make newest  run every test with the newest of everything, pinned or not, in $(NEWEST)

VENV ?= .venv
NEWEST ?= .venv-newest
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PACKAGING := setup.cfg setup.py pyproject.toml orch_next/__init__.py requirements.lock \
	scripts/install.py
TSC := node_modules/typescript/bin/tsc
# More options for pytest, in each stage.
PYTEST_ARGS ?=
MUTANTS_ARGS ?= --jobs 2
# Benches or lines, none: all of them; --short, --strict, --list.
BENCH ?=
BENCH_ARGS ?=
# Not what it does to real processes, which are killed, nor the 20,000 random documents, which
# find faults and not branches.
LEDGER_TESTS := $(filter-out %_torture.py,$(wildcard tests/test_ledger_*.py)) tests/test_core_merging.py
LEDGER_COVERAGE ?= 100

# macOS ships a python3 that is too old: take the first one that will do.
PYTHON ?= $(shell for name in python3 python python3.14 python3.13 python3.12 python3.11 python3.10; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$name && break; done)

# What computes has a process per core. What waits for servers, browsers and processes to end
# leaves the cores to others: many at a time, fewer beside what computes; those that share a server
# stay together.
WORKERS_computing := -n auto --dist worksteal
WAITING ?= 6
WORKERS_waiting = -n $(WAITING) --dist loadgroup

# What computes takes what is left by the tests that wait and that measure how long something takes.
NICE := $(if $(shell command -v nice 2>/dev/null),nice -n 10)

# Each process of a test would compile the whole program anew.
unexport PYTHONDONTWRITEBYTECODE

.NOTPARALLEL:
.PHONY: run test bench lint coverage js mutants lock newest clean computing waiting
.DELETE_ON_ERROR:

run: $(VENV)/.installed
	@$(BIN)/python scripts/vendor.py
	@$(BIN)/orch-next serve

test: $(VENV)/.installed-tests
	@sh .ci/packages
	@$(BIN)/python scripts/vendor.py --dev
	@$(BIN)/python scripts/side_by_side.py '$(MAKE) --no-print-directory waiting WAITING=4' \
	  '$(NICE) $(MAKE) --no-print-directory computing' \
	  '$(NICE) $(MAKE) --no-print-directory --keep-going coverage lint'

computing waiting: $(VENV)/.installed-tests
	$(BIN)/python -m pytest --stage $@ $(WORKERS_$@) --junitxml=test-results/$@.xml $(PYTEST_ARGS)

lint: $(VENV)/.installed-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases wsgi.py gunicorn.conf.py scripts benchmarks
	@$(BIN)/python scripts/vendor.py --dev
	@if command -v node >/dev/null 2>&1 && [ -f $(TSC) ]; then echo "node $(TSC) --project jsconfig.json" && \
	  node $(TSC) --project jsconfig.json; else echo "skipped: the types of static/js (no node, or no $(TSC))"; fi

# The ledger keeps people's files: each of its branches is run. In one process: each more would
# take longer to begin than the tests that it spares.
coverage: $(VENV)/.installed-tests
	$(BIN)/python -m pytest -q -n 0 -k 'not random_documents' $(LEDGER_TESTS) --durations=3 --cov=orch_next.ledger --cov-branch \
	  --cov-report=term-missing:skip-covered --cov-fail-under=$(LEDGER_COVERAGE)

js:
	@if command -v node >/dev/null 2>&1; then node --test tests/js/*.test.js; \
	  else echo "skipped: the rules of the pages (no node)"; fi

lock: | $(VENV)/.made
	@$(BIN)/python scripts/install.py --tools dev
	$(BIN)/python scripts/lock.py

newest:
	rm -rf $(NEWEST)
	@$(MAKE) --no-print-directory $(NEWEST)/.newest VENV=$(NEWEST)
	@$(MAKE) --no-print-directory test VENV=$(NEWEST)

$(NEWEST)/.newest: | $(NEWEST)/.made
	@echo "Installing the newest of everything into $(NEWEST) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all,test]'
	@$(BIN)/python -m pip freeze --all --exclude-editable
	@touch $@ $(NEWEST)/.installed $(NEWEST)/.installed-tests

mutants: $(VENV)/.installed-tests
	$(BIN)/python scripts/mutants.py $(MUTANTS_ARGS)

bench: $(VENV)/.installed-tests
	@$(BIN)/python scripts/vendor.py
	@$(BIN)/python -m benchmarks.bench $(BENCH_ARGS) $(BENCH)

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "ORCH-Next needs Python 3.10 or later, and no such python3 was found." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "$(PYTHON) cannot make a virtual environment (Debian and Ubuntu: apt-get install python3-venv)." >&2; exit 1; }
	@touch $@

$(VENV)/.installed: $(PACKAGING) | $(VENV)/.made
	@echo "Installing ORCH-Next into $(VENV) ..."
	@$(BIN)/python scripts/install.py
	@touch $@

$(VENV)/.installed-tests: $(PACKAGING) | $(VENV)/.made
	@echo "Installing ORCH-Next and its test tools into $(VENV) ..."
	@$(BIN)/python scripts/install.py all test
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) $(NEWEST) node_modules static/vendor build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis test-results
