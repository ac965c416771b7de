"""Each measurement runs through at its smallest size and prints the figures that docs/benchmarks.md is made of."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 240
# What a person reads off the page, by the measurement that prints it.
FIGURES = {
    # The longest one: last, it would run alone.
    "call_prices": [
        r"write: capture and assign: ([\d.]+) ms by the clock; CPU ms ([\d.]+)",
        r"a call of the mixed load beside idle loops: CPU ms ([\d.]+)",
    ],
    "capture_and_assign": [
        r"capture → owner, 50/s open loop, 100 reps \| p50 ([\d.]+) ms, p95 ([\d.]+) ms, p99 ([\d.]+) ms",
        r"pgbench, the same statements, 32 clients \| (\d+) tx/s",
        r"32 callers by gRPC \| ([\d.]+)/s.*\| ratio ([\d.]+)",
        r"32 callers by REST \| ([\d.]+)/s.*\| ratio ([\d.]+)",
    ],
    "capture_growth": [r"capture and assignment, 80 reps \| ([\d.]+) CPU ms; 2 times the reps.*\| ratio ([\d.]+)"],
    "gateway_added": [
        r"added by the gateway to one lead \| p50 (-?[\d.]+) ms, p95 (-?[\d.]+) ms.*ratio REST to gRPC ([\d.]+)",
        r"page of 50 of 500 leads by REST \| p50 ([\d.]+) ms, p95 ([\d.]+) ms",
    ],
    "action_to_stream": [
        r"action → another person's stream, 20 connected, 5/s \| p50 ([\d.]+) ms, p95 ([\d.]+) ms, p99 ([\d.]+) ms",
        r"order event → slip, 100/s \| p50 ([\d.]+) ms, p95 ([\d.]+) ms, p99 ([\d.]+) ms of 20",
    ],
    "bus": [
        r"relay \| (\d+) events/s.*bare producer (\d+) events/s.*ratio ([\d.]+)",
        r"consumer, set-based \| (\d+) events/s.*bare consumer with the same rows (\d+) events/s.*ratio ([\d.]+)",
    ],
    "csv_import": [
        r"CSV taken in, 200 rows \| (\d+) rows/s.*ratio ([\d.]+) of COPY",
        r"CSV by the door, 50 rows, each assigned \| (\d+) rows/s",
    ],
    "whole_import": [
        r"gb18030: tried, 300 rows \| (\d+) rows/s, silent for ([\d.]+) s at most",
        r"bom: taken in, 300 rows \| (\d+) rows/s",
        r"xlsx: captured by others meanwhile, 10/s \| p50 ([\d.]+) ms, p95 ([\d.]+) ms",
        r"xlsx: file of (\d+) refused rows \| ([\d.]+) s",
        r"xlsx: 300 rows taken back \| (\d+) rows/s, 0 kept",
        r"memory of leads at most (\d+) MB",
    ],
    "big_files": [
        r"camt.053, 4000 rows, \d MB \| (\d+) rows/s, peak [12]?\d\d MB.*ratio ([\d.]+) of COPY",
        r"bank CSV in GB18030, 4000 rows, \d MB \| (\d+) rows/s, peak [12]?\d\d MB.*ratio ([\d.]+) of COPY",
        r"lines of points of sale, 40000 rows, \d MB \| (\d+) rows/s, peak [12]?\d\d MB.*ratio ([\d.]+) of COPY",
        r"CPU µs per row: process (\d+), postgres (\d+)",
    ],
    "check_status": [
        r"CheckStatus of 5, 100/s open loop \| p50 ([\d.]+) ms, p95 ([\d.]+) ms, p99 ([\d.]+) ms",
        r"CheckStatus of 5, 8 callers \| (\d+)/s.*bare echo (\d+)/s.*\| ratio ([\d.]+)",
    ],
    "leads_assigned": [r"lead captured and assigned \| ([\d.]+) CPU ms and ([\d.]+) of PostgreSQL.*ratio ([\d.]+)"],
    "clocks_fired": [r"clock fired \| ([\d.]+) CPU ms and ([\d.]+) of PostgreSQL.*ratio ([\d.]+)"],
    "match_receipts": [
        r"1\d{3} receipts × 1\d{3} open receivables \| ([\d.]+) s, \d+ claimed.*ratio ([\d.]+) to the raw limit",
        r"matcher ([\d.]+) CPU s, postgres ([\d.]+) CPU s",
        r"precision (99\.[5-9]|100\.0)\d%, recall (9\d\.\d\d)%",
    ],
    "mixed_load": [
        r"mixed load, 10 users \| p50 ([\d.]+) ms, p95 ([\d.]+) ms, p99 ([\d.]+) ms.*errors (0\.00)%",
        r"write: capture and assign: p50",
        r"load generator (\d+)% of all cores",
    ],
}


@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.spec("P8.1")
@pytest.mark.parametrize("name", FIGURES)
def test_a_measurement_prints_its_figures(name: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", "--quick"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    for figure in FIGURES[name]:
        found = re.search(figure, ran.stdout)
        assert found, f"{figure} is not in\n{ran.stdout}\n{ran.stderr[-2000:]}"
        assert all(math.isfinite(float(number)) for number in found.groups())
