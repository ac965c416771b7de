"""A rep claims a probability; what it counts as is kept beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from chassis.errors import Violation
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from forecast.credibility.rules import calibrated, worth
from forecast.credibility.weigh_person import weigh_person
from forecast.opportunities import store as opportunities
from forecast.opportunities.find_opportunity import lock_opportunity
from forecast.opportunities.rules import Stage, check_open
from forecast.policy import CredibilityPolicy
from forecast.submissions import store
from forecast.submissions.rules import ClaimInvalid, ForecastSubmitted


@dataclass(frozen=True)
class Claim:
    """`amount` and `expected_close` where the rep sees them otherwise than the deal says."""

    probability: Decimal
    amount: Money | None
    expected_close: date | None
    note: str


def submit_forecast(
    tx: Transaction, opportunity_id: str, claim: Claim, version: int, policy: CredibilityPolicy
) -> Row[Any]:
    """Measured by the owner's record, whoever submits. Raises ClaimInvalid; IllegalCommand on a closed deal."""
    if claim.amount is not None and claim.amount.fen <= 0:
        raise ClaimInvalid.of(Violation("amount", "must be above zero", "必须大于零"))
    deal = lock_opportunity(tx, opportunity_id)
    check_open(Stage(deal.stage), "submit")
    person = weigh_person(tx, deal.owner_id, deal.unit, policy)
    rate, level = person.accuracy.rate, deal.evidence_level
    result = worth(claim.probability, rate, level, policy)
    amount = claim.amount or Money(deal.amount_fen)
    values = {
        "submission_id": new_id(),
        "opportunity_id": opportunity_id,
        "rep_id": deal.owner_id,
        "submitted": claim.probability,
        "accuracy": rate,
        "accuracy_n": person.accuracy.n,
        "accuracy_won": person.accuracy.won,
        "cap": result.cap,
        "evidence_level": level,
        "adjusted": result.adjusted,
        "calibrated": calibrated(claim.probability, person.own, person.team, tx.now, policy),
        "amount_fen": amount.fen,
        "note": claim.note,
        "policy_version": version,
        "at": tx.now,
    }
    made = store.insert_submission(tx, values)
    opportunities.change(
        tx,
        opportunity_id,
        submitted=claim.probability,
        accuracy=rate,
        adjusted=result.adjusted,
        claimed_by="",
        amount_fen=amount.fen,
        expected_close=claim.expected_close or deal.expected_close,
    )
    told = (deal.owner_id, deal.unit, float(claim.probability), float(result.adjusted), level)
    tx.record(ForecastSubmitted(opportunity_id, *told))
    tx.audit(action="forecast.submit", entity="opportunity", entity_id=opportunity_id, after=values, why=claim.note)
    return made
