"""Rules, runbooks and dashboards ask for metrics and labels that the code really has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.observability.promql import unknown
from tests.observability.registered import TARGET_LABELS, registered
from tests.observability.rules import ROOT, RUNBOOKS, dashboards, expressions, queries, recorded

pytestmark = pytest.mark.spec("P6.1")


@pytest.fixture(scope="module")
def known() -> dict[str, frozenset[str]]:
    records = {
        name: frozenset(label for rule in rules for label in rule.get("labels", {}))
        for name, rules in recorded().items()
    }
    return registered() | records


@pytest.mark.parametrize("expression", expressions())
def test_a_rule_asks_for_what_is_there(expression: str, known: dict[str, frozenset[str]]) -> None:
    assert unknown(expression, known) == []


@pytest.mark.parametrize("runbook", sorted(RUNBOOKS.iterdir()), ids=lambda page: page.stem)
def test_a_query_of_a_runbook_asks_for_what_is_there(runbook: Path, known: dict[str, frozenset[str]]) -> None:
    queries = re.findall(r"```promql\n(.*?)\n```", runbook.read_text(encoding="utf-8"), re.S)
    assert queries
    assert {query: unknown(query, known) for query in queries} == {query: [] for query in queries}


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda file: file.stem)
def test_a_dashboard_asks_for_what_is_there(dashboard: Path, known: dict[str, frozenset[str]]) -> None:
    asked = queries(dashboard)
    assert len(asked) > 10
    assert {query: unknown(query, known) for query in asked} == {query: [] for query in asked}


def test_the_events_that_the_business_looks_at_are_in_the_contracts() -> None:
    contracts = "\n".join(file.read_text(encoding="utf-8") for file in ROOT.glob("proto/closeloop/**/*.proto"))
    (board,) = (each for each in dashboards() if each.stem == "business")
    named = {
        each for query in queries(board) for found in re.findall(r'type=~"([^"]+)"', query) for each in found.split("|")
    }
    assert len(named) > 20
    assert [each for each in sorted(named) if f'"{each}"' not in contracts] == []


def test_every_service_has_a_dashboard() -> None:
    services = {file.parent.name for file in (ROOT / "services").glob("*/README.md")}
    assert {each.stem for each in dashboards()} == services | {"business"}


def test_what_is_not_there_is_found(known: dict[str, frozenset[str]]) -> None:
    assert unknown("rate(closeloop_rpc_secs_count[5m])", known) == ["closeloop_rpc_secs_count is no metric"]
    assert unknown('closeloop_outbox_rows{topic="x"}', known) == ["closeloop_outbox_rows has no label topic"]
    (problem,) = unknown("sum by (service, colour) (closeloop_outbox_rows) > 1", known)
    assert problem.startswith("colour is no label")
    assert unknown('sum by (exported_job) (closeloop_job_seconds_count{job="closeloop"})', known) == []


def test_counters_and_histograms_are_known_by_their_samples(known: dict[str, frozenset[str]]) -> None:
    assert known["closeloop_rpc_seconds_bucket"] == TARGET_LABELS | {"method", "code", "le"}
    assert known["closeloop_events_total"] == TARGET_LABELS | {"type"}
    assert known["process_cpu_seconds_total"] == TARGET_LABELS
    assert "closeloop_rpc_seconds" not in known
