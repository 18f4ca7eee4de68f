# Everything a fresh machine needs is made here: Python 3.11 or newer, git and make are enough.
PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
# Named after what .venv was made from, so that it is made again when that changes and at no other time.
READY := .venv/.ready-$(shell { cat requirements/dev.lock pyproject.toml; $(PYTHON) -V; } 2>&1 | cksum | cut -d' ' -f1)
# The interpreter is the one that was asked for; none is fetched behind the user's back.
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types imports unit fuzz fmt lock clean

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## Make .venv with the capture-forwarder command in it

demo: $(READY) ## Forward real captures on this machine and check what arrived
	@$(BIN)/capture-forwarder demo

test: lint types imports unit ## All checks and tests

lint: $(READY) ## Format and lint, changing nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(READY) ## mypy, strict
	@$(BIN)/mypy lambda_src/capture_forwarder capture_ops tests

imports: $(READY) ## Which way dependencies point
	@$(BIN)/lint-imports

unit: $(READY) ## The tests; the pure core is covered to the last branch
	@$(BIN)/pytest -q -n 2 --cov --cov-report=
	@$(BIN)/coverage report --fail-under=100 \
		--include='*/capture_forwarder/domain/*,*/capture_forwarder/formats/*,*/capture_forwarder/forward/*'

fuzz: $(READY) ## The long form: a million mutated capture lines, each of which must end counted
	@$(BIN)/python -m tests.fuzz

fmt: $(READY) ## Format, and mend what can be mended
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format -q .

COMPILE := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

lock: $(UV) ## Resolve every dependency anew, with hashes
	$(COMPILE) --upgrade pyproject.toml -o lambda_src/requirements.txt
	$(COMPILE) --upgrade -c lambda_src/requirements.txt --group dev pyproject.toml -o requirements/dev.lock
	echo 'arthur-client==1.4.0' | $(COMPILE) --upgrade - -o requirements/arthur.lock
	echo 'uv' | $(COMPILE) --upgrade - -o requirements/uv.txt

clean: ## Remove what was made
	rm -rf .venv .venv-arthur .tools .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

RIGHT_PYTHON = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo '$(PYTHON) is not Python 3.11 or newer; name one that is: make PYTHON=python3.13 ...' >&2; exit 1; }

# uv itself is locked too, so that what sets everything up cannot change unseen.
$(UV): requirements/uv.txt
	@$(RIGHT_PYTHON)
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(READY): | $(UV)
	@$(RIGHT_PYTHON)
	@$(UV) venv -q --allow-existing --python $$($(PYTHON) -c 'import sys; print(sys.executable)') .venv
	@$(UV) pip sync -q --python $(BIN)/python --require-hashes requirements/dev.lock
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@rm -f .venv/.ready*
	@touch $@
