# make env    the environment, in .venv, from requirements-dev.lock
# make lock   both lock files and envs/, from pyproject.toml; versions stay, but with UPGRADE=--upgrade
# make demo   rendered clips through the whole workflow, and the ground truth beside what was measured
# make test-fast   unit tests without the slow ones (tests/slow.py): a minute
# make test   all tests        make lint   all checks        make bench   measurements        make model   the built-in model
# make coverage   all tests again, a third slower: lines and branches that none of them runs
# make settings   config.yaml, docs/settings.md and the settings' schema, from objmask/config/settings.py
# make docs   the documents as a site, in build/site
SHELL := /bin/bash
PYTHON ?= python3.11
BIN := .venv/bin
CORES ?= 2
# Real videos and models for tests; what needs them skips without.
OBJMASK_TEST_ASSETS ?= ../shared/assets
ASSETS := $(abspath $(OBJMASK_TEST_ASSETS))
ifneq ($(wildcard $(ASSETS)/models),)
export OBJMASK_TEST_ASSETS := $(ASSETS)
else
unexport OBJMASK_TEST_ASSETS
endif
DEMO := build/demo
STEPS := 7114

.PHONY: env lock demo model settings test test-fast coverage lint bench docs clean

env: .venv/ready

.venv/ready: requirements-dev.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "objmask needs Python 3.11: install it or set PYTHON=<path>"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

# uv asks its usual index, or that of UV_DEFAULT_INDEX.
LOCK := $(BIN)/uv pip compile --quiet --python-version 3.11 --python-platform linux --no-annotate --no-header \
	--generate-hashes --extra slurm
UPGRADE ?=

lock: env
	$(LOCK) $(UPGRADE) pyproject.toml --output-file requirements.lock
	$(LOCK) $(UPGRADE) pyproject.toml --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(BIN)/python envs/pin.py

demo: $(DEMO)/rendered
	$(BIN)/snakemake --cores $(CORES) --quiet rules --directory $(DEMO)
	@echo; echo "Coverage measured by the built-in model, beside the ground truth of the synthetic clips:"
	@$(BIN)/python -m objmask agreement --coverage=$(DEMO)/results/coverage --truth=$(DEMO)/videos/truth
	@echo; echo "Open $(DEMO)/results/report.html in a browser; beside it: masks/ overlay/ protected/ (videos), coverage/ summary/ (tables)"
	@echo "The built-in model knows rendered desks only. Your own footage needs a COCO model, one line away:"
	@echo "  snakemake --cores $(CORES) --config videos=<folder> model=rfdetr-seg-nano"

$(DEMO)/rendered: | env
	$(BIN)/python -m objmask scene --out=$(DEMO)/videos --clips=3 --seconds=4 --rate=24 --seed=29
	touch $@

# How the built-in model was made: over an hour on two cores.
model: env
	$(BIN)/python -m objmask scene --out=build/model/train --stills=6000 --split=train --seed=1 --width=448 --height=252 --jobs=$(CORES)
	$(BIN)/python -m objmask scene --out=build/model/validation --stills=100 --split=train --seed=2 --width=448 --height=252
	$(BIN)/python -m objmask train --data=build/model/train --validation=build/model/validation --seed=1 --steps=$(STEPS) --out=build/model/network
	$(BIN)/python -m objmask export --network=build/model/network --half --set=min_dimension=288 --set=max_dimension=512 --out=build/model/demo
	cp build/model/demo/{frozen_inference_graph.pb,label_map.pbtxt,pipeline.config} objmask/models/demo/

settings: env
	$(BIN)/python -m objmask.config.document

test: env
	@# Files side by side, in their order: those that take long first, so that all cores end together.
	$(BIN)/python -m pytest --numprocesses=$(CORES) --dist=loadfile --no-loadscope-reorder tests/workflow tests/integration tests/unit

test-fast: env
	$(BIN)/python -m pytest --fast --numprocesses=$(CORES) --dist=loadfile tests/unit

# What tests run of each module, also in the processes that they start: TESTS may name some of them.
TESTS ?= tests/workflow tests/integration tests/unit
coverage: env
	rm -rf build/coverage && mkdir -p build/coverage
	COVERAGE_RCFILE=$(CURDIR)/pyproject.toml $(BIN)/python -m coverage run -m pytest --numprocesses=$(CORES) --dist=loadfile \
		--no-loadscope-reorder $(TESTS)
	$(BIN)/python -m coverage combine --quiet && $(BIN)/python -m coverage report

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	@# Reading the workflow needs a video and a model: a file that is none, and a graph of one node, will do.
	mkdir -p build/lint/videos && echo lint > build/lint/videos/lint.mp4 && printf '\n\021\n\017detection_masks' > build/lint/model.pb
	$(BIN)/snakemake --lint --directory build/lint --config videos=videos model=model.pb

# The site's programs have an environment of their own: nothing of objmask needs them.
PAGES := $(wildcard *.md docs/*.md docs/images/* docs/examples/* docs/*.svg) profiles/README.md benchmarks/RESULTS.md \
	objmask/models/demo/model_card.md
LINKED := LICENSE CITATION.cff Snakefile config.yaml $(wildcard workflow/examples/*.yaml workflow/schemas/*.yaml)

docs: build/docs-env/ready
	rm -rf build/pages && mkdir -p build/pages && cp --parents $(PAGES) $(LINKED) build/pages
	NO_MKDOCS_2_WARNING=1 build/docs-env/bin/mkdocs build --strict --quiet
	@# A page that loads nothing from another host works without internet.
	@! grep -rl 'src="http\|<link[^>]*stylesheet[^>]*"http' --include='*.html' build/site
	@echo "Open build/site/index.html"

build/docs-env/ready: docs/requirements.lock
	$(PYTHON) -m venv build/docs-env
	build/docs-env/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

bench: env
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf build .venv
