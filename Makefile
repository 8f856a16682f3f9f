# make demo    set up, train four methods on embedded data, print the comparison
# make test    set up, pass the tests
# make check   format, lint, types, import contracts, tests
# make slow    what takes longer than the check allows

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO := L2T_HOME=$(CURDIR)/.demo/home L2T_DATA=$(CURDIR)/.demo/data

.PHONY: demo test check slow setup clean

setup: $(VENV)/ready

# Pins are for repeatable checks; `pip install .` takes any version in pyproject.toml's ranges.
$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: setup
	@$(DEMO) $(BIN)/l2t run --recipe demo
	@$(DEMO) $(BIN)/l2t report
	@echo "Look around:  L2T_HOME=.demo/home $(BIN)/l2t ls   (or show, report --format md, run --help)"

test: setup
	$(BIN)/pytest -n auto

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto

slow: setup
	$(BIN)/pytest -n auto -m slow

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
