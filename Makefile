# inkpose: every command of the README. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh

PRESET ?= demo
METHOD ?=
SEEDS ?= 1
ARGS ?=
IMAGES ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The pose YAML: the preset's own (feature concatenation), or the one METHOD names.
POSE_CONFIG = configs/pose/$(if $(METHOD),$(METHOD),$(PRESET)).yaml

.PHONY: help setup demo data train train-task-source train-tagger-whole train-tagger train-segmenter-masks train-segmenter train-pose pose-table test test-slow lint bench clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-18s %s\n", $$1, $$2}'
	@echo '  PRESET=demo|small|paper   size of nets and data (default demo)'
	@echo '  SEEDS=N                   trainings of each row of pose-table (default 1)'
	@echo '  METHOD=NAME               another YAML of configs/pose for train-pose'
	@echo '  IMAGES=PATH               your own pictures for `make demo`'
	@echo '  ARGS="--key value …"      passed on to the command'

setup: $(READY) ## virtual environment .venv with the pinned packages; inkpose predict works after it

$(READY): pyproject.toml constraints.txt
	@sh scripts/setup.sh $(VENV)
	@touch $@

demo: $(READY) ## draw the data, train all networks, show your drawings (about 12 minutes on 2 CPU cores)
	@$(BIN)/inkpose demo $(if $(IMAGES),--images "$(IMAGES)") $(ARGS)

data: $(READY) ## draw the synthetic data sets of PRESET
	@$(BIN)/inkpose demo --preset $(PRESET) --only data $(ARGS)

train: train-task-source train-tagger train-segmenter train-pose ## all trainings of PRESET

train-task-source: $(READY) ## train the photo-like keypoint net (task source of pose)
	@$(BIN)/python -m pose fit --config configs/pose/task_source_$(PRESET).yaml --resume true $(ARGS)

train-tagger-whole: $(READY) # the first part of a tagger that looks closer: only some presets have one
	@$(if $(wildcard configs/tagger/whole_$(PRESET).yaml),$(BIN)/python -m tagger fit --config configs/tagger/whole_$(PRESET).yaml --resume true $(ARGS),:)

train-tagger: train-tagger-whole ## train the tagger
	@$(BIN)/python -m tagger fit --config configs/tagger/$(PRESET).yaml --resume true $(ARGS)

train-segmenter-masks: $(READY) # the first part of a segmenter that tells characters apart: only some presets have one
	@$(if $(wildcard configs/segmenter/masks_$(PRESET).yaml),$(BIN)/python -m segmenter fit --config configs/segmenter/masks_$(PRESET).yaml --resume true $(ARGS),:)

train-segmenter: train-segmenter-masks ## train the segmenter
	@$(BIN)/python -m segmenter fit --config configs/segmenter/$(PRESET).yaml --resume true $(ARGS)

train-pose: $(READY) ## train the pose net (needs tagger and task source)
	@$(BIN)/python -m pose fit --config $(POSE_CONFIG) --resume true $(ARGS)

pose-table: $(READY) ## train and compare the models of the paper's Table 1
	@$(BIN)/python -m pose.table --preset $(PRESET) --seeds $(SEEDS) $(ARGS)

test: $(READY) ## fast tests (under 10 minutes on 2 cores)
	@OMP_NUM_THREADS=1 $(BIN)/pytest -m "not slow" -n 2 --dist loadfile -q $(ARGS)

test-slow: $(READY) ## slow tests: whole runs, processes, README commands
	@OMP_NUM_THREADS=1 $(BIN)/pytest -m slow -q --timeout 3600 $(ARGS)

lint: $(READY) ## ruff (lint and format) and mypy strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(READY) ## speed table, as ratios to a baseline run beside it
	@$(BIN)/inkpose bench $(ARGS)

clean: ## remove runs, synthetic data and caches (the environment stays)
	@rm -rf runs data .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
