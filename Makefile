# The two commands that everyone needs are `make run` and `make test`; `make help` lists the rest.
PYTHON ?= python3
PIP_ARGS ?=
BIN := .venv/bin
PINS := pyproject.toml constraints.txt platform/package-lock.json

.PHONY: help install run demo test test-unit check bench clean

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

install: .venv/installed ## make .venv with everything that runs
run: install ## start everything, load the demonstration, stay up until Ctrl-C
	$(BIN)/samdrift demo --stay
demo: install ## the same, but end; exit status 0 only if every step succeeded
	$(BIN)/samdrift demo

test: .venv/installed-test check ## everything that must hold, about 40 minutes
	$(BIN)/python -m pytest tests/unit -m "not integration" -n 2 -q --hypothesis-profile=thorough
	$(BIN)/python -m pytest tests -m "integration or acceptance" -q --hypothesis-profile=thorough
test-unit: .venv/installed-test ## the fast inner loop, under a minute
	$(BIN)/python -m pytest tests/unit -m "not integration" -n 2 -q
check: .venv/installed-test ## style, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
bench: .venv/installed-test ## measure; results in benchmarks/
	$(BIN)/python tests/benchmarks/run.py

clean: ## forget the installation and the demonstration's data
	rm -rf .venv .samdrift

.venv/bin/python:
	$(PYTHON) -m venv .venv
.venv/installed: .venv/bin/python $(PINS)
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) -c constraints.txt -e '.[all]'
	$(BIN)/python platform/assets.py
	@touch $@
.venv/installed-test: .venv/installed
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) -c constraints.txt -e '.[test]'
	sh tests/debian-packages.sh
	@touch $@
