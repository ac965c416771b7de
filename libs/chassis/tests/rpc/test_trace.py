"""One trace from the caller through every hop, into logs and figures."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis import telemetry
from chassis.errors import NotFound
from chassis.metrics import metrics
from chassis.testing.contracts import Contract
from chassis.testing.identity import Keys, as_rep
from chassis.testing.rpc import Rpc

from .conftest import Stage, passes_on, raises


@pytest.fixture(scope="session")
def exporter() -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.mark.spec("P6.1")
def test_spans_of_all_hops_are_one_trace(
    stage: Stage, rpc: Rpc, contract: Contract, keys: Keys, exporter: InMemorySpanExporter
) -> None:
    exporter.clear()
    traces: list[str] = []
    stage.notebook.plays["far"] = lambda: traces.append(telemetry.trace_id())
    stage.notebook.plays["near"] = passes_on(rpc.server(stage.servicers).port, keys, contract, "far")
    stub = contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=as_rep()))

    with telemetry.span("a person clicks"):
        traces.append(telemetry.trace_id())
        stub.ReadNote(contract.pb2.ReadNoteRequest(play="near"))

    while len(exporter.get_finished_spans()) < 5:
        pass
    spans = exporter.get_finished_spans()
    assert len(traces) == 2
    assert len(set(traces)) == 1
    assert {trace.format_trace_id(span.context.trace_id) for span in spans} == set(traces)
    assert sorted((span.name, span.kind.name) for span in spans) == [
        ("NotebookService/ReadNote", "CLIENT"),
        ("NotebookService/ReadNote", "CLIENT"),
        ("NotebookService/ReadNote", "SERVER"),
        ("NotebookService/ReadNote", "SERVER"),
        ("a person clicks", "INTERNAL"),
    ]


@pytest.mark.spec("P6.1")
def test_a_request_without_a_trace_begins_one_whatever_ran_before_it(exporter: InMemorySpanExporter) -> None:
    with telemetry.span("the request before"):
        before = telemetry.trace_id()
        with telemetry.span("a request", parent={}):
            assert telemetry.trace_id() not in ("", before)
        with telemetry.span("a part of it"):
            assert telemetry.trace_id() == before


@pytest.mark.spec("P6.1")
def test_rate_errors_and_duration_are_counted_by_method_and_code(stage: Stage, rpc: Rpc, contract: Contract) -> None:
    def served(code: str) -> float:
        labels = {"method": "NotebookService/ReadNote", "code": code}
        return metrics.registry.get_sample_value("closeloop_rpc_seconds_count", labels) or 0.0

    before = served("OK"), served("NOT_FOUND")
    stage.notebook.plays["no"] = raises(NotFound())
    stub = contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=as_rep()))
    stub.ReadNote(contract.pb2.ReadNoteRequest())
    with pytest.raises(NotFound):
        stub.ReadNote(contract.pb2.ReadNoteRequest(play="no"))

    while (served("OK"), served("NOT_FOUND")) != (before[0] + 1, before[1] + 1):
        pass
