"""Logs as JSON lines and traces that stay joined across processes.

Guarantee: each log line and each event carries the trace of the request that caused it. Spans are made by hand at the
edges (RPC in, RPC out, event out, event in) and sampled at the root, since tracing every statement costs a third of the
throughput. They leave the process only when `CLOSELOOP_OTLP_ENDPOINT` is set. No personal data: log ids, not names.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

import structlog
from opentelemetry import propagate, trace
from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from chassis.config import Settings

Logger = structlog.stdlib.BoundLogger
# Finds the provider by itself once there is one.
_TRACER = trace.get_tracer("chassis")


def start(service: str, settings: Settings, *processors: SpanProcessor) -> None:
    """Set up logs and traces of this process, once, before anything else."""
    _start_logs(service, settings.log_level)
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.trace_ratio)), resource=Resource.create({SERVICE_NAME: service})
    )
    for processor in (*processors, *_export(settings)):
        provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)


def logger(**fields: object) -> Logger:
    """Events are constant words ("relay.waiting"), what varies goes into fields."""
    return cast(Logger, structlog.get_logger(**fields))


class span:
    """A span around a block, below the current one.

    `parent` are headers of a request or event: the trace of their `traceparent` goes on, without one a trace begins.
    By hand and not by the library's own context managers: they take three times as long, several times per request.
    """

    def __init__(self, name: str, kind: SpanKind = SpanKind.INTERNAL, parent: Mapping[str, str] | None = None) -> None:
        context = None if parent is None else propagate.extract(parent, Context())
        self._span = _TRACER.start_span(name, context=context, kind=kind)

    def __enter__(self) -> Span:
        self._token = attach(trace.set_span_in_context(self._span))
        return self._span

    def __exit__(self, _: object, failure: BaseException | None, __: object) -> None:
        detach(self._token)
        if isinstance(failure, Exception) and self._span.is_recording():
            self._span.record_exception(failure)
            self._span.set_status(Status(StatusCode.ERROR, f"{type(failure).__name__}: {failure}"))
        self._span.end()


def trace_headers() -> dict[str, str]:
    """Headers that let the receiver join the current trace: `traceparent`, empty outside a trace."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier


def current_trace() -> Context:
    """Where this piece of work stands in its trace; for who goes on with it in another thread: `within`."""
    return get_current()


class within:
    """Work inside belongs to that trace."""

    def __init__(self, trace: Context) -> None:
        self._trace = trace

    def __enter__(self) -> None:
        self._token = attach(self._trace)

    def __exit__(self, *_: object) -> None:
        detach(self._token)


def trace_id() -> str:
    """The current trace as 32 hex digits, empty outside a trace."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""


def _export(settings: Settings) -> list[SpanProcessor]:
    if not settings.otlp_endpoint:
        return []
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return [BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp_endpoint, insecure=True))]


def _start_logs(service: str, level: str) -> None:
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        _add(service=service),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(level.upper())
    for chatty in ("grpc._server", "alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # Five lines a second while a broker is away; relay and consumer say it once instead.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


def _add_trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    current = trace_id()
    if current:
        event["trace_id"] = current
    return event


def _add(**fields: str) -> structlog.typing.Processor:
    def processor(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**fields, **event}

    return processor
