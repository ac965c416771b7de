"""How big a fault test is. `make faults` runs full size; the default keeps `make test` short."""

from __future__ import annotations

import os

SCALE = float(os.environ.get("CLOSELOOP_FAULT_SCALE") or 0.05)
IS_FULL = SCALE >= 1


def scaled(full: int, least: int = 1) -> int:
    """The share of `full` that this run takes, never below `least`."""
    return max(least, round(full * SCALE))


def seconds(full: float, least: float = 3.0) -> float:
    """The same for the length of an outage."""
    return max(least, full * SCALE)
