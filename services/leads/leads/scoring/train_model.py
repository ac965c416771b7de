"""Learn from closed leads: every night, and when somebody asks (LD11.1)."""

from __future__ import annotations

from datetime import timedelta

from chassis.unit_of_work import Transaction
from leads.scoring import store
from leads.scoring.policy import ScorePolicy
from leads.scoring.quality_rules import train

_MONTH = timedelta(days=30)


def train_model(tx: Transaction, policy: ScorePolicy) -> None:
    """A refused training is kept too, and the model in force stays: it was judged by its own past."""
    past = store.past(tx, tx.now - policy.months * _MONTH, timedelta(hours=policy.early_hours))
    made = train(past, policy)
    model_id = store.add_model(tx, made)
    tx.audit(
        action="score_model.train",
        entity="score_model",
        entity_id=str(model_id),
        after={"leads": len(past), "in_force": made.model is not None, "why": made.why},
    )
