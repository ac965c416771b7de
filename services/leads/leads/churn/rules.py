"""When a buyer is lost, and what the figures of churn and repeat purchase are (LD9.2).

A buyer has bought at least once; cancelled orders count for nothing. Days are whole days of the Shanghai calendar.
For N days until a day: the last N days, that day included, are looked at. Who bought within the N days before those was
active; of the active, who bought nothing in the N days is lost. So the rate compares like with like, and who stopped
years ago is not lost again each month; such buyers are told apart, as gone.
A repeat buyer bought on at least two days: two orders of one day are one purchase that was split.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

# Of the report.
WINDOWS = (30, 90, 180)
REPEAT_DAYS = 365


class Subject(StrEnum):
    CUSTOMERS = "customers"
    # A point of sale is a buyer's place: it is lost when nobody buys there any more.
    STORES = "stores"


class By(StrEnum):
    NOTHING = ""
    GRADE = "grade"
    CLASS = "class"
    # The sales region: the part of the organisation below headquarters.
    REGION = "region"
    PROVINCE = "province"
    REP = "rep"
    # Where it bought last; of repeat purchases: each store where it bought.
    STORE = "store"


class Churned(StrEnum):
    """Which buyers of a figure."""

    BUYERS = "buyers"
    ACTIVE_BEFORE = "active_before"
    LOST = "lost"
    GONE = "gone"


class Repeated(StrEnum):
    BUYERS = "buyers"
    REPEATED = "repeated"
    ONCE = "once"


@dataclass(frozen=True)
class Window:
    """The N days until `as_of`, and the N days before them."""

    as_of: date
    days: int

    @property
    def start(self) -> date:
        """The last day before these days."""
        return self.as_of - timedelta(days=self.days)

    @property
    def active_after(self) -> date:
        """Who bought after it and until `start` was active before."""
        return self.start - timedelta(days=self.days)


def kinds(bought_on: Collection[date], window: Window) -> set[Churned]:
    """What one buyer is, from the days on which it bought; the definition that the SQL is held to."""
    until = [day for day in bought_on if day <= window.as_of]
    if not until:
        return set()
    found, last = {Churned.BUYERS}, max(until)
    active = any(window.active_after < day <= window.start for day in until)
    if active:
        found.add(Churned.ACTIVE_BEFORE)
    if last <= window.start:
        found.add(Churned.GONE)
        if active:
            found.add(Churned.LOST)
    return found


def repeats(bought_on: Iterable[date], window: Window) -> set[Repeated]:
    days = {day for day in bought_on if window.start < day <= window.as_of}
    if not days:
        return set()
    return {Repeated.BUYERS, Repeated.REPEATED if len(days) > 1 else Repeated.ONCE}


@dataclass(frozen=True)
class ChurnFigure:
    """Empty `group`: not known, or the total."""

    days: int
    group: str
    buyers: int
    active_before: int
    lost: int
    gone: int

    @property
    def rate(self) -> float | None:
        return self.lost / self.active_before if self.active_before else None


@dataclass(frozen=True)
class RepeatFigure:
    group: str
    buyers: int
    repeated: int

    @property
    def rate(self) -> float | None:
        return self.repeated / self.buyers if self.buyers else None


def totals(figures: Iterable[ChurnFigure]) -> list[ChurnFigure]:
    """Each buyer is in one group, so the parts add up."""
    kept = list(figures)
    return [
        ChurnFigure(
            days,
            "",
            *(sum(getattr(each, name) for each in kept if each.days == days) for name in Churned),
        )
        for days in WINDOWS
    ]
