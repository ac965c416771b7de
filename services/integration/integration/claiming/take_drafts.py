"""Bank acceptance drafts among receipts: kept with their maturity, and their money told from new money (N4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.draft_rules import BankDraft, draft_in, held_back, is_of_the_future
from integration.claiming.rules import Decision


@dataclass(frozen=True)
class Drafts:
    """By receipt id: the drafts, and those that a person has to look at first."""

    of: dict[str, BankDraft]
    held: dict[str, Decision]


def take_drafts(tx: Transaction, rows: Sequence[Row[Any]]) -> Drafts:
    found = {row.id: draft for row in rows if (draft := draft_in(row.remark)) is not None}
    if not found:
        return Drafts({}, {})
    booked = {row.id: row.booked_on for row in rows}
    first = store.drafts_by_number(tx, [each.number for each in found.values()])
    for receipt_id, draft in found.items():
        first.setdefault(draft.number, receipt_id)
    held = {
        receipt_id: decision
        for receipt_id, draft in found.items()
        if (decision := held_back(draft, draft.number != "" and first[draft.number] != receipt_id))
    }
    kept = {id_: draft for id_, draft in found.items() if id_ not in held and is_of_the_future(booked[id_], draft)}
    store.keep_drafts(tx, list(kept.items()))
    return Drafts(kept, held)
