"""What the model in force says of leads, kept and told (LD11.1)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from leads.lead import store as leads
from leads.lead.rules import OPEN, Lead
from leads.scoring import store
from leads.scoring.events import LeadScored
from leads.scoring.field_rules import Facts, fields_of
from leads.scoring.policy import ScorePolicy


def see_leads(tx: Transaction, lead_ids: Collection[str], policy: ScorePolicy) -> None:
    """New leads and leads of which more is known now: their fields are kept as they are, and they are scored."""
    found = leads.all_of(tx, lead_ids)
    store.keep_facts(tx, {lead.lead_id: (tx.now, facts_of(lead)) for lead in found})
    score_leads(tx, found, policy)


def score_leads(tx: Transaction, found: Collection[Lead], policy: ScorePolicy) -> None:
    """Without a model, nothing is said; of a closed lead neither."""
    force = store.in_force(tx)
    if force is None:
        return
    model_id, model = force
    open_leads = sorted((each for each in found if each.state in OPEN), key=lambda each: each.lead_id)
    known = store.scores(tx, [each.lead_id for each in open_leads])
    scored = []
    for lead in open_leads:
        fields = fields_of(facts_of(lead))
        probability, parts = model.probability(fields), model.parts(fields)
        tells = _tells(known.get(lead.lead_id), probability, policy)
        lines = [{"field": name, "level": fields[name], "log_odds": part} for name, part in parts.items()]
        scored.append(
            {
                "lead_id": lead.lead_id,
                "model_id": model_id,
                "probability": probability,
                "parts": lines,
                "scored_at": tx.now,
                "told": probability if tells else None,
            }
        )
        if tells:
            tx.record(LeadScored(lead.lead_id, lead.channel, probability, False, model_id, tx.now))
    store.keep_scores(tx, scored)


def _tells(before: Row[Any] | None, probability: float, policy: ScorePolicy) -> bool:
    """By what was told last, not by what was kept last: else many small steps would never be told."""
    if before is None:
        return True
    if before.own_probability is not None:
        return False
    return before.told is None or abs(before.told - probability) >= policy.told_from


def facts_of(lead: Lead) -> Facts:
    known = lead.qualification
    return Facts(
        channel=lead.channel,
        industry=lead.industry,
        province=lead.province,
        grade=lead.grade.value if lead.grade else "",
        budget_fen=known.budget.fen if known.budget else None,
        budget_confirmed=known.budget_confirmed,
        decision_chain=known.decision_chain,
        first_touch_due_hours=known.first_touch_due_hours,
        known_customer=lead.customer_id is not None,
        need=lead.need,
    )
