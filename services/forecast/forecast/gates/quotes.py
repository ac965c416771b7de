"""Quotes, and their approval above the limit."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from forecast.gates import store
from forecast.gates.rules import QuoteByApprover, QuoteNotFound, check_quote, needs_approval
from forecast.opportunities.find_opportunity import lock_opportunity
from forecast.opportunities.rules import Stage, check_open
from forecast.policy import GatePolicy
from forecast.tables import quote


def create_quote(tx: Transaction, opportunity_id: str, amount: Money, policy: GatePolicy) -> Row[Any]:
    """Raises QuoteNeedsSurvey; IllegalCommand on a closed deal."""
    deal = lock_opportunity(tx, opportunity_id)
    check_open(Stage(deal.stage), "quote")
    check_quote(store.facts_of(tx, deal), policy)
    values = {
        "quote_id": new_id(),
        "opportunity_id": opportunity_id,
        "amount_fen": amount.fen,
        "author_id": tx.identity.subject,
        "approval_needed": needs_approval(amount, policy),
        "created_at": tx.now,
    }
    store.insert_item(tx, quote, values)
    tx.audit(action="quote.create", entity="opportunity", entity_id=opportunity_id, after=values)
    return store.quotes_of(tx, [opportunity_id])[-1]


def approve_quote(tx: Transaction, quote_id: str) -> Row[Any]:
    """Approved once; approving again changes nothing. Raises QuoteNotFound, QuoteByApprover."""
    found = store.lock_quote(tx, quote_id)
    if found is None:
        raise QuoteNotFound()
    if found.author_id == tx.identity.subject:
        raise QuoteByApprover()
    if found.approved_by:
        return found
    tx.audit(action="quote.approve", entity="opportunity", entity_id=found.opportunity_id, after={"quote": quote_id})
    return store.approve(tx, quote_id)
