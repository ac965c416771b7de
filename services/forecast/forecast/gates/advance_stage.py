"""One step up, when the gate is open. A refusal is recorded in a transaction of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.identity import Identity
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction, UnitOfWork
from forecast.gates.rules import GateRefused, GateRefusedStep, in_words, missing_for
from forecast.gates.store import facts_of
from forecast.opportunities import store
from forecast.opportunities.find_opportunity import find_opportunity, lock_opportunity
from forecast.opportunities.rules import (
    WORDS_ZH,
    OpportunityStageChanged,
    OpportunityWon,
    Stage,
    check_step,
    is_step,
)
from forecast.policy import GatePolicy


def refuse_if_closed(
    uow: UnitOfWork, identity: Identity, opportunity_id: str, to: Stage, policy: GatePolicy, source: str
) -> None:
    """Record and raise GateRefusedStep when the step is one of the deal's, but its gate is closed."""
    with uow.begin(identity, source=source) as tx:
        deal = lock_opportunity(tx, opportunity_id)
        missing = missing_for(to, facts_of(tx, deal), policy) if is_step(Stage(deal.stage), to) else []
        if not missing:
            return
        store.insert_step(tx, opportunity_id, deal.stage, to, passed=False, missing=missing)
        refusal = GateRefused(opportunity_id, deal.name, deal.owner_id, deal.unit, deal.stage, to.value, tuple(missing))
        tx.record(refusal)
        tx.audit(action="gate.refuse", entity="opportunity", entity_id=opportunity_id, after=refusal)
        tx.commit()
    raise _refused(deal, to, missing)


def _refused(deal: Row[Any], to: Stage, missing: list[str]) -> GateRefusedStep:
    return GateRefusedStep(name=deal.name, to=to.value, to_zh=WORDS_ZH[to], missing=in_words(missing))


def advance_stage(tx: Transaction, opportunity_id: str, to: Stage, etag: str, policy: GatePolicy) -> Row[Any]:
    """Raises IllegalCommand for a step that is none, EtagMismatch, GateRefusedStep."""
    deal = lock_opportunity(tx, opportunity_id, etag)
    before = Stage(deal.stage)
    check_step(before, to)
    missing = missing_for(to, facts_of(tx, deal), policy)
    if missing:
        raise _refused(deal, to, missing)
    closed = {"closed_at": tx.now} if to is Stage.WON else {}
    store.change(tx, opportunity_id, stage=to.value, stage_since=tx.now, **closed)
    store.insert_step(tx, opportunity_id, before, to, passed=True)
    tx.record(OpportunityStageChanged(opportunity_id, deal.owner_id, deal.unit, before, to))
    if to is Stage.WON:
        tx.record(_won(tx, deal))
    tx.audit(action="opportunity.advance", entity="opportunity", entity_id=opportunity_id, before=before, after=to)
    return find_opportunity(tx, opportunity_id)


def _won(tx: Transaction, deal: Row[Any]) -> OpportunityWon:
    return OpportunityWon(
        deal.opportunity_id,
        deal.lead_id,
        deal.customer_id,
        deal.customer_code,
        deal.customer_name,
        deal.owner_id,
        deal.unit,
        deal.contract_number,
        Money(deal.amount_fen),
        deal.signed_at,
        tx.now,
    )
