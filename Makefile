# Two commands: `make acceptance` and `make test`. Everything that they need, they install first.

# The one to make .venv with: make PYTHON=/path/to/python3 …; otherwise python3.
PYTHON ?=
ARGS ?=
# How many scenarios run side by side, and how many of the project's own tests. Scenarios wait more than they work, so
# that four for each core is what is quickest on the sandbox (docs/bench.md), and more than 16 are of no use: there
# that is what happens unless JOBS=1 is given. How much a deployed server is to be asked at once is not ours to find out:
# one after another unless JOBS is given, and JOBS=auto is four there.
JOBS ?= $(if $(BROKER),auto,1)
N ?= 100
# What the load looks like, and how many processes send it; 0: one, without a master.
SHAPE ?= steady
WORKERS ?= 0
# What a history check takes its decisions from (drawn where it is not set), how long it is, and how many work at once.
SEED ?=
OPERATIONS ?= 1000
CLIENTS ?= 4
BIN := .venv/bin
# Looks itself whether there is anything to do: a moved checkout, say.
INSTALLED := installed
# What a run is told of its profile (ARGS="-D profile=staging"), all that comes after it must know as well.
PROFILE := $(or $(patsubst profile=%,%,$(filter profile=%,$(ARGS))),$(FOCUS_PROFILE),local)
# A run against an environment of its own profile needs no broker here.
BROKER := $(if $(filter-out local,$(PROFILE)),,broker)
auto = $(if $(BROKER),$(shell n=$$((4 * $$(nproc))); echo $$((n < 16 ? n : 16))),4)
jobs = $(if $(filter auto,$(JOBS)),$(auto),$(JOBS))
# The project's own tests work more than scenarios do.
test_jobs = $(if $(filter auto,$(JOBS)),$(shell echo $$((2 * $$(nproc)))),$(JOBS))
# With PYTHONSAFEPATH, Python does not find modules in the working directory.
export PYTHONPATH := $(CURDIR)$(if $(PYTHONPATH),:$(PYTHONPATH))
# The installations use apt.
.NOTPARALLEL:

.PHONY: help acceptance merge traceability report export publish docs screenshots test prove mutants instruments lint types \
  sandbox sandbox-down durations sweep soak bench load history lock $(INSTALLED) broker chromium fresh-machine clean

help:  ## show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

# The run's folder is named beforehand: what is made of its results is made of no other's, whatever becomes of it.
# Where a run has none, or no result in it, behave has said why, and there is nothing to be made.
acceptance: export FOCUS_PROFILE := $(PROFILE)
acceptance: $(BROKER) $(INSTALLED)  ## run the features, JOBS=1 one after another; ARGS="--tags=@PZ-13873" is passed on to behave
	@FOCUS_RUN="$$(date -u +%Y%m%dT%H%M%SZ)-$$(od -An -N3 -tx1 /dev/urandom | tr -d ' ')" && export FOCUS_RUN || exit; \
	trap : INT; \
	status=0; $(BIN)/behave --junit --jobs $(jobs) $(ARGS) || status=$$?; \
	run=$$([ $$status -eq 0 ] || exec 2>/dev/null; $(BIN)/python -m reporting folder) || \
	  { [ $$status -ne 0 ] || status=1; exit $$status; }; \
	ls "$$run/allure-results" | grep -q -e -result.json || exit $$status; \
	echo "Results: $$run/allure-results (evidence), $$run/junit"; \
	sh report/site.sh "$$run" || true; \
	$(BIN)/python -m reporting traceability || { linted=$$?; [ $$status -ne 0 ] || status=$$linted; }; \
	exit $$status

report:  ## make a site of the results of the last run, with those before as its history; needs Node
	@run=$$($(BIN)/python -m reporting folder $(ARGS)) && sh report/site.sh "$$run"

merge: $(INSTALLED)  ## one run of the runs of all shards (behave -D shard=1/8): ARGS="FOLDER…"
	@$(BIN)/python -m reporting merge $(ARGS)

traceability: $(INSTALLED)  ## which test case is shown by which scenario, and how it ended in the last run
	@$(BIN)/python -m reporting traceability $(ARGS)

export: $(INSTALLED)  ## the last run for test management (Xray, JUnit, Cucumber); ARGS="--run NAME" for another
	@$(BIN)/python -m reporting export $(ARGS)

publish: $(INSTALLED)  ## send the last run to Xray; off unless FOCUS_PUBLISH_URL and FOCUS_PUBLISH_TOKEN are set
	@$(BIN)/python -m reporting publish $(ARGS)

docs: $(INSTALLED)  ## the features as pages to read and to send, with the results of the last run
	@$(BIN)/python -m reporting docs $(ARGS)

screenshots: chromium $(INSTALLED)  ## pictures of the pages that the last run has left, for docs/images
	@$(BIN)/python -m reporting docs
	@$(BIN)/python -m reporting traceability
	@$(BIN)/python -m tests.pages.screenshots $(ARGS)

test: broker chromium $(INSTALLED)  ## run the project's own tests, JOBS=1 one after another; ARGS is passed on to pytest
	$(BIN)/pytest $(if $(filter-out 1,$(test_jobs)),-n $(test_jobs) --dist loadfile --no-loadscope-reorder) $(ARGS)

prove: sandbox  ## see whether the suite can fail: it is run against every defect of the catalogue; ARGS="--only limits"
	$(BIN)/python -m proof prove $(ARGS)

mutants: sandbox  ## run the features against small changes of the server; ARGS="--only rules.py" for a part
	$(BIN)/python -m proof mutants $(ARGS)

instruments: broker $(INSTALLED)  ## see whether the project's own tests notice when a part of the suite itself is broken
	$(BIN)/pytest -m instruments tests/selfproof $(ARGS)

lint: $(INSTALLED)  ## check style, who may import whom, and plan and features
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m reporting lint

types: $(INSTALLED)  ## check types
	$(BIN)/mypy

sandbox: broker $(INSTALLED)  ## start a sandbox that later runs reuse
	$(BIN)/python -m sandbox up

sandbox-down: $(INSTALLED)  ## stop it
	$(BIN)/python -m sandbox down

durations:  ## keep how long the scenarios took in the last runs, so that shards take about as long as each other
	cp reports/durations.json config/durations.json

sweep: $(INSTALLED)  ## remove the jobs that a killed run left (FOCUS_PROFILE names the environment)
	$(BIN)/python -m support.scenario.sweeping $(ARGS)

soak: sandbox  ## run the smoke scenarios N times in a row on a warm sandbox (N=100); ends at the first failure
	@mkdir -p reports/soak; export FOCUS__REPORTS__DIRECTORY=reports/soak; for run in $$(seq 1 $(N)); do \
	  $(BIN)/behave --tags=@smoke --no-color >reports/soak.txt 2>&1 || { cat reports/soak.txt; echo "Run $$run failed."; exit 1; }; \
	  printf '\r%s of $(N) ' "$$run"; \
	done; echo "runs, none failed"

bench: broker $(INSTALLED)  ## what a run costs, as ratios; ARGS="--only growth" for a part, ARGS="page" for docs/bench.md
	$(BIN)/python -m bench $(ARGS)

load: $(BROKER) $(INSTALLED)  ## put the server under load: SHAPE=steady, ramp, spike, peak, soak; WORKERS=2 processes send
	@FOCUS_PROFILE=$(PROFILE) $(BIN)/python -m load run $(SHAPE) --workers $(WORKERS) $(ARGS)

history: $(BROKER) $(INSTALLED)  ## clients work while parts fail, and the stores must agree: SEED=1 OPERATIONS=1000 CLIENTS=4
	@FOCUS_PROFILE=$(PROFILE) $(BIN)/python -m consistency run $(if $(SEED),--seed $(SEED)) --operations $(OPERATIONS) \
	  --clients $(CLIENTS) $(ARGS)

lock: $(INSTALLED)  ## write requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --universal --python-version 3.11 --all-extras --generate-hashes \
	  --no-emit-index-url --no-header --quiet --upgrade pyproject.toml -o requirements.lock

fresh-machine:  ## both commands on a minimal Debian, made and removed again: RELEASE=bookworm, trixie; needs root
	@.ci/fresh_machine "$(RELEASE)"

broker:
	@sh sandbox/install_broker.sh

chromium:
	@sh tests/pages/install_chromium.sh

$(INSTALLED):
	@sh sandbox/install_venv.sh "$(PYTHON)"

clean:  ## remove what was installed and written here
	rm -rf .venv reports report/node_modules .run .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
