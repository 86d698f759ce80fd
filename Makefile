# Every command sets up what it needs; `make train PYTHON=python3.12` picks an interpreter.
PYTHON ?= python3
VENV ?= .venv
RUNS ?= 1000000
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: train test check report picture evaluate web bench coverage docs fuzz lock release-check clean

train: $(READY)  ## train, evaluate, write models/ and reports/ (TRAIN_FLAGS=--fast for a short run)
	$(BIN)/python train.py $(TRAIN_FLAGS)

test: $(READY)  ## run the tests
	$(BIN)/python -m pytest -q

check: $(READY)  ## lint, types and data files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/stance check-data

report: $(READY)  ## shift report on the seeds with the released model
	$(BIN)/stance report seeds --out stance-report

picture: report  ## docs/report.png, the picture in the README, of the report on the seeds (needs Chromium)
	$(BIN)/python .ci/picture.py stance-report/shifts.html docs/report.png

evaluate: $(READY)  ## score the released model on the frozen test
	$(BIN)/stance evaluate data/corpus.csv --splits data/splits.csv

web: $(READY)  ## build the page in which anyone can try the classifier, build/web (needs npm)
	$(BIN)/python web/build.py

bench: $(READY)  ## sentences a second, latency and cold start beside other ways to classify; run it alone, after make train
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[bench,ray]"
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/archive_report.py

coverage: $(READY)  ## simulate how often the intervals of the shift report hold the truth (15 minutes)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[bench]"
	$(BIN)/python benchmarks/coverage.py

docs: $(READY)  ## the pages and the interface as a site in build/site; open index.html, no network is needed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[docs]"
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -d build/doctrees docs build/site

fuzz: $(READY)  ## mutated inputs for each target of fuzz/fuzz.py, led by coverage (RUNS=2000 for a short run)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[fuzz]"
	$(BIN)/python fuzz/fuzz.py all --runs $(RUNS)

lock: $(READY)  ## hashes of what CI installs, at the versions of constraints.txt; torch stays out, for each platform has another
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	echo "torch; sys_platform == 'never'" | $(BIN)/uv pip compile --quiet --universal --python-version 3.11.5 --generate-hashes \
		--no-annotate --custom-compile-command "make lock" --constraint constraints.txt --overrides - \
		--extra dev --extra docs --extra fuzz --output-file .ci/requirements.lock pyproject.toml

release-check: $(READY)  ## do version, hashes, cards and the figures of the README agree
	$(BIN)/python .ci/check_release.py

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt "torch>=2.8"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $(READY)

clean:
	rm -rf $(VENV) build stance-report .pytest_cache .mypy_cache .ruff_cache
