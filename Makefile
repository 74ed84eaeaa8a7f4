# Every target does its own set-up: a virtual environment in .venv, by uv where it is installed, else by venv and pip.
# Nothing outside this folder is touched.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
EVERYTHING := .[postgres,dev]
# Databases of tests live in memory where that is possible: durability is not what a slow disk would prove.
SCRATCH := $(shell if [ -w /dev/shm ]; then echo /dev/shm; else echo /tmp; fi)

.PHONY: demo test fmt lint types fuzz bench faults mutants clean help

help:
	@echo "make demo    the main job in front of you: articles in, posts out to the bundled sandbox, log shown"
	@echo "make test    formatting, lint, types and all tests, on SQLite and on PostgreSQL"
	@echo "make bench   speed beside other packages; ONLY=text or ONLY=delivery; KEEP=1 writes docs/benchmarks.md again"
	@echo "make faults  processes killed at every place while the platforms misbehave in every way; SEED=n repeats a run"
	@echo "make mutants the suite must notice when a safeguard is taken out: each is, in a copy, and the tests are run"
	@echo "make fuzz    X's measure against npm's twitter-text on tens of thousands of strings (needs node); SEED=7 others"
	@echo "make fmt     format the code          make lint    ruff          make types    mypy --strict"
	@echo "make clean   remove the virtual environment and caches"

demo: $(VENV)/.ready
	@$(BIN)/nightdesk demo

test: lint types
	@PYTEST_DEBUG_TEMPROOT=$(SCRATCH) $(BIN)/python -m pytest -n 4 -q

fmt: $(VENV)/.ready-dev
	@$(BIN)/ruff format bench bot faults tests scripts
	@$(BIN)/ruff check --fix bench bot faults tests scripts

lint: $(VENV)/.ready-dev
	@$(BIN)/ruff format --check bench bot faults tests scripts
	@$(BIN)/ruff check bench bot faults tests scripts

types: $(VENV)/.ready-dev
	@$(BIN)/mypy

# The fuzz is a part of `make test` too where node and the package are; this fetches the package first, into bench/.peers.
fuzz: $(VENV)/.ready-dev
	@$(if $(SEED),FUZZ_SEED=$(SEED)) $(BIN)/python -m bench.fuzz

# What is measured and what peers are: docs/benchmarks.md. Ends with an error when a target is missed. ONLY=text or
# ONLY=delivery measures one part.
bench: $(VENV)/.ready-dev
	@$(BIN)/python -m bench $(if $(ONLY),--only '$(ONLY)') $(if $(KEEP),--keep)

# Ends with an error when a post was lost, duplicated or left in a wrong state. KEEP=1 writes docs/reliability.md again.
faults: $(VENV)/.ready-dev
	@$(BIN)/python -m faults $(if $(SEED),--seed $(SEED)) $(if $(KEEP),--keep)

mutants: $(VENV)/.ready-dev
	@$(BIN)/python -m faults.mutants

# $(1): what to install, with its extras. Exact versions come from constraints.txt.
define install
	@echo "Setting up $(VENV) (once; this takes a moment) …"
	@if command -v uv >/dev/null 2>&1; then \
		{ [ -x $(BIN)/python ] || uv venv --quiet --python $(PYTHON) $(VENV); } && \
		uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '$(1)'; \
	else \
		{ [ -x $(BIN)/pip ] || $(PYTHON) -m venv $(VENV); } && \
		$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '$(1)'; \
	fi
endef

$(VENV)/.ready: pyproject.toml constraints.txt
	$(call install,.)
	@touch $@

$(VENV)/.ready-dev: pyproject.toml constraints.txt
	$(call install,$(EVERYTHING))
	@touch $@ $(VENV)/.ready

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build dist bench/.peers
