"""Rules, runbooks and dashboards ask for metrics and labels that the code really has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.observability.promql import unknown
from tests.observability.registered import TARGET_LABELS, registered
from tests.observability.rules import RUNBOOKS, expressions, recorded

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
