"""Put a piece of proof on file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from forecast.evidence import store
from forecast.evidence.rules import EvidenceAdded, EvidenceState, check_signature
from forecast.evidence.weigh_again import weigh_again
from forecast.opportunities import store as opportunities
from forecast.opportunities.find_opportunity import lock_opportunity
from forecast.opportunities.rules import Stage, check_open
from forecast.policy import SIGNED_LEVEL, CredibilityPolicy


@dataclass(frozen=True)
class Proof:
    """The caller has checked that the file is there. Contract number, signing time and amount belong to level 5."""

    level: int
    file_id: str
    note: str
    contract_number: str
    signed_at: datetime | None
    contract_amount: Money | None


def add_evidence(tx: Transaction, opportunity_id: str, proof: Proof, policy: CredibilityPolicy) -> Row[Any]:
    """Level 5 also names the deal's contract and, where it differs, its amount.

    Raises EvidenceInvalid; IllegalCommand on a closed deal.
    """
    deal = lock_opportunity(tx, opportunity_id)
    check_open(Stage(deal.stage), "add evidence")
    check_signature(proof.level, proof.contract_number, proof.signed_at, proof.contract_amount, tx.now)
    added = store.insert_evidence(
        tx,
        {
            "evidence_id": new_id(),
            "opportunity_id": opportunity_id,
            "level": proof.level,
            "file_id": proof.file_id,
            "note": proof.note,
            "added_by": tx.identity.subject,
            "added_at": tx.now,
            "state": EvidenceState.STANDING.value,
            "contract_number": proof.contract_number.strip(),
            "signed_at": proof.signed_at,
        },
    )
    amount = proof.contract_amount or Money(deal.amount_fen)
    if proof.level == SIGNED_LEVEL:
        opportunities.change(
            tx,
            opportunity_id,
            contract_number=proof.contract_number.strip(),
            signed_at=proof.signed_at,
            amount_fen=amount.fen,
        )
    weigh_again(tx, opportunity_id, policy)
    _tell(tx, deal, added, amount)
    return added


def _tell(tx: Transaction, deal: Row[Any], added: Row[Any], amount: Money) -> None:
    event = EvidenceAdded(
        deal.opportunity_id,
        added.evidence_id,
        added.level,
        deal.owner_id,
        deal.unit,
        deal.customer_id,
        deal.customer_code,
        deal.customer_name,
        added.contract_number,
        added.signed_at,
        amount,
    )
    tx.record(event)
    tx.audit(action="evidence.add", entity="opportunity", entity_id=deal.opportunity_id, after=event)
