"""The bank tells of money that a person had entered: its row takes the place under the same id (N6.1).

The bank is believed. Claims stay where they are unless the money itself differs; then they can't stand, as after any
correction.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.feeds.rules import content_hash
from integration.receipts import by_hand_store, store
from integration.receipts.by_hand_rules import Superseded, differences, is_same_booking
from integration.receipts.ordinals import Key
from integration.receipts.rules import Entry, ReceiptCorrected, Statement

MONEY = {"amount_fen", "currency"}


@dataclass(frozen=True)
class Replaced:
    """`recounted`: the bank's amount or currency is another."""

    what: Superseded
    recounted: bool


def entered_by_hand(tx: Transaction, statement: Statement, entries: dict[Key, Entry]) -> dict[Key, Row[Any]]:
    """Which of these a person had entered, each once; locked."""
    if not entries:
        return {}
    rows = list(by_hand_store.by_hand(tx, statement.account, [each.booked_on for each in entries.values()]))
    found: dict[Key, Row[Any]] = {}
    for key, told in entries.items():
        row = next((each for each in rows if is_same_booking(store.entry_of(each), told)), None)
        if row is not None:
            rows.remove(row)
            found[key] = row
    return found


def supersede(tx: Transaction, row: Row[Any], statement: Statement, statement_id: str, told: Entry) -> Replaced:
    entered = store.entry_of(row)
    found = differences(entered, told)
    recounted = bool(MONEY & {each.field for each in found})
    origin = {"statement_id": statement_id, "bank": statement.bank, "format": statement.format}
    store.change_entry(tx, row.id, asdict(told) | origin | {"content_hash": content_hash(told)})
    by_hand_store.forget_hand(tx, row.id)
    for each in found:
        tx.record(ReceiptCorrected(row.id, each.field, each.entered, each.told))
    return Replaced(Superseded(row.id, found), recounted)
