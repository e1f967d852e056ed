# make env    the environment, in .venv, from requirements.lock
# make demo   a real clip through the whole workflow
# make test   all tests        make lint   all checks        make bench   measurements
SHELL := /bin/bash
PYTHON ?= python3.11
BIN := .venv/bin
CORES ?= 2
# Real videos and models for tests and demo; what needs them skips without.
OBJMASK_TEST_ASSETS ?= ../shared/assets
ASSETS := $(abspath $(OBJMASK_TEST_ASSETS))
ifneq ($(wildcard $(ASSETS)/models),)
export OBJMASK_TEST_ASSETS := $(ASSETS)
else
unexport OBJMASK_TEST_ASSETS
endif
DEMO_VIDEOS := $(ASSETS)/videos/office/typing
DEMO_MODEL := $(ASSETS)/models/yolov8n-seg_640_nhwc_float_io.tflite

.PHONY: env demo test lint bench clean

env: .venv/ready

.venv/ready: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "objmask needs Python 3.11: install it or set PYTHON=<path>"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

demo: env
	@for needed in "$(DEMO_VIDEOS)" "$(DEMO_MODEL)"; do test -e "$$needed" || { \
	  echo "make demo: there is no $$needed"; \
	  echo "Set OBJMASK_TEST_ASSETS to a folder that has it, or run your own video and model:"; \
	  echo "  $(BIN)/snakemake --cores 2 --configfile workflow/examples/office.yaml --config videos=<folder> model=<file.tflite>"; \
	  exit 1; }; done
	$(BIN)/snakemake --cores $(CORES) --quiet rules --directory build/demo --configfile workflow/examples/office.yaml \
	  --config videos="$(DEMO_VIDEOS)" model="$(DEMO_MODEL)"
	@echo "Look at build/demo/results: masks/ overlay/ protected/ (videos), coverage/ summary/ (tables)"

test: env
	$(BIN)/python -m pytest tests/unit tests/workflow tests/integration

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	@# Reading the workflow needs a video and a model: a file that is none, and a graph of one empty node, will do.
	mkdir -p build/lint/videos && echo lint > build/lint/videos/lint.mp4 && printf '\n\0' > build/lint/model.pb
	$(BIN)/snakemake --lint --directory build/lint --config videos=videos model=model.pb

bench: env
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf build .venv
