# Everything a developer types. `make help` lists it.
PYTHON ?= python3
BIN := .venv/bin
BENCHES := capture_and_assign capture_growth gateway_added action_to_stream bus csv_import check_status leads_assigned clocks_fired mixed_load call_prices
PACKAGES := libs services simulators tools
CHECKED := $(PACKAGES) bench tests conftest.py proto/generate.py proto/hatch_build.py

# One more than two cores: with as many as cores these are a third idle, while tests wait for the disk and for each
# other's locks. Each worker starts its own PostgreSQL, broker and Redis once.
WORKERS ?= 3

# BROKER=kafka: Apache Kafka instead of the embedded broker.
BROKER_CHOICE = $(if $(filter kafka,$(BROKER)),jars=$$($(PYTHON) tools/tiers/kafka_jars.py) && CLOSELOOP_BROKER=kafka CLOSELOOP_KAFKA_JARS=$$jars)

.DEFAULT_GOAL := help
.PHONY: help setup setup-run demo kafka test-kafka down test bench test-extra test-chart test-image test-observability image sbom unit faults lint format types proto proto-baseline lock docs

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## .venv with everything tests and lints need; immediate when nothing changed
	@$(PYTHON) tools/environment.py dev

setup-run:
	@$(PYTHON) tools/environment.py run

demo: setup-run ## play a working day through all the services; the system stays up
	@$(BROKER_CHOICE) $(BIN)/closeloop demo

kafka: ## fetch Apache Kafka (needs Java and Maven) and tell where it lies; BROKER=kafka make demo runs on it
	@$(PYTHON) tools/tiers/kafka_jars.py

down: ## stop everything that demo started; DATA=remove deletes its data too
	@test -x $(BIN)/closeloop || { echo "nothing to stop: .venv is not there"; exit 0; }; \
	$(BIN)/closeloop down $(if $(filter remove,$(DATA)),--remove-data)

test: setup lint types unit system ## all that needs Python alone: lint, types, contracts, tests

unit:
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --ignore tests/e2e --ignore tests/faults --ignore tests/deploy --ignore tests/apache_kafka --ignore tests/prometheus --ignore tests/bench

# Whole systems, which take both cores: one after the other, or their deadlines would judge the machine. Small
# measurements are held to no figure of speed, so they may run side by side.
system:
	@$(BIN)/python -m pytest -q tests/e2e tests/faults
	@$(BIN)/python -m pytest -q -n 2 --dist load tests/bench

faults: setup ## the fault tests at full size (make test runs them small); SCALE=0.2 for a fifth
	@CLOSELOOP_FAULT_SCALE=$(or $(SCALE),1) $(BIN)/python -m pytest -q -s -o timeout=3600 tests/faults
	@$(BIN)/python -m bench.audit_cost

faults-red: setup ## break each guarantee on purpose, in a copy, and see its fault test fail (20 minutes)
	@$(BIN)/python -m tests.faults.red $(LINES)

bench: setup ## measure speed (docs/benchmarks.md), 12 minutes on an idle machine; BENCH=bus for one, QUICK=1 for small runs
	@for each in $(or $(BENCH),$(BENCHES)); do echo "== $$each"; $(BIN)/python -m bench.$$each $(if $(QUICK),--quick) || exit 1; done

test-extra: setup ## tiers that need Node, Java, Go or a browser
	@$(BIN)/python -m tools.tiers

test-kafka: setup ## the bus, restarts of the broker and the whole day on Apache Kafka (needs Java and Maven)
	@$(BIN)/python -m tools.tiers "Apache Kafka"
	@CLOSELOOP_BROKER=kafka CLOSELOOP_KAFKA_JARS=$$($(PYTHON) tools/tiers/kafka_jars.py) $(BIN)/python -m pytest -q tests/e2e/test_day.py

test-chart: setup ## Helm chart and compose file: rendered, checked against schemas and settings (needs Go)
	@$(BIN)/python -m tools.tiers chart

test-image: setup ## what the image holds, assembled without an engine: every service starts from it
	@$(BIN)/python -m tools.tiers image

test-observability: setup ## alert rules and dashboards against Prometheus itself (unpacks Debian's package)
	@$(BIN)/python -m tools.tiers observability

image: ## the image, by docker or podman; IMAGE names it, BASE its base
	@sh deploy/image/build.sh

sbom: setup ## dist/sbom.cdx.json: what the image holds, as CycloneDX
	@mkdir -p dist && $(BIN)/cyclonedx-py requirements requirements-services.lock --of JSON --sv 1.6 \
	  --output-reproducible --validate -o dist/sbom.cdx.json && echo dist/sbom.cdx.json

lint: setup proto ## style, import contracts, contract rules
	@$(BIN)/ruff check --quiet $(CHECKED)
	@$(BIN)/ruff format --quiet --check $(CHECKED) || { echo "run: make format"; exit 1; }
	@found=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$found"; exit 1; }
	@$(BIN)/python -m tools.checks.buf lint
	@$(BIN)/python -m tools.checks.contract_rules
	@$(BIN)/python -m tools.checks.buf breaking

format: setup ## put the code into its one format
	@$(BIN)/ruff check --quiet --fix $(CHECKED); $(BIN)/ruff format $(CHECKED)

types: setup proto ## mypy, strict
	@$(BIN)/mypy --no-error-summary

proto: setup ## generate the contracts again (nothing to do when no .proto changed)
	@$(BIN)/python proto/generate.py

proto-baseline: proto ## make today's contracts the promise that `buf breaking` compares with
	@$(BIN)/python -m tools.checks.buf baseline

docs: setup ## write the generated pages again: features, errors, events
	@$(BIN)/python -m tools.pages

lock: ## pin the newest versions that fit requirements*.in, with hashes
	@test -x var/lock/bin/uv || { $(PYTHON) -m venv var/lock && var/lock/bin/pip install --quiet uv; }
	@pin() { var/lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet "$$@"; }; \
	pin requirements.in -o requirements.lock && \
	pin requirements-services.in -c requirements.lock -o requirements-services.lock && \
	pin requirements-dev.in -c requirements.lock -o requirements-dev.lock
