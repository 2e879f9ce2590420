PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo examples test lint types contract suite bridges docs format clean

demo: .venv/demo
	$(BIN)/python examples/demo.py

# The classic experiments, two at a time; each prints its table and fails if it does not hold.
EXAMPLES := $(filter-out demo traffic_%,$(basename $(notdir $(wildcard examples/*.py))))

examples: .venv/demo
	printf '%s\n' $(EXAMPLES) | OMP_NUM_THREADS=1 xargs -P 2 -I NAME sh -c \
	  '$(BIN)/python examples/NAME.py > NAME.txt 2>&1; code=$$?; cat NAME.txt; rm NAME.txt; exit $$code'

test: lint types contract suite

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/test
	$(BIN)/mypy

contract: .venv/test
	$(BIN)/lint-imports

# One thread a process and two processes: small fits are fastest so.
suite: .venv/test
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadgroup

# The estimators inside other libraries, and what the main suite says of these with an older pandas.
bridges: .venv-bridges/ready
	OMP_NUM_THREADS=1 .venv-bridges/bin/pytest tests/bridges tests/data/test_panels.py \
	  tests/estimators/test_lag_tables.py

docs: .venv/docs
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build

format: .venv/test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .venv-bridges docs/_build demo.png

.venv/bin/python:
	$(PYTHON) -m venv .venv

# torch first and by its exact version: a range would let pip choose another build.
.venv/demo: .venv/bin/python pyproject.toml setup.py constraints.txt $(wildcard sklstm/_compiled/*.[ch])
	$(PIP) $$(grep '^torch==' constraints.txt)
	$(PIP) -e '.[plot]'
	touch $@

.venv/test: .venv/demo
	$(PIP) -e '.[test]'
	touch $@

.venv/docs: .venv/demo
	$(PIP) -e '.[docs]'
	touch $@

.venv-bridges/ready: tests/bridges/requirements.txt pyproject.toml setup.py
	$(PYTHON) -m venv .venv-bridges
	.venv-bridges/bin/pip install --quiet --disable-pip-version-check -r tests/bridges/requirements.txt
	.venv-bridges/bin/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@
