"""The gateway's own figures, in the chassis' registry."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from chassis.metrics import metrics

HTTP_SECONDS = Histogram(
    "closeloop_http_seconds",
    "Requests at the door: rate, errors by status, duration",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10),
    registry=metrics.registry,
)
RATE_LIMITED = Counter("closeloop_rate_limited_total", "Requests above a rate", ["limit"], registry=metrics.registry)
REDIS_AWAY = Counter("closeloop_redis_away_total", "Turns done without Redis", registry=metrics.registry)
STREAMS = Gauge("closeloop_streams", "Open live streams", registry=metrics.registry)
STREAMS_CUT = Counter(
    "closeloop_streams_cut_total", "Streams closed by the door, by reason", ["reason"], registry=metrics.registry
)
STREAM_DELAY = Histogram(
    "closeloop_stream_delay_seconds",
    "From the broker's receipt to the people's streams",
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 3, 10),
    registry=metrics.registry,
)
