# make run    opens the dashboard          make test   runs every check and the whole suite
# make lint   format, lint, types, import contracts    make bench  measures, with ratios to peers
# make mutants   small faults in what computes, that no test notices
# make load   up to 50 sessions at once, beside hostile input, 20 minutes
# make fuzz   10,000 mutated model files, 5,000 mutated inputs of every other kind; FIRST=… draws others
# make truth  predicts every measured row anew; fails where a bound is not kept
# make docs   writes the generated tables of the documents
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PORT ?= 8501

.PHONY: venv run test lint truth bench load fuzz mutants docs samples clean

venv: .venv/run.stamp

.venv/run.stamp: requirements.txt pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Cutwise needs Python 3.11 or newer; install it or run: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh tests/install_debian.sh python3-venv
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

.venv/test.stamp: .venv/run.stamp requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@

run: .venv/run.stamp
	$(BIN)/cutwise serve --port $(PORT)

lint: .venv/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	@sh tests/install_debian.sh chromium
	$(BIN)/python -m pytest -n 2

truth: .venv/run.stamp
	$(BIN)/cutwise truth

bench: .venv/test.stamp
	$(BIN)/python -m tests.bench

load: .venv/test.stamp
	$(BIN)/python -m tests.load

fuzz: .venv/test.stamp
	$(BIN)/python tests/core/importers/fuzz.py 10000000 5000
	$(BIN)/python tests/core/importers/fuzz.py 20000000 5000
	$(BIN)/python -m tests.fuzz --count 5000 --first $(or $(FIRST),10000000)

docs: .venv/test.stamp
	$(BIN)/python -m tests.docs_tables

mutants: .venv/test.stamp
	$(BIN)/python -m tests.mutants $(if $(SEED),--seed $(SEED))

samples: .venv/test.stamp
	$(BIN)/python -m cutwise.sample_models.build

clean:
	rm -rf .venv build *.egg-info
