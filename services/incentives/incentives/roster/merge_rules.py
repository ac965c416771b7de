"""Two records of one customer (LD1.4): an order counts among those of all that were one when it was signed.

As with class and grade, what held at signing decides (I1.1). A merge brings together what is signed from then on: who
orders for the first time under another record is no new customer. Orders signed before, and their money, stay as they
were; parting changes what is signed from then on, and nothing of what was signed in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Merge:
    """A record was merged into `kept_id`; None: it was parted again. `version`: of the record."""

    merged_id: str
    version: int
    kept_id: str | None
    at: datetime


class Merges:
    """Of some customers, and of all that were ever one with them."""

    def __init__(self, told: Iterable[Merge]) -> None:
        self._of: dict[str, list[Merge]] = {}
        for each in sorted(told, key=lambda each: each.version):
            self._of.setdefault(each.merged_id, []).append(each)
        self.customers = frozenset(self._of) | {
            each.kept_id for way in self._of.values() for each in way if each.kept_id
        }

    def whole_at(self, customer_id: str, at: datetime) -> str:
        """The customer that went on with the record at the time: itself, unless it was merged."""
        into: str | None = None
        for each in self._of.get(customer_id, ()):
            into = each.kept_id if each.at <= at else into
        return into or customer_id

    def one_at(self, customer_id: str, at: datetime) -> frozenset[str]:
        """All records that were this customer at the time."""
        whole = self.whole_at(customer_id, at)
        return frozenset({whole, *(each for each in self._of if self.whole_at(each, at) == whole)})
