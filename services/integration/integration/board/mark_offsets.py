"""Note on the board's rows which differences cancel each other (N5.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.board import store
from integration.board.offset_rules import Counterpart, Gap, counterparts
from integration.board.policy import ThreeWayPolicy
from integration.board.rules import Side


def mark_offsets(tx: Transaction, customers: Iterable[str], policy: ThreeWayPolicy) -> None:
    """Over all contracts of these customers: one that changes may cancel another, or no longer."""
    of_customer: defaultdict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
    for row in store.different(tx, customers):
        of_customer[row.customer_code, row.currency].append(row)
    for rows in of_customer.values():
        found = counterparts((gap for row in rows for gap in _gaps(row)), policy)
        for row in rows:
            own = [each for each in row.offsets if each["thread"] == row.thread]
            told = own + [_across(each) for each in found.get(row.thread, ())]
            if told != row.offsets:
                store.set_offsets(tx, row.thread, row.currency, told)


def _gaps(row: Row[Any]) -> Iterable[Gap]:
    return (Gap(row.thread, Side(each["side"]), each["fen"]) for each in row.differences if not each["order_id"])


def _across(other: Counterpart) -> dict[str, Any]:
    return {
        "side": other.side.value, "order_id": "", "thread": other.thread, "other_side": other.side.value,
        "other_order_id": "", "fen": other.fen,
    }  # fmt: skip
