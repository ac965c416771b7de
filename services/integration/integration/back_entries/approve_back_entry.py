"""Approve a back-entry: for finance, then for sales, which posts it through the feed's own path (N6.1)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.back_entries.events import BackfillApproved
from integration.back_entries.move_back_entry import amount_of, moved, step, tell_who_waits
from integration.back_entries.rules import SALES_DIRECTOR, Command, State
from integration.back_entries.told_by_bank import entry_of, told_by_bank
from integration.claiming.match_waiting import match_waiting
from integration.claiming.policy import ClaimingPolicy
from integration.receipts import by_hand_store
from integration.receipts import store as receipts
from integration.receipts.books_store import have_books_alone
from integration.receipts.by_hand_rules import BY_HAND, differences
from integration.receipts.documents import Part
from integration.receipts.rules import Statement
from integration.receipts.store import Origin
from integration.receipts.take_statement import take_part


def approve_back_entry(tx: Transaction, back_entry_id: str, policy: ClaimingPolicy) -> Row[Any]:
    """Raises what `decide` raises, BackEntryNotFound, or LooksLikeAReceipt."""
    # Before the row, as a feed does that confirms it.
    have_books_alone(tx)
    row, after = step(tx, back_entry_id, Command.APPROVE)
    if after is State.APPROVED_BY_FINANCE:
        tell_who_waits(tx, row, SALES_DIRECTOR)
        by, at = tx.identity.subject, tx.now
        return moved(tx, row, after, Command.APPROVE, finance_approver_id=by, finance_approved_at=at)
    told = told_by_bank(tx, row, amount_of(row))
    receipt_id = _post(tx, row, policy) if told is None else str(told.id)
    approved: dict[str, Any] = {
        "sales_approver_id": tx.identity.subject,
        "sales_approved_at": tx.now,
        "receipt_id": receipt_id,
    }
    linked: dict[str, Any] = {} if told is None else _linked(tx, row, told)
    posted = moved(tx, row, after, Command.APPROVE, **(approved | linked))
    tx.record(_approved(posted, linked=told is not None))
    return posted


def _post(tx: Transaction, row: Row[Any], policy: ClaimingPolicy) -> str:
    """The receipt's id. A part of a statement like any that a bank tells, but for balances, which a voucher has not."""
    statement = Statement(
        bank=by_hand_store.bank_of(tx, row.account),
        account=row.account,
        format=BY_HAND,
        first_sequence=None,
        sequence=row.number,
        reference=row.voucher_number,
        currency=row.currency,
        opening_fen=0,
        closing_fen=0,
        until=tx.now,
        chained=False,
    )
    place = f"back-entry {row.id}"
    part = Part(statement, (entry_of(row, amount_of(row)),), (), (place,))
    take_part(tx, part, Origin(place, run_id=row.id))
    match_waiting(tx, policy)
    return by_hand_store.entry_of_place(tx, place)


def _linked(tx: Transaction, row: Row[Any], told: Row[Any]) -> dict[str, Any]:
    found = differences(entry_of(row, amount_of(row)), receipts.entry_of(told))
    return {"confirmed_at": tx.now, "differences": [asdict(each) for each in found]}


def _approved(row: Row[Any], *, linked: bool) -> BackfillApproved:
    return BackfillApproved(
        back_entry_id=row.id,
        receipt_id=row.receipt_id,
        voucher_number=row.voucher_number,
        account=row.account,
        booked_on=row.booked_on,
        bank_serial=row.bank_serial,
        amount=amount_of(row),
        payer_name=row.payer_name,
        author_id=row.author_id,
        finance_approver_id=row.finance_approver_id,
        sales_approver_id=row.sales_approver_id,
        linked=linked,
    )
