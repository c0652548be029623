# Needs make, git and a Python 3.11-3.14 with venv. Everything else is installed below, from locks, into this folder.

# What .venv was made with, once there is one, so that it need not be named again.
PYTHON  ?= $(shell readlink -f .venv/bin/python 2>/dev/null | grep . || echo python3)
# The runtime to build for. `sam build` needs an interpreter of just this version on PATH.
RUNTIME ?= python3.13
ARCH    ?= x86_64

BIN := .venv/bin
SAM := .tools/sam/bin/sam

export PYTHON
export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
.PHONY: help setup venv sam ministack runtime lock demo test fuzz lint format types pytest build deploy sam-local \
        bench bench-setup accuracy artefact-report clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install everything (quick when nothing has changed)
	@$(MAKE) --no-print-directory -j2 venv sam ministack runtime

venv:
	@tools/install.sh .venv requirements/project.txt --project

sam:
	@tools/install.sh .tools/sam requirements/sam.txt

ministack:
	@tools/install.sh .tools/ministack requirements/ministack.txt

runtime:
	@tools/install.sh .tools/runtime requirements/runtime.txt

lock: ## Resolve the pinned versions in requirements/ anew (needs the network)
	@tools/lock.sh

demo: venv ## Simulate a labeling job from manifest to report
	@$(BIN)/python -m labeljob.demo

test: setup lint types pytest ## Everything that must pass: lint, types, all tests

lint: venv ## Ruff (rules and format) and cfn-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/cfn-lint template.yaml

format: venv ## Let ruff format and repair what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: venv ## mypy, strict
	$(BIN)/mypy .

pytest: setup ## All tests, also of the built and deployed artefact
	$(BIN)/pytest $(ARGS)

fuzz: venv ## Try the laws of merging on many new examples (ARGS="-k polygons")
	$(BIN)/pytest tests/laws --hypothesis-profile=fuzz $(ARGS)

build: venv sam ## sam build, for RUNTIME=python3.13 ARCH=x86_64
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/build.sh "$(SAM)" "$(RUNTIME)" "$(ARCH)"

deploy: build ## sam build, then sam deploy --guided
	$(SAM) deploy --guided --parameter-overrides PythonRuntime=$(RUNTIME) Architecture=$(ARCH)

sam-local: setup ## Build, then run both functions in containers with the sample events
	@$(BIN)/python -m tools.sam_local

bench-setup: ## Install the peers that the benchmarks compare with, each into .peers/
	@for peer in main datumaro panoptes skweak; do \
	    tools/install.sh .peers/$$peer requirements/peers/$$peer.txt || echo "$$peer: not installed" >&2; \
	done

bench: venv ## Compare with the peers, write docs/benchmarks.md (ARGS="--only boxes" measures one work anew)
	@$(BIN)/python -m benchmarks $(ARGS)

accuracy: venv ## Our figures on real data beside those of others (ARGS="--data DIR --write")
	@$(BIN)/python -m benchmarks.accuracy $(ARGS)

artefact-report: setup ## Size, cold start and memory of the built functions
	@$(BIN)/python -m tools.artefact_report

clean: ## Remove what was built and installed
	rm -rf .aws-sam .bench .hypothesis .mypy_cache .peers .pytest_cache .ruff_cache .tools .venv build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
