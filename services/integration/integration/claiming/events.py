"""What a claim tells others: targets count it, pay follows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chassis.kernel.money import Money


@dataclass(frozen=True)
class ReceiptClaimed:
    receipt_id: str
    claim_id: str
    receivable_id: str
    contract_number: str
    customer_code: str
    customer_name: str
    salesperson_id: str
    amount: Money
    arrived_on: date
    method: str
    claimed_by: str


@dataclass(frozen=True)
class ReceiptUnclaimed:
    receipt_id: str
    claim_id: str
    contract_number: str
    amount: Money
    reason: str
    actor: str
