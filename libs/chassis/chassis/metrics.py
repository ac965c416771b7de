"""Every metric of a service, by name and type, on one page. Dashboards and alerts are written against these names.

One registry per process, as with loggers: `metrics.rpc_seconds.labels(...)`. Business counters of a service are added
in its own bootstrap with `metrics.registry`.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_RPC_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10)
_DELAY_BUCKETS = (0.1, 0.5, 1, 2, 5, 15, 60, 300, 900, 3600)


class Metrics:
    """Times are seconds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        ProcessCollector(registry=registry)
        self.rpc_seconds = Histogram(
            "closeloop_rpc_seconds",
            "Served RPCs: rate, errors by code, duration",
            ["method", "code"],
            buckets=_RPC_BUCKETS,
            registry=registry,
        )
        self.rpc_in_flight = Gauge("closeloop_rpc_in_flight", "RPCs being served", registry=registry)
        self.call_seconds = Histogram(
            "closeloop_call_seconds",
            "RPCs to neighbours, retries included",
            ["target", "method", "code"],
            buckets=_RPC_BUCKETS,
            registry=registry,
        )
        self.call_retries = Counter(
            "closeloop_call_retries_total", "Attempts after the first", ["target"], registry=registry
        )
        self.events = Counter(
            "closeloop_events_total",
            "Business events that committed: leads captured, slips made, receipts claimed, …",
            ["type"],
            registry=registry,
        )
        self.outbox_age = Gauge(
            "closeloop_outbox_age_seconds", "Age of the oldest unpublished event", registry=registry
        )
        self.outbox_rows = Gauge("closeloop_outbox_rows", "Unpublished events", registry=registry)
        self.relayed = Counter(
            "closeloop_relayed_total", "Events the broker acknowledged", ["topic"], registry=registry
        )
        self.consumed = Counter(
            "closeloop_consumed_total",
            "Events by outcome: done, twice, retried, parked, skipped",
            ["type", "outcome"],
            registry=registry,
        )
        self.consumer_lag = Gauge(
            "closeloop_consumer_lag", "Messages behind the high-water mark", ["topic", "partition"], registry=registry
        )
        self.parked = Gauge("closeloop_parked_events", "Events waiting for a person", registry=registry)
        self.deadline_delay = Histogram(
            "closeloop_deadline_delay_seconds",
            "How late a clock fired",
            ["kind"],
            buckets=_DELAY_BUCKETS,
            registry=registry,
        )
        self.deadline_failures = Counter(
            "closeloop_deadline_failures_total",
            "Clocks whose work failed; each is tried again",
            ["kind"],
            registry=registry,
        )
        self.deadline_overdue = Gauge(
            "closeloop_deadline_overdue_seconds", "How long the earliest clock has been due", registry=registry
        )
        self.job_seconds = Histogram(
            "closeloop_job_seconds", "Runs of dated work", ["job", "outcome"], buckets=_DELAY_BUCKETS, registry=registry
        )
        self.feed_lag = Gauge("closeloop_feed_lag_seconds", "Age of a feed's newest data", ["feed"], registry=registry)
        self.audit_unsealed = Gauge("closeloop_audit_unsealed_rows", "Audit rows not yet chained", registry=registry)
        self.audit_lag = Gauge(
            "closeloop_audit_lag_seconds", "Age of the oldest unchained audit row", registry=registry
        )
        self.loop_restarts = Counter(
            "closeloop_loop_restarts_total", "Background loops started again after a crash", ["loop"], registry=registry
        )

    def exposition(self) -> bytes:
        """The page that Prometheus reads."""
        return generate_latest(self.registry)


metrics = Metrics(CollectorRegistry())
