"""What a back-entry tells others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chassis.kernel.money import Money
from integration.receipts.by_hand_rules import Difference


@dataclass(frozen=True)
class BackfillWaits:
    back_entry_id: str
    voucher_number: str
    amount: Money
    payer_name: str
    booked_on: date
    author_id: str
    duty: str


@dataclass(frozen=True)
class BackfillApproved:
    back_entry_id: str
    receipt_id: str
    voucher_number: str
    account: str
    booked_on: date
    bank_serial: str
    amount: Money
    payer_name: str
    author_id: str
    finance_approver_id: str
    sales_approver_id: str
    linked: bool


@dataclass(frozen=True)
class BackfillConfirmed:
    back_entry_id: str
    receipt_id: str
    voucher_number: str
    author_id: str
    finance_approver_id: str
    sales_approver_id: str
    differences: tuple[Difference, ...]
