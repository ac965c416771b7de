"""Open leads get the word of a new model, some hundred in a transaction (LD11.1)."""

from __future__ import annotations

from chassis.identity import of_service
from chassis.unit_of_work import UnitOfWork
from leads.lead import store as leads
from leads.scoring import store
from leads.scoring.policy import ScorePolicy
from leads.scoring.score_leads import score_leads

BATCH = 500
_FIRST = "00000000-0000-0000-0000-000000000000"


def score_again(uow: UnitOfWork, policy: ScorePolicy) -> int:
    """How many leads. Killed in between, the rest is done by the next run."""
    done, after, identity = 0, _FIRST, of_service(uow.service)
    with uow.read(identity) as tx:
        model_id = store.untold(tx)
    while model_id is not None:
        with uow.begin(identity) as tx:
            ids = store.next_open(tx, after, model_id, BATCH)
            if ids:
                score_leads(tx, leads.all_of(tx, ids), policy)
                after, done = ids[-1], done + len(ids)
            else:
                store.mark_told(tx, model_id)
                model_id = None
            tx.commit()
    return done
