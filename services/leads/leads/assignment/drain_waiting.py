"""The queue drains: waiting leads are tried again, A, B, C, then time (LD3.8, LD4.2).

One pass at a time over all replicas: two would overtake each other, and the order of leads would be luck.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select, text

from leads import tables
from leads.assignment.assign_bounced import assign_bounced
from leads.assignment.assign_lead import assign_lead
from leads.assignment.assigner import Assigner
from leads.lead import store
from leads.lead.rules import WAITING, State

t = tables.lead.c
BATCH = 500
# First number of the two-number advisory lock.
_PASSES = 48


def drain_waiting(assigner: Assigner, *, import_id: str | None = None) -> int:
    """One pass over all that wait; how many found an owner.

    A lead is not tried when one that asks the same of a rep (grade, industry) has just found nobody.
    """
    assigned = 0
    if _waiting(assigner, import_id):
        with _alone(assigner):
            assigned = _drain(assigner, import_id)
    return assigned + (assign_bounced(assigner) if import_id is None else 0)


@contextmanager
def _alone(assigner: Assigner) -> Iterator[None]:
    """Waits for a pass under way. The lock ends with its connection, also when the process is killed."""
    with assigner.uow.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.detach()
        # A pass over many leads takes longer than any statement may.
        conn.execute(text("SET lock_timeout = 0; SET statement_timeout = 0"))
        conn.execute(select(func.pg_advisory_lock(_PASSES, 0)))
        yield


def _drain(assigner: Assigner, import_id: str | None) -> int:
    assigned = 0
    hopeless: set[tuple[str, str]] = set()
    for lead_id, kind, special in _waiting(assigner, import_id):
        if kind in hopeless and not special:
            continue
        state = assign_lead(assigner, lead_id)
        assigned += state is State.ASSIGNED
        if state in (State.HELD, State.QUEUED) and not special:
            hopeless.add(kind)
    return assigned


def _waiting(assigner: Assigner, import_id: str | None) -> list[tuple[str, tuple[str, str], bool]]:
    """Id, what it asks of a rep, and whether only this one asks it: a customer's owner, or a barred one."""
    query = (
        select(t.lead_id, t.grade, t.industry, t.customer_id, t.bounces)
        .where(t.state.in_([each.value for each in WAITING]))
        .order_by(*store.waiting_line())
        .limit(BATCH)
    )
    if import_id is not None:
        query = query.where(t.import_id == import_id)
    with assigner.uow.read(assigner.identity) as tx:
        rows = tx.execute(query).all()
    return [
        (row.lead_id, (row.grade or "C", row.industry), row.customer_id is not None or row.bounces > 0) for row in rows
    ]
