# Every target does the set-up that it needs, into .venv. Python 3.11 or newer, make and a package registry are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
READY := $(VENV)/.ready

SF ?= 1
DATA := bench/data
LLM := $(DATA)/llm
LLM_MODEL ?= qwen2.5-coder-1.5b

.PHONY: help install assets demo play test test-engines test-play shots-play test-notebooks shots-notebooks fuzz fuzz-postgres test-vscode test-vscode-units test-workbench bench-vscode shots-vscode check format bench bench-data bench-tpcds bench-prefixes bench-prefixes-postgres bench-prefixes-spark bench-repair bench-repair-dialects bench-report test-llm lock clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(READY)  ## Make .venv with the locked dependencies and SpeQL itself

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "SpeQL needs Python 3.11 or newer; $(PYTHON) is older. Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "Could not make $(VENV). On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Installing the locked dependencies into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)  ## Show the main job in the terminal (ARGS="--plain --speed 20")
	@$(BIN)/speql demo $(ARGS)

ASSETS := server/speql_server/play/assets/play.js
MODULES := vscode-client/node_modules/.package-lock.json
CLIENT_SOURCES := $(shell find vscode-client/src -type f 2>/dev/null) vscode-client/package.json

assets: $(ASSETS)  ## Build the pages for browsers (needs Node.js 20 or newer and npm)

$(ASSETS): $(MODULES) $(CLIENT_SOURCES)
	@echo "Building the page ..."
	@cd vscode-client && npm run --silent build:assets

$(MODULES): vscode-client/package-lock.json
	@command -v npm >/dev/null || { echo "The page is built with npm. Install Node.js 20 or newer, then run this again."; exit 1; }
	@echo "Installing what builds the page ..."
	@cd vscode-client && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

play: $(READY) $(ASSETS)  ## Open SpeQL in the browser on the demo's data (ARGS="my.duckdb query.sql")
	@$(BIN)/speql play $(if $(ARGS),$(ARGS),--demo)

test-play: $(READY) $(ASSETS)  ## Use the page in a real browser (needs Chromium; ARGS="typing")
	cd vscode-client && npm run test:play $(if $(ARGS),-- $(ARGS))

NOTEBOOKS := .venv-notebooks
NOTEBOOKS_READY := $(NOTEBOOKS)/.ready

test-notebooks: $(READY) $(NOTEBOOKS_READY)  ## Use SpeQL in real JupyterLab and marimo, in a browser (needs Chromium; ARGS="marimo")
	$(BIN)/python -m pytest tests/notebook
	cd vscode-client && npm run test:notebooks $(if $(ARGS),-- $(ARGS))

shots-notebooks: $(NOTEBOOKS_READY)  ## Take the pictures of notebooks for docs/images
	cd vscode-client && npm run shots:notebooks

# The wheel itself is installed: that is all that a user has.
$(NOTEBOOKS_READY): tests/notebook/hosts/hosts.lock $(ASSETS) $(READY) $(shell find engines scheduler server speculator sql notebook -name '*.py' 2>/dev/null)
	@test -x $(NOTEBOOKS)/bin/python || $(PYTHON) -m venv $(NOTEBOOKS)
	@echo "Installing JupyterLab, marimo and SpeQL into $(NOTEBOOKS) ..."
	@$(NOTEBOOKS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/notebook/hosts/hosts.lock
	@rm -rf $(NOTEBOOKS)/wheel && $(BIN)/python -m hatchling build -t wheel -d $(NOTEBOOKS)/wheel >/dev/null
	@$(NOTEBOOKS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall $(NOTEBOOKS)/wheel/*.whl
	@touch $@

shots-play: $(READY) $(ASSETS)  ## Take the pictures of the page for docs/images
	cd vscode-client && npm run shots:play

test: $(READY)  ## Run all tests (ARGS="-k repair")
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

ENGINES := .venv-engines

test-engines: $(READY) $(ENGINES)/fakesnow/.ready $(ENGINES)/bqemulator/.ready $(ENGINES)/spark/.ready  ## Test every adapter, with stand-ins for engines that are not to be had (needs PostgreSQL)
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || \
		echo "PostgreSQL is not installed, so neither it nor Redshift's driver is tested. On Debian and Ubuntu: apt-get install postgresql"
	@command -v java >/dev/null || echo "Java 17 is not installed, so Spark is not tested. On Debian and Ubuntu: apt-get install openjdk-17-jre-headless"
	$(BIN)/python -m pytest tests/engines tests/scheduler/matching/test_matching_spark.py $(ARGS)

$(ENGINES)/spark/.ready: tests/engines/spark.lock
	@test -x $(ENGINES)/spark/bin/python || $(PYTHON) -m venv $(ENGINES)/spark
	@echo "Installing Spark, of which the tests start a Connect server, into $(ENGINES)/spark (some 450 MB) ..."
	@$(ENGINES)/spark/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/engines/spark.lock
	@touch $@

$(ENGINES)/fakesnow/.ready: tests/engines/fakesnow.lock
	@test -x $(ENGINES)/fakesnow/bin/python || $(PYTHON) -m venv $(ENGINES)/fakesnow
	@echo "Installing fakesnow, a stand-in for Snowflake, into $(ENGINES)/fakesnow ..."
	@$(ENGINES)/fakesnow/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/engines/fakesnow.lock
	@touch $@

$(ENGINES)/bqemulator/.ready: tests/engines/bqemulator.lock
	@test -x $(ENGINES)/bqemulator/bin/python || $(PYTHON) -m venv $(ENGINES)/bqemulator
	@echo "Installing bqemulator, a stand-in for BigQuery, into $(ENGINES)/bqemulator ..."
	@$(ENGINES)/bqemulator/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/engines/bqemulator.lock
	@HOME=$(abspath $(ENGINES))/bqemulator $(ENGINES)/bqemulator/bin/python -c \
		"import duckdb; from duckdb_extensions import import_extension; import_extension('spatial', con=duckdb.connect())"
	@touch $@

fuzz: $(READY)  ## Compare random queries over random temp tables with direct runs (N=100000 SEED=7)
	SPEQL_FUZZ_CASES=$(or $(N),10000) SPEQL_FUZZ_SEED=$(SEED) \
		$(BIN)/python -m pytest -q -s tests/scheduler/matching/test_matching_random.py \
		tests/scheduler/matching/test_matching_random_keys.py

fuzz-postgres: $(READY)  ## The same on PostgreSQL, which has to be installed (N=10000 SEED=7)
	SPEQL_FUZZ_CASES=$(or $(N),2000) SPEQL_FUZZ_SEED=$(SEED) \
		$(BIN)/python -m pytest -q -s tests/scheduler/matching/test_matching_random_postgres.py

test-vscode: test-vscode-units test-workbench  ## Check and test the VS Code client, also in a real workbench (needs Node.js 20 or newer and npm)

test-vscode-units: $(READY)  ## The same without the workbench
	cd vscode-client && npm ci --no-audit --no-fund --loglevel=error && npm run check && npm run build && npm test

test-workbench: $(READY) workbench  ## Use the VS Code client in a real workbench (ARGS="typing repair")
	cd vscode-client && npm run test:workbench $(if $(ARGS),-- $(ARGS))

bench-vscode: $(READY) workbench  ## Measure the VS Code client in a real workbench: latency, scrolling, activation, sizes
	cd vscode-client && npm run figures

shots-vscode: $(READY) workbench  ## Take the pictures of docs/images in a real workbench
	cd vscode-client && npm run shots

.PHONY: workbench
workbench: $(READY) $(DATA)/tpcds-sf0.01.duckdb
	@cd vscode-client && npm ci --no-audit --no-fund --loglevel=error
	@PYTHON=$(abspath $(BIN))/python vscode-client/test/workbench/install.sh

check: $(READY)  ## Formatting, lint, types, import contracts, lock file
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## Format the code and sort imports
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: $(READY)  ## Measure start-up and keystroke-to-preview latency on the demo's data
	$(BIN)/python bench/startup.py $(ARGS)
	$(BIN)/python bench/preview_latency.py $(ARGS)

bench-data: $(DATA)/.venv/.ready  ## Make TPC-DS data and queries in bench/data (SF=10), and a little of TPC-H
	@$(DATA)/.venv/bin/python bench/make_tpc.py tpcds $(SF) $(DATA)
	@$(DATA)/.venv/bin/python bench/make_tpc.py tpch 0.01 $(DATA)

$(DATA)/tpcds-sf0.01.duckdb: | $(DATA)/.venv/.ready
	@$(DATA)/.venv/bin/python bench/make_tpc.py tpcds 0.01 $(DATA)

$(DATA)/.venv/.ready:
	@$(PYTHON) -m venv $(DATA)/.venv
	@$(DATA)/.venv/bin/python -m pip install --quiet --disable-pip-version-check \
		duckdb==1.5.5 duckdb-extensions duckdb-extension-tpcds duckdb-extension-tpch
	@touch $@

bench-tpcds: $(READY) bench-data  ## Replay the typing of all TPC-DS queries (SF=10 ARGS="--only q03,q07")
	$(BIN)/speql bench $(DATA)/tpcds --database $(DATA)/tpcds-sf$(SF).duckdb \
		--results bench/results/tpcds-sf$(SF).jsonl $(ARGS)

bench-prefixes: $(READY) bench-data  ## Compare every preview of every line prefix of TPC-DS with direct runs (SF=10)
	$(BIN)/speql bench $(DATA)/tpcds --database $(DATA)/tpcds-sf$(SF).duckdb --protocols lines --hidden-lines 1000 \
		--compared-previews 1000 --direct-runs 1 --results bench/results/prefixes/tpcds-sf$(SF).jsonl $(ARGS)

bench-prefixes-postgres: $(READY) bench-data  ## The same on PostgreSQL, which has to be installed (SF=0.1)
	$(BIN)/python bench/on_postgres.py $(DATA)/tpcds-sf$(SF).duckdb $(BIN)/speql bench $(DATA)/tpcds --database {} \
		--protocols lines --hidden-lines 1000 --compared-previews 1000 --direct-runs 1 \
		--results bench/results/prefixes/postgres-tpcds-sf$(SF).jsonl $(ARGS)

bench-prefixes-spark: $(READY) bench-data $(ENGINES)/spark/.ready  ## The same over temp views on Spark, in which matching is off (SF=0.01 ARGS="--only q03,q07")
	$(BIN)/python bench/prefixes_on_spark.py $(DATA)/tpcds-sf$(SF).duckdb $(DATA)/tpcds $(ARGS)

bench-repair: $(READY) bench-data  ## Repair unfinished texts of TPC-DS, TPC-H and queries of DuckDB alone, and ask the engine whether they bind
	$(BIN)/speql bench repair $(DATA)/tpcds --database $(DATA)/tpcds-sf$(SF).duckdb $(ARGS)
	$(BIN)/speql bench repair $(DATA)/tpch --database $(DATA)/tpch-sf0.01.duckdb $(ARGS)
	$(BIN)/speql bench repair tests/fixtures/repair/queries_saas.sql --schema tests/fixtures/repair/schema_saas.sql $(ARGS)

bench-repair-dialects: $(READY)  ## Repair unfinished texts as they are written on six other engines, and parse them
	@for dialect in bigquery postgres redshift snowflake spark tsql; do echo "$$dialect"; $(BIN)/speql bench repair \
	  tests/fixtures/repair/dialects/queries_$$dialect.sql --schema tests/fixtures/repair/dialects/schema_$$dialect.sql \
	  --dialect $$dialect --random 1000 $(ARGS) || exit 1; done

bench-report: $(READY)  ## Write docs/benchmarks.md from bench/published (RESULTS="bench/results/*.jsonl")
	$(BIN)/speql bench-report $(or $(RESULTS),bench/published/*.jsonl)

test-llm: $(READY) $(LLM)/.ready  ## Ask a local language model to mend what rules cannot: downloads 1 GB, builds llama.cpp (ARGS="--cases 20")
	@$(LLM)/.venv/bin/python bench/local_model.py $(LLM) $(LLM_MODEL)
	$(BIN)/python bench/language_model.py --serve $(LLM)/$(LLM_MODEL).gguf --server-python $(LLM)/.venv/bin/python $(ARGS)

$(LLM)/.ready:
	@$(PYTHON) -m venv $(LLM)/.venv
	@$(LLM)/.venv/bin/python -m pip install --quiet --disable-pip-version-check 'llama-cpp-python[server]==0.3.36'
	@touch $@

lock:  ## Resolve pyproject.toml into requirements.lock, with hashes, naming no registry
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet uv; }
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
		--no-emit-index-url --generate-hashes --custom-compile-command "make lock" --quiet -o requirements.lock
	$(BIN)/uv pip compile tests/notebook/hosts/hosts.in pyproject.toml --universal --python-version 3.11 \
		--no-emit-index-url --generate-hashes --custom-compile-command "make lock" --quiet -o tests/notebook/hosts/hosts.lock
	$(BIN)/uv pip compile tests/engines/fakesnow.in --universal --python-version 3.11 \
		--no-emit-index-url --generate-hashes --custom-compile-command "make lock" --quiet -o tests/engines/fakesnow.lock
	$(BIN)/uv pip compile tests/engines/bqemulator.in --universal --python-version 3.11 \
		--no-emit-index-url --generate-hashes --custom-compile-command "make lock" --quiet -o tests/engines/bqemulator.lock
	$(BIN)/uv pip compile tests/engines/spark.in --universal --python-version 3.11 \
		--no-emit-index-url --generate-hashes --custom-compile-command "make lock" --quiet -o tests/engines/spark.lock

clean:  ## Remove .venv and caches
	rm -rf $(VENV) .venv-notebooks $(ENGINES) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
