"""SQL of closed leads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from leads import tables


class Closed(Protocol):
    """A lead that was won or lost."""

    @property
    def external_id(self) -> str: ...
    @property
    def owner_id(self) -> str: ...
    @property
    def grade(self) -> str: ...
    @property
    def won(self) -> bool: ...
    @property
    def closed_at(self) -> datetime: ...


def keep(tx: Transaction, leads: Sequence[Closed]) -> int:
    """Each lead closes once: the first record stays. How many were new."""
    rows = [
        {
            "external_id": each.external_id,
            "owner_id": each.owner_id,
            "grade": str(each.grade),
            "won": each.won,
            "closed_at": each.closed_at,
        }
        for each in leads
    ]
    if not rows:
        return 0
    statement = insert(tables.closed_lead).values(rows).on_conflict_do_nothing()
    return len(tx.execute(statement.returning(tables.closed_lead.c.external_id)).all())
