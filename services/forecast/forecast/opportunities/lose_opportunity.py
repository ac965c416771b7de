"""Close a deal without success."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from forecast.opportunities import store
from forecast.opportunities.find_opportunity import find_opportunity, lock_opportunity
from forecast.opportunities.rules import OpportunityLost, OpportunityStageChanged, Stage, check_step


def lose_opportunity(tx: Transaction, opportunity_id: str, etag: str, reason: str) -> Row[Any]:
    """Raises IllegalCommand when it is won, collected or lost already."""
    deal = lock_opportunity(tx, opportunity_id, etag)
    before = Stage(deal.stage)
    check_step(before, Stage.LOST)
    lost = {"stage": Stage.LOST.value, "stage_since": tx.now, "closed_at": tx.now, "lost_reason": reason}
    store.change(tx, opportunity_id, **lost)
    store.insert_step(tx, opportunity_id, before, Stage.LOST, passed=True)
    tx.record(OpportunityStageChanged(opportunity_id, deal.owner_id, deal.unit, before, Stage.LOST))
    tx.record(OpportunityLost(opportunity_id, deal.lead_id, deal.owner_id, deal.unit, reason, tx.now))
    tx.audit(action="opportunity.lose", entity="opportunity", entity_id=opportunity_id, before=before, why=reason)
    return find_opportunity(tx, opportunity_id)
