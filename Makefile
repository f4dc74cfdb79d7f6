# Every target says what it does after two hashes; `make help` prints them.
PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := $(VENV)/bin
PY := $(BIN)/python
export HOST PORT

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-17s %s\n", $$1, $$2}'

$(VENV)/.base: requirements/base.txt
	@$(PYTHON) -c 'import sys; sys.exit("aiops: Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "Installing requirements/base.txt into $(VENV) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/base.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	@echo "Installing requirements/dev.txt into $(VENV) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@

run: $(VENV)/.base ## web, worker and clock in one command on http://127.0.0.1:8000 (PORT=, HOST=)
	@exec $(PY) manage.py serve

run-web: $(VENV)/.base ## the web server alone (needs REDIS_URL)
	@PATH="$(abspath $(BIN)):$$PATH" exec docker/entrypoint.sh web

run-worker: $(VENV)/.base ## a Celery worker alone (needs REDIS_URL; WORKER_QUEUES= for some of the queues)
	@PATH="$(abspath $(BIN)):$$PATH" exec docker/entrypoint.sh worker

run-beat: $(VENV)/.base ## the clock alone (needs REDIS_URL)
	@PATH="$(abspath $(BIN)):$$PATH" exec docker/entrypoint.sh beat

demo: $(VENV)/.base ## sample alerts into the running desk: tickets are born, analysed and closed
	@$(PY) manage.py demo

test: $(VENV)/.dev ## the tests on the embedded default, where no service is needed (JOBS=2)
	@$(PY) -m pytest -n $(or $(JOBS),2) -m "not browser and not proof" $(PYTEST_ARGS)

test-browser: $(VENV)/.dev ## the pages in a real Chromium (CHROMIUM_PATH=, BROWSERS=2; npm brings axe-core)
	@npm install --silent --no-audit --no-fund --no-package-lock
	@$(PY) -m pytest -n $(or $(BROWSERS),2) -m browser tests/browser $(PYTEST_ARGS)

proof: $(VENV)/.dev ## the promises: promise, test, tries, failures (ROUNDS= ONLY=clock KIND=quick; DATABASE_URL= and REDIS_URL= for that shape)
	@ROUNDS=$(ROUNDS) ONLY="$(ONLY)" KIND="$(KIND)" $(PY) -m tests.faults

proof-of-proofs: $(VENV)/.dev ## take each protection out, in a copy, and see its test fail (ONLY= KIND=quick; DATABASE_URL= and REDIS_URL= for all)
	@ONLY="$(ONLY)" KIND="$(KIND)" $(PY) -m tests.faults.without

soak: $(VENV)/.dev ## mixed load, random kills and faults, then what must hold (MINUTES=10 SEED=)
	@$(PY) -m tests.faults.soak --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

nightly: $(VENV)/.dev ## hours: the promises with 100,000 bodies, each protection taken out, half an hour of soak (MINUTES=)
	@failed=0; \
	FUZZ_BODIES=100000 FUZZ_REQUESTS=20000 $(MAKE) --no-print-directory proof || failed=1; \
	$(MAKE) --no-print-directory proof-of-proofs || failed=1; \
	$(MAKE) --no-print-directory soak MINUTES=$(or $(MINUTES),30) || failed=1; \
	exit $$failed

check: check-static audit test ## everything that must hold before a change is merged

check-static: $(VENV)/.dev ## the part of it without tests: format, lint, types, layers, migrations, deployment
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports
	@$(PY) manage.py makemigrations --check --dry-run
	@.ci/check-deploy $(PY)

audit: $(VENV)/.base ## known holes and licences of what ships (says so where the network does not allow it)
	@VENV=$(VENV) .ci/audit audit

sbom: ## a CycloneDX bill of materials of what ships (SBOM=var/sbom.json)
	@.ci/audit sbom $(or $(SBOM),var/sbom.json)

bench: $(VENV)/.dev ## measure beside references, report in bench/reports/ (PARTS=webhook ROUNDS=3 BENCH_ROWS=1000000 BENCH_POSTGRES_URL= BENCH_REDIS_URL=)
	@$(PY) -m bench $(PARTS) --rounds $(or $(ROUNDS),3)

bench-references: var/bench/alerta/.installed ## Alerta, in an environment of its own, for the part `webhook` on PostgreSQL

var/bench/alerta/.installed: requirements/bench.txt
	@rm -rf var/bench/alerta && $(PYTHON) -m venv var/bench/alerta
	@echo "Installing requirements/bench.txt into var/bench/alerta ..."
	@var/bench/alerta/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/bench.txt
	@touch $@

plans: $(VENV)/.dev ## how the databases carry out each statement: docs/query-plans.md (BENCH_ROWS=200000 BENCH_POSTGRES_URL=)
	@BENCH_ROWS=$(or $(BENCH_ROWS),200000) $(PY) -m bench.plans

bench-check: $(VENV)/.dev ## compare the last report with the aims; fails where one was missed
	@$(PY) -m bench --check

lock: ## pin requirements/*.in into requirements/*.txt (needs uv)
	@for name in base dev prod audit bench telemetry; do uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate requirements/$$name.in -o requirements/$$name.txt; done

.PHONY: audit bench bench-check bench-references check check-static demo help lock nightly plans proof proof-of-proofs run run-beat run-web run-worker sbom soak test test-browser
