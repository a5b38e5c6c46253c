# For people. Everything here is a short name for a command that the README explains.
PYTHON  ?= $(shell command -v python3.11 || command -v python3)
VENV    ?= .venv
NONE    :=
SPACE   := $(NONE) $(NONE)
# The stamps know their place: a checkout that was moved makes its environment anew. A place may hold spaces, a target may not.
STAMP   := $(VENV)/.installed$(subst $(SPACE),_,$(subst /,_,$(abspath $(VENV))))
TOOLS   := $(STAMP)_dev
KERNELS := features/__pycache__/.compiled
HOST    := 127.0.0.1
PORT    ?= 8000
UI_PORT ?= 5000
SHIPPED := mgus smm relapse
TASKS   ?= $(SHIPPED)
TASK    ?= smm
MODEL   ?= boosting
TRIALS  ?= 25

export PATH := $(abspath $(VENV))/bin:$(PATH)
# A busy second core slows a fit five times when idle threads spin; see libgomp's OMP_WAIT_POLICY.
export OMP_WAIT_POLICY := passive
# Threads of linear algebra spin while they wait: beside other work a product of our sizes took several times the CPU, and no less time.
export OPENBLAS_NUM_THREADS := 1
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true
# A job starts a dozen programs: their text is compiled once, also where the environment would have it compiled every time.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup tools train tune test lint ui serve score bench docs lock gpu clean
.DEFAULT_GOAL := help

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: $(STAMP) ## make the virtual environment from the hash-pinned lock
tools: $(TOOLS) ## add what only tests, checks and benchmarks need (make test, lint and bench do)

# uv is itself taken from the lock, so that it too is checked by its hash; pip is the fallback.
$(STAMP): requirements.lock
	@echo "==> Setting up $(VENV) with $(PYTHON) (once, about a minute)"
	@test -n "$(PYTHON)" || { echo "Python 3.11 is needed: install it, or run make PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; sys.exit(None if v in ((3, 11), (3, 12)) else f"Python 3.11 or 3.12 is needed, not {v[0]}.{v[1]}. Hint: make PYTHON=/path/to/python3.11")'
	@"$(PYTHON)" -m venv --clear $(VENV)
	@awk '/^[^ ]/ { on = /^uv==/ } on' requirements.lock > $(VENV)/uv.txt
	@if $(VENV)/bin/python -m pip install --quiet --require-hashes -r $(VENV)/uv.txt \
	  && VIRTUAL_ENV="$(abspath $(VENV))" $(VENV)/bin/uv pip install --require-hashes --compile-bytecode -r requirements.lock; then :; else \
	  echo "==> uv could not install; using pip (slower)"; \
	  $(VENV)/bin/python -m pip install --require-hashes -r requirements.lock; fi
	@echo "$(CURDIR)" > "$$($(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/myeloma_precursor_risk.pth"
	@touch $@

$(TOOLS): requirements-dev.lock $(STAMP)
	@echo "==> Adding the tools of tests, checks and benchmarks to $(VENV)"
	@VIRTUAL_ENV="$(abspath $(VENV))" $(VENV)/bin/uv pip install --quiet --no-deps --require-hashes --compile-bytecode -r requirements-dev.lock \
	  || $(VENV)/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

# Kernels are kept compiled beside their source. Once, here, rather than by each task at the same time: those of every table on one
# core, those of the course of treated people on the other, and what is left when both are there.
$(KERNELS): $(STAMP) $(shell find myeloma features -name '*.py' 2> /dev/null)
	@echo "==> Compiling the kernels (once, half a minute)"
	@made=$$(mktemp -d); trap 'rm -rf "$$made"' EXIT; \
	  { python -m features simulate "$$made/smm" --patients 40 \
	    && python -m features build "$$made/smm" "$$made/smm.parquet" --task smm; } > "$$made/log" 2>&1 & tables=$$!; \
	  { python -m features simulate "$$made/relapse" --world treated --patients 40 \
	    && python -m features course "$$made/relapse" --out "$$made/course.csv"; } > "$$made/course.log" 2>&1 \
	  && wait $$tables && python -m features build "$$made/relapse" "$$made/relapse.parquet" --task relapse > "$$made/course.log" 2>&1 \
	  || { cat "$$made/log" "$$made/course.log"; exit 1; }
	@mkdir -p $(@D); touch $@

train: setup $(KERNELS) ## the main job: the tasks from data to a registered champion
	@MYELOMA_TRUTH=truth.parquet python -m training.pipeline $(TASKS)
	@python -m training compare
	@echo "Said on the way: data/train.log$$(for made in $(TASKS:%=data/%/truth.txt); do test ! -f $$made || printf "; beside the simulated truth: %s" $$made; done)"

tune: setup ## search for better options: make tune [TASK=smm MODEL=boosting TRIALS=25]
	@python -m training tune --task $(TASK) --model $(MODEL) --trials $(TRIALS)

test: tools $(KERNELS) ## all tests
	@ruff check .
	@python -m pytest -n 2 -rs

lint: tools ## style, import rules and types
	@ruff check . && ruff format --check . && mypy

ui: setup ## the MLflow UI: runs, comparison, registry (Ctrl-C stops it)
	@echo "==> http://$(HOST):$(UI_PORT)/#/experiments?workflowType=machine_learning"
	@MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow ui --host $(HOST) --port $(UI_PORT) --workers 1 \
	  --backend-store-uri "$${MLFLOW_TRACKING_URI:-sqlite:///mlruns/mlflow.db}"

serve: setup ## the HTTP API with the champions (Ctrl-C stops it)
	@python -m serving api --port $(PORT)

score: setup ## batch scoring: make score IN=cohort OUT=risks.parquet [TASK=smm]
	@test -n "$(IN)" -a -n "$(OUT)" || { echo "Usage: make score IN=COHORT OUT=FILE.parquet|FILE.csv [TASK=smm|mgus]"; exit 2; }
	@python -m serving score "$(IN)" --task $(TASK) --out "$(OUT)"

bench: tools ## speed against peers, on this machine
	@OMP_NUM_THREADS=1 python -m benchmarks.scores
	@python -m benchmarks.features
	@python -m benchmarks.fit
	@OMP_NUM_THREADS=1 python -m benchmarks.explain
	@python -m benchmarks.http

docs: setup ## write the pages that are made from the code, and what the tutorial prints
	@python -m myeloma.pages docs
	@python -m docs.generators
	@python -m docs.generators.tutorial
	@python -m benchmarks.simulation_docs

EXTRAS  := train xlsx meds omop postgres
LOCKING := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet
lock: ## renew both locks from pyproject.toml (written without index addresses); the second holds only what the first does not
	@echo uv | uv pip compile pyproject.toml - $(EXTRAS:%=--extra %) $(LOCKING) -o requirements.lock
	@echo uv | uv pip compile pyproject.toml - --all-extras -c requirements.lock $(LOCKING) -o requirements-dev.lock
	@awk 'NR == FNR { if (/^[^ ]/) known[$$0]; next } /^[^ ]/ { on = !($$0 in known) } on' requirements.lock requirements-dev.lock > .tools.lock
	@mv .tools.lock requirements-dev.lock

gpu: setup ## swap in the full XGBoost build, with the GPU libraries (700 MB)
	@uv pip uninstall xgboost-cpu && uv pip install "xgboost==$$(sed -nE 's/^xgboost-cpu==([0-9.]+) .*/\1/p' requirements.lock | head -n 1)"

# By name: whatever else lies in these folders was put there by a person.
MADE := cohort truth.parquet truth.txt table.parquet fit evaluation registered.json tune monitor model_card.html model_card.md
OWN   = $(filter-out $(SHIPPED) $(FORGET),$(notdir $(wildcard mlruns/artifacts/*)))

# Exits with 3 where a training holds the lock.
define HELD
import fcntl, sys
try:
    fcntl.flock(open(".dvc/tmp/train.lock"), fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.exit(3)
endef
export HELD

clean: ## forget every result of mgus, smm and relapse, and the tracking store; keep the environment and what is yours
	@test ! -e .dvc/tmp/train.lock || "$(PYTHON)" -c "$$HELD" || test $$? -ne 3 || \
	  { echo "Error: make train is running in this checkout. Nothing was removed."; \
	  echo "Hint: wait until it is done, or stop it with Ctrl-C where it runs; then run make clean again."; exit 1; }
	@test -z "$(OWN)" || { echo "Error: The tracking store also holds the models, the champion and the history of: $(OWN). Nothing was removed."; \
	  echo "Hint: to forget them too, run: make clean FORGET=\"$(OWN)\" (cohort, table and fit stay in data/; fit again after it)"; exit 1; }
	@cd data && rm -rf $(foreach task,$(SHIPPED),$(MADE:%=$(task)/%) $(MADE:%=$(task)/.%[.-]*))
	@rmdir $(SHIPPED:%=data/%) 2> /dev/null || true
	@rm -rf data/train.log dvc.lock .dvc/cache .dvc/tmp mlruns/mlflow.db mlruns/mlflow.lock mlruns/artifacts
