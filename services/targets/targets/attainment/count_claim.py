"""Count a claimed receipt, or take it back."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from targets.attainment import store
from targets.attainment.rules import AttainmentChanged, check_currency, month_of, read_day
from targets.plans.store import target_of
from targets.roster.store import unit_of


@dataclass(frozen=True)
class Claimed:
    """A claim as integration tells it. `arrived_on` is "YYYY-MM-DD"."""

    claim_id: str
    receipt_id: str
    contract_number: str
    customer_name: str
    salesperson_id: str
    amount: Money
    arrived_on: str
    method: str


def count_claim(tx: Transaction, claim: Claimed) -> None:
    """Once per claim id, however often it is told. A claim that was undone before it came stays undone.

    Raises UnreadableDay, CurrencyNotCounted: the event is parked with the reason, since no figure may be guessed.
    """
    check_currency(claim.amount)
    arrived = read_day(claim.arrived_on)
    store.lock_subject(tx, claim.salesperson_id)
    unit = unit_of(tx, claim.salesperson_id)
    values = {
        "claim_id": claim.claim_id,
        "receipt_id": claim.receipt_id,
        "contract_number": claim.contract_number,
        "customer_name": claim.customer_name,
        "salesperson_id": claim.salesperson_id,
        "unit": unit,
        "amount_fen": claim.amount.fen,
        "arrived_on": arrived,
        "month": month_of(arrived),
        "method": claim.method,
    }
    if store.insert_claim(tx, values) and not store.is_undone(tx, claim.claim_id):
        _tell(tx, claim.salesperson_id, unit, month_of(arrived), claim.receipt_id)


def take_back(tx: Transaction, *, claim_id: str, reason: str, actor: str) -> None:
    """The figure falls; the claim's row stays for the record."""
    values = {"claim_id": claim_id, "reason": reason, "actor": actor, "at": tx.now}
    if not store.insert_undo(tx, values):
        return
    claim = store.load_claim(tx, claim_id)
    if claim is not None:
        store.lock_subject(tx, claim.salesperson_id)
        _tell(tx, claim.salesperson_id, claim.unit, claim.month, claim.receipt_id)


def _tell(tx: Transaction, subject: str, unit: str | None, month: str, receipt_id: str) -> None:
    collected, target = store.collected_by(tx, subject, month), target_of(tx, subject, month)
    tx.record(AttainmentChanged(subject, unit or "", month, collected, target, receipt_id))
