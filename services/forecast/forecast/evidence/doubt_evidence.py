"""Challenge a piece of proof, or withdraw it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from forecast.evidence import store
from forecast.evidence.rules import (
    EvidenceNotFound,
    EvidenceState,
    EvidenceWithdrawn,
    EvidenceWithdrawnAlready,
    SignedDealStays,
)
from forecast.evidence.weigh_again import weigh_again
from forecast.opportunities import store as opportunities
from forecast.opportunities.rules import Stage
from forecast.policy import SIGNED_LEVEL, CredibilityPolicy

AFTER_SIGNING = (Stage.WON, Stage.COLLECTED)


def challenge_evidence(tx: Transaction, evidence_id: str, reason: str) -> Row[Any]:
    """It stands until it is withdrawn. Raises EvidenceNotFound, EvidenceWithdrawnAlready."""
    found, _ = _find(tx, evidence_id)
    tx.audit(
        action="evidence.challenge", entity="opportunity", entity_id=found.opportunity_id,
        after={"evidence": evidence_id}, why=reason,
    )  # fmt: skip
    return store.set_state(tx, evidence_id, EvidenceState.CHALLENGED, reason)


def withdraw_evidence(tx: Transaction, evidence_id: str, reason: str, policy: CredibilityPolicy) -> Row[Any]:
    """The level falls back to what still stands. Raises EvidenceNotFound, EvidenceWithdrawnAlready, SignedDealStays."""
    found, deal = _find(tx, evidence_id)
    if found.level == SIGNED_LEVEL and deal.stage in AFTER_SIGNING:
        raise SignedDealStays()
    withdrawn = store.set_state(tx, evidence_id, EvidenceState.WITHDRAWN, reason)
    weigh_again(tx, found.opportunity_id, policy)
    tx.record(EvidenceWithdrawn(found.opportunity_id, evidence_id, found.level, reason))
    tx.audit(
        action="evidence.withdraw", entity="opportunity", entity_id=found.opportunity_id,
        after={"evidence": evidence_id}, why=reason,
    )  # fmt: skip
    return withdrawn


def _find(tx: Transaction, evidence_id: str) -> tuple[Row[Any], Row[Any]]:
    """The piece and its deal, locked. A piece of a deal out of sight is not there."""
    found = store.find_evidence(tx, evidence_id)
    deal = opportunities.lock(tx, found.opportunity_id) if found is not None else None
    if found is None or deal is None:
        raise EvidenceNotFound()
    if found.state == EvidenceState.WITHDRAWN:
        raise EvidenceWithdrawnAlready()
    return found, deal
