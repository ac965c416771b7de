"""Why two figures of a period differ, with the rows (N7.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from chassis.errors import InvalidInput, Violation
from chassis.kernel.calendar import local_date
from chassis.unit_of_work import Transaction
from integration.bridge import store
from integration.bridge.bridge_rules import Asked, bridge
from integration.bridge.enter_outside_figure import get_outside_figure
from integration.bridge.errors import OtherPeriod
from integration.bridge.outside_rules import Outside
from integration.bridge.rules import Bridge, Figure
from integration.claiming.summarise_collections import standing_of_bank

LONGEST_PERIOD = 400


@dataclass(frozen=True)
class Which:
    """A figure to compare. `as_of` is None for now; `outside_id` names one from outside."""

    figure: Figure
    outside_id: str = ""
    as_of: datetime | None = None


@dataclass(frozen=True)
class Compared:
    """`provisional`: the bank's data are not proved complete, so that classes may still move."""

    bridge: Bridge
    names: tuple[str, str]
    provisional: bool
    complete_until: datetime | None


def compare_figures(tx: Transaction, period: tuple[date, date], a: Which, b: Which) -> Compared:
    """Raises InvalidInput for a period that is none, OutsideFigureNotFound or OtherPeriod."""
    _refuse_odd_period(period)
    asked_a, asked_b = _asked(tx, period, a), _asked(tx, period, b)
    provisional, until = standing_of_bank(tx)
    credits = store.credits(tx, period, _booked(period, asked_a, asked_b))
    # While something is missing it may be of any day.
    proved = local_date(until) if until and not provisional else None
    found = bridge(credits, period, asked_a, asked_b, proved)
    return Compared(found, (_name(asked_a), _name(asked_b)), provisional, until)


def _asked(tx: Transaction, period: tuple[date, date], which: Which) -> Asked:
    as_of = which.as_of or tx.now
    if which.figure is not Figure.OUTSIDE:
        return Asked(which.figure, as_of)
    if not which.outside_id:
        raise InvalidInput.of(Violation("outside_figure_id", "which figure from outside?", "请指定外部数字"))
    row = get_outside_figure(tx, which.outside_id)
    if (row.first_on, row.last_on) != period:
        error = OtherPeriod(name=row.name, first=row.first_on, last=row.last_on)
        error.violations = (Violation("first_on", error.text_en, error.text_zh),)
        raise error
    return Asked(which.figure, as_of, Outside(row.name, row.total_fen, store.rows_of(tx, row.id)))


def _booked(period: tuple[date, date], *asked: Asked) -> tuple[date, date]:
    """A list from outside may name money of other days."""
    named = [row.booked_on for each in asked if each.outside for row in each.outside.rows]
    return min([period[0], *named]), max([period[1], *named])


def _name(asked: Asked) -> str:
    return asked.outside.name if asked.outside else asked.figure.value


def _refuse_odd_period(period: tuple[date, date]) -> None:
    days = (period[1] - period[0]).days
    if days < 0:
        raise InvalidInput.of(Violation("last_on", "must not lie before the first day", "不能早于首日"))
    if days > LONGEST_PERIOD:
        raise InvalidInput.of(Violation("last_on", f"at most {LONGEST_PERIOD} days", f"期间最长 {LONGEST_PERIOD} 天"))
