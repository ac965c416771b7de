"""Submit, refuse and withdraw a back-entry."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.back_entries import store
from integration.back_entries.errors import BackEntryNotFound
from integration.back_entries.events import BackfillWaits
from integration.back_entries.rules import FINANCE_SUPERVISOR, Actor, Command, Hands, State, decide
from integration.back_entries.told_by_bank import refuse_what_the_bank_told


def submit_back_entry(tx: Transaction, back_entry_id: str) -> Row[Any]:
    """Raises what `decide` raises, BackEntryNotFound, AlreadyToldByBank or LooksLikeAReceipt."""
    row, after = step(tx, back_entry_id, Command.SUBMIT)
    refuse_what_the_bank_told(tx, row, amount_of(row))
    tell_who_waits(tx, row, FINANCE_SUPERVISOR)
    return moved(tx, row, after, Command.SUBMIT, submitted_at=tx.now)


def refuse_back_entry(tx: Transaction, back_entry_id: str, reason: str) -> Row[Any]:
    return _close(tx, back_entry_id, Command.REFUSE, reason)


def withdraw_back_entry(tx: Transaction, back_entry_id: str, reason: str) -> Row[Any]:
    return _close(tx, back_entry_id, Command.WITHDRAW, reason)


def _close(tx: Transaction, back_entry_id: str, command: Command, reason: str) -> Row[Any]:
    row, after = step(tx, back_entry_id, command)
    closed = {"closed_by": tx.identity.subject, "closed_at": tx.now, "closing_reason": reason}
    return moved(tx, row, after, command, why=reason, **closed)


def step(tx: Transaction, back_entry_id: str, command: Command) -> tuple[Row[Any], State]:
    """The row, locked, and the state after the command. Raises what `decide` raises, or BackEntryNotFound."""
    row = store.locked(tx, back_entry_id)
    if row is None:
        raise BackEntryNotFound(back_entry_id=back_entry_id)
    actor = Actor(tx.identity.subject, tx.identity.duties)
    return row, decide(State(row.state), command, actor, Hands(row.author_id, row.finance_approver_id))


def moved(tx: Transaction, row: Row[Any], after: State, command: Command, *, why: str = "", **values: Any) -> Row[Any]:
    before, now = {"state": row.state}, {"state": after.value}
    tx.audit(action=f"back_entry.{command}", entity="back_entry", entity_id=row.id, before=before, after=now, why=why)
    return store.change(tx, row.id, state=after.value, **values)


def tell_who_waits(tx: Transaction, row: Row[Any], duty: str) -> None:
    amount = amount_of(row)
    tx.record(BackfillWaits(row.id, row.voucher_number, amount, row.payer_name, row.booked_on, row.author_id, duty))


def amount_of(row: Row[Any]) -> Money:
    return Money(row.amount_fen, row.currency)
