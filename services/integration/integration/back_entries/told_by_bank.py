"""Whether the bank's feed has brought already what a person is about to enter (N6.1)."""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol

from sqlalchemy import Row

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.back_entries import store
from integration.back_entries.errors import AlreadyToldByBank, LooksLikeAReceipt
from integration.receipts import by_hand_store
from integration.receipts import store as receipts
from integration.receipts.by_hand_rules import is_same_booking, looks_like
from integration.receipts.rules import Entry


class Copied(Protocol):
    """What was copied from a voucher, whether it is kept already or not."""

    @property
    def account(self) -> str: ...
    @property
    def booked_on(self) -> date: ...
    @property
    def bank_serial(self) -> str: ...
    @property
    def payer_name(self) -> str: ...
    @property
    def payer_account(self) -> str: ...
    @property
    def remark(self) -> str: ...
    @property
    def is_another_receipt(self) -> bool: ...


def entry_of(copied: Copied, amount: Money) -> Entry:
    """As the bank's feed would tell it."""
    return Entry(
        serial=copied.bank_serial,
        booked_on=copied.booked_on,
        value_on=None,
        credit=True,
        reversal=False,
        amount_fen=amount.fen,
        currency=amount.currency,
        payer_name=copied.payer_name,
        payer_account=copied.payer_account,
        credited_account="",
        remark=copied.remark,
        end_to_end_id="",
        bank_reference="",
    )


def told_by_bank(tx: Transaction, copied: Copied, amount: Money) -> Row[Any] | None:
    """The receipt that is this one. Raises LooksLikeAReceipt for one that may be, unless it was said to be another."""
    entered = entry_of(copied, amount)
    near = by_hand_store.told_near(tx, copied.account, copied.booked_on)
    taken = store.linked_receipts(tx, [each.id for each in near])
    free = [each for each in near if each.id not in taken]
    same = next((each for each in free if is_same_booking(entered, receipts.entry_of(each))), None)
    alike = next((each for each in free if looks_like(entered, receipts.entry_of(each))), None)
    if same is None and alike is not None and not copied.is_another_receipt:
        raise LooksLikeAReceipt(receipt_id=alike.id, serial=alike.serial)
    return same


def refuse_what_the_bank_told(tx: Transaction, copied: Copied, amount: Money) -> None:
    """Raises AlreadyToldByBank or LooksLikeAReceipt."""
    told = told_by_bank(tx, copied, amount)
    if told is not None:
        there = Money(told.amount_fen, told.currency)
        raise AlreadyToldByBank(receipt_id=told.id, amount=there, booked_on=told.booked_on)
