"""A log line is JSON and knows its trace. Run in a process of its own: logging and tracing are process-wide."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging
from chassis import telemetry
from chassis.config import Settings
telemetry.start("leads", Settings(trace_ratio=1, otlp_endpoint=""))
log = telemetry.logger(feature="capture")
with telemetry.span("work", parent={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}):
    log.info("lead.captured", lead_id="L1")
    logging.getLogger("sqlalchemy").warning("pool %s", "is full")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("lead.failed", 原因="除零")
log.debug("too.much")
"""


@pytest.mark.spec("P6.1")
def test_log_lines_are_json_with_the_callers_trace() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]

    captured, library, failed = lines
    assert captured["event"] == "lead.captured"
    assert (captured["lead_id"], captured["feature"], captured["service"]) == ("L1", "capture", "leads")
    assert captured["trace_id"] == library["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert library["event"] == "pool is full"
    assert "trace_id" not in failed
    assert "ZeroDivisionError" in failed["exception"]
    assert "除零" in done.stderr
