"""Two times of a handover, and the loss, over many (LD10.1): the move is the system's, the check-off is people's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from leads.handover.loss_rules import loss_rate


@dataclass(frozen=True)
class Through:
    """One handover; instants absent while it is under way."""

    opened_at: datetime
    moved_at: datetime | None
    closed_at: datetime | None
    customers_moved: int
    lost: int


@dataclass(frozen=True)
class Times:
    """Seconds; None of none. `p90`: at least 90 % took no longer."""

    count: int
    mean: float | None
    p90: float | None


@dataclass(frozen=True)
class Report:
    handovers: int
    to_move: Times
    # Share of the moved ones that moved within the deadline.
    in_time: float | None
    to_check_off: Times
    customers: int
    lost: int
    rate: float | None


def report(found: Iterable[Through], deadline: timedelta) -> Report:
    rows = list(found)
    moves = [(each.moved_at - each.opened_at).total_seconds() for each in rows if each.moved_at]
    checks = [(each.closed_at - each.moved_at).total_seconds() for each in rows if each.moved_at and each.closed_at]
    customers, lost = sum(each.customers_moved for each in rows), sum(each.lost for each in rows)
    in_time = sum(each <= deadline.total_seconds() for each in moves)
    return Report(
        handovers=len(rows),
        to_move=times(moves),
        in_time=round(in_time / len(moves), 4) if moves else None,
        to_check_off=times(checks),
        customers=customers,
        lost=lost,
        rate=loss_rate(lost, customers),
    )


def times(seconds: Sequence[float]) -> Times:
    if not seconds:
        return Times(0, None, None)
    ordered = sorted(seconds)
    return Times(len(ordered), round(sum(ordered) / len(ordered), 1), ordered[ceil(0.9 * len(ordered)) - 1])


def seconds_between(since: datetime | None, until: datetime | None) -> int | None:
    """Whole seconds; None while one of the two has not come."""
    return None if since is None or until is None else int((until - since).total_seconds())
