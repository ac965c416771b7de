"""A converted lead becomes an opportunity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from forecast.opportunities import store
from forecast.opportunities.rules import OpportunityCreated, Stage, read_day


@dataclass(frozen=True)
class Converted:
    """A conversion as leads tells it. `expected_close` is "YYYY-MM-DD"."""

    lead_id: str
    opportunity_id: str
    name: str
    customer_id: str
    customer_code: str
    customer_name: str
    owner_id: str
    unit: str
    amount: Money
    expected_close: str
    contract_number: str
    converted_at: datetime


def open_opportunity(tx: Transaction, lead: Converted) -> None:
    """Exactly one per lead."""
    values = {
        "opportunity_id": lead.opportunity_id,
        "name": lead.name,
        "stage": Stage.CONTACT.value,
        "lead_id": lead.lead_id,
        "customer_id": lead.customer_id,
        "customer_code": lead.customer_code,
        "customer_name": lead.customer_name,
        "owner_id": lead.owner_id,
        "unit": lead.unit,
        "amount_fen": lead.amount.fen,
        "expected_close": read_day(lead.expected_close, "expected_close"),
        "contract_number": lead.contract_number,
        "created_at": lead.converted_at,
        "stage_since": lead.converted_at,
    }
    if not store.insert_opportunity(tx, values):
        return
    tx.record(
        OpportunityCreated(
            lead.opportunity_id,
            lead.lead_id,
            lead.customer_id,
            lead.owner_id,
            lead.unit,
            lead.amount,
            lead.expected_close,
        )
    )
    tx.audit(action="opportunity.open", entity="opportunity", entity_id=lead.opportunity_id, after=values)
