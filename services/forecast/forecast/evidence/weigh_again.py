"""The last claim is worth what today's evidence makes of it."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from forecast.credibility.rules import worth
from forecast.evidence import store
from forecast.opportunities import store as opportunities
from forecast.opportunities.find_opportunity import find_opportunity
from forecast.policy import SIGNED_LEVEL, CredibilityPolicy


def weigh_again(tx: Transaction, opportunity_id: str, policy: CredibilityPolicy) -> None:
    """Level and adjusted probability follow from the pieces that stand. The deal is locked by the caller."""
    level = store.standing_level(tx, opportunity_id)
    deal = find_opportunity(tx, opportunity_id)
    claimed = deal.submitted is not None
    adjusted = worth(deal.submitted, deal.accuracy, level, policy).adjusted if claimed else None
    signed = level >= SIGNED_LEVEL
    opportunities.change(tx, opportunity_id, evidence_level=level, adjusted=1 if signed else adjusted)
