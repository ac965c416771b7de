"""Which two customers may be one: by phone, or by names nearly the same in one city (LD1.3, LD1.4).

One credit code can't be borne twice; two different ones are two firms: with one phone that is a hint and no more. A
branch is linked to its parent, never taken for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from leads.duplicates.near_rules import Named, nearest

# More than this for one customer is nothing that a person would look through.
MOST = 5


class Why(StrEnum):
    PHONE = "phone"
    NAME = "name"
    TWO_FIRMS = "two_firms"


@dataclass(frozen=True)
class Known:
    """A customer as it is compared. `parent_id`: of the customer it is linked to as a branch."""

    named: Named
    phone: str
    parent_id: str | None = None

    @property
    def customer_id(self) -> str:
        return self.named.record_id


@dataclass(frozen=True)
class Suggested:
    """The newer one and the one it may be; `score` of 100, None for a phone."""

    customer_id: str
    other_id: str
    why: Why
    score: float | None


def suggested(new: Known, known: Iterable[Known], least: float) -> list[Suggested]:
    """The likeliest first: by phone, then by name."""
    found = [each for one in known if (each := _pair(new, one, least))]
    found.sort(key=lambda each: (list(Why).index(each.why), -(each.score or 0), each.other_id))
    return found[:MOST]


def _pair(new: Known, other: Known, least: float) -> Suggested | None:
    one, two = new.named, other.named
    if new.customer_id == other.customer_id or one.parent_key != two.parent_key:
        return None
    if new.parent_id == other.customer_id or other.parent_id == new.customer_id:
        return None
    older, newer = sorted((new.customer_id, other.customer_id))
    if new.phone and new.phone == other.phone:
        two_codes = one.uscc and two.uscc and one.uscc != two.uscc
        return Suggested(newer, older, Why.TWO_FIRMS if two_codes else Why.PHONE, None)
    near = nearest(one, [two], least)
    return Suggested(newer, older, Why.NAME, round(near[1], 1)) if near else None
