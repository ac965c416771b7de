"""A person's own estimate of a lead, kept apart from the model's (LD11.1)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from leads.lead import store as leads
from leads.lead.rules import OPEN
from leads.scoring import store
from leads.scoring.errors import LeadHasEnded
from leads.scoring.events import LeadScored


def estimate_lead(tx: Transaction, lead_id: str, probability: float | None, reason: str) -> None:
    """None takes the estimate back. Raises LeadNotFound, LeadHasEnded."""
    lead = leads.lock(tx, lead_id)
    if lead.state not in OPEN:
        raise LeadHasEnded(state=lead.state.value)
    known = store.scores(tx, [lead_id]).get(lead_id)
    before = known.own_probability if known else None
    if before == probability:
        return
    told = (known.probability if known else None) if probability is None else probability
    store.keep_own(tx, lead_id, probability, reason, told)
    if told is not None:
        model_id = (known.model_id if known else None) or 0
        tx.record(LeadScored(lead_id, lead.channel, told, probability is not None, model_id, tx.now))
    words = _words(probability)
    leads.note(tx, lead_id, "estimated", f"{words[0]}: {reason}", f"{words[1]}：{reason}")
    tx.audit(
        action="lead.estimate",
        entity="lead",
        entity_id=lead_id,
        before={"probability": before},
        after={"probability": probability},
        why=reason,
    )


def _words(probability: float | None) -> tuple[str, str]:
    if probability is None:
        return "Own estimate taken back", "撤回人工赢率"
    return f"Own estimate {probability:.0%}", f"人工赢率 {probability:.0%}"
