"""One lead through real processes: one trace to the live stream, figures at Prometheus, nobody's name in the logs."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from tests.faults.gateway.page import Page
from tests.faults.gateway.test_stream import following
from tests.faults.programs import wait_for
from tests.observability.rules import dashboards, queries
from tests.prometheus.conftest import Collector, Prometheus, Watched

pytestmark = [pytest.mark.spec("P6.1"), pytest.mark.timeout(600)]
OPS = "E90001"
PERSON, PHONE = "欧阳测测", "13912345678"
# What a screen shows at first sight: these lines must be there once a lead came in.
DRAWN = (
    "closeloop_rpc_seconds",
    "closeloop_http_seconds",
    "closeloop_outbox_age_seconds",
    "closeloop_consumer_lag",
    "closeloop_consumed_total",
    "closeloop_leads_waiting",
    "closeloop_audit_unsealed_rows",
    "closeloop_job_seconds_count",
    "closeloop_deadline_overdue_seconds",
    "closeloop_events_total",
    "closeloop_streams",
    "process_resident_memory_bytes",
)
CHAIN = [
    ("gateway", "POST /api/v1/leads"),
    ("gateway", "CaptureService/CaptureLead"),
    ("leads", "CaptureService/CaptureLead"),
    ("integration", "consume leads.assignment_held"),
    ("gateway", "stream"),
]


@pytest.fixture(scope="module")
def trace(watched: Watched) -> str:
    """A lead that nobody can take was captured, and the person in charge saw it at once. The trace of it."""
    watched.employ(OPS, position="sales_ops")
    door = watched.replicas[0]
    page = Page([door.url], door.token(OPS))
    lead = {"companyName": "临安电子", "contactName": PERSON, "phone": PHONE, "channel": "expo", "grade": "GRADE_A"}
    with following([page]):
        wait_for(lambda: page.is_open, what="the live stream")
        with door.client("bootstrap") as client:
            answer = client.post("/api/v1/leads", json=lead)
            assert answer.status_code == 200, answer.text
            refused = client.post("/api/v1/leads", json=lead | {"phone": f"{PHONE}0000", "contactName": PERSON * 90})
            assert refused.status_code == 400
        wait_for(lambda: page.ids, what="the notification in the live stream")
    return str(answer.headers["x-trace-id"])


def test_one_trace_leads_from_the_request_to_the_live_stream(trace: str, collector: Collector) -> None:
    def steps() -> list[tuple[str, str]]:
        return [(service, span.name) for service, span in collector.of(trace)]

    wait_for(lambda: set(CHAIN) <= set(steps()), what="the whole chain in one trace")
    assert ("gateway", "POST none") not in steps(), "the next request on the same connection joined this trace"
    spans = {(service, span.name): span for service, span in collector.of(trace)}
    for cause, effect in pairwise(CHAIN):
        assert spans[effect].parent_span_id == spans[cause].span_id, f"{effect} is not caused by {cause}"


def test_prometheus_draws_the_dashboards_from_real_processes(trace: str, scraping: Prometheus) -> None:
    def drawn() -> list[str]:
        answered = [query for query in asked if scraping.ask(query)]
        return [name for name in DRAWN if not any(name in query for query in answered)]

    boards = [each for each in dashboards() if each.stem in ("leads", "integration", "gateway", "business")]
    asked = [query.replace("$__rate_interval", "10s") for each in boards for query in queries(each)]
    wait_for(lambda: not drawn(), 60, "every line that a screen shows at first sight")
    assert scraping.broken_rules() == []
    named = {each["metric"]["exported_job"] for each in scraping.ask('closeloop_job_seconds_count{job="closeloop"}')}
    assert "feeds.watch" in named


def test_logs_are_json_and_tell_nothing_about_people(trace: str, watched: Watched) -> None:
    for name, program in watched.programs.items():
        lines: list[dict[str, Any]] = [json.loads(line) for line in program.said().splitlines()]
        assert {line["service"] for line in lines} == {name}
        for secret in (PERSON, PHONE, f"+86{PHONE}"):
            assert secret not in program.said()
