"""The queue drains: waiting leads are tried again, A, B, C, then time (LD3.8, LD4.2).

One pass at a time over all replicas: two would overtake each other, and the order of leads would be luck.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, case, func, not_, or_, select, text, tuple_

from chassis import telemetry
from leads import tables
from leads.assignment.assign_bounced import assign_bounced
from leads.assignment.assign_leads import assign_leads
from leads.assignment.assigner import Assigner
from leads.lead import store
from leads.lead.rules import WAITING, State

log = telemetry.logger()
t = tables.lead.c
BATCH = 500
# So many are decided on and reserved at once; others that arrive meanwhile wait for their turn no longer than that.
TOGETHER = 32
# First number of the two-number advisory lock.
_PASSES = 48


# What a lead asks of a rep, grade and industry, and the state in which it waits: the reason to wait is to stay true.
Kind = tuple[str, str, str]


@dataclass(frozen=True)
class _Called:
    """Which leads are left to the call that brought them: later than `since`, but for these channels."""

    since: datetime
    without_call: Collection[str]


def drain_waiting(assigner: Assigner, spare: timedelta = timedelta(0), without_call: Collection[str] = ()) -> int:
    """One pass over all that wait; how many found an owner.

    A lead that waits already is not tried again when one that asks the same of a rep has just found nobody. `spare`: so
    long after a lead came in by itself, its own call is left to find the owner: both at it would do the work twice.
    Leads of channels `without_call` have none.
    """
    assigned, called = 0, _Called(assigner.uow.clock.now() - spare, without_call)
    if _waiting(assigner, called):
        with _alone(assigner):
            assigned = _drain(assigner, called)
    return assigned + assign_bounced(assigner)


@contextmanager
def _alone(assigner: Assigner) -> Iterator[None]:
    """Waits for a pass under way. The lock ends with its connection, also when the process is killed."""
    with assigner.uow.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.detach()
        # A pass over many leads takes longer than any statement may.
        conn.execute(text("SET lock_timeout = 0; SET statement_timeout = 0"))
        conn.execute(select(func.pg_advisory_lock(_PASSES, 0)))
        yield


def _drain(assigner: Assigner, called: _Called) -> int:
    """Batch by batch; a batch leaves out what is known to be hopeless, so that nobody behind it starves."""
    assigned = 0
    hopeless: set[Kind] = set()
    behind: Row[Any] | None = None
    while batch := _waiting(assigner, called, hopeless, behind):
        line = deque(batch)
        while together := _next(line, hopeless):
            for row, state in _assign(assigner, together):
                assigned += state is State.ASSIGNED
                if state in (State.HELD, State.QUEUED) and not _is_special(row):
                    hopeless.add((row.grade or "C", row.industry, state.value))
        if len(batch) < BATCH:
            break
        behind = batch[-1]
    return assigned


def _next(line: deque[Row[Any]], hopeless: Collection[Kind]) -> list[Row[Any]]:
    """Of those in line, in order; who is known to be hopeless is passed over."""
    together: list[Row[Any]] = []
    while line and len(together) < TOGETHER:
        row = line.popleft()
        if (row.grade or "C", row.industry, row.state) not in hopeless or _is_special(row):
            together.append(row)
    return together


def _assign(assigner: Assigner, together: Sequence[Row[Any]]) -> Iterator[tuple[Row[Any], State]]:
    """One lead that can't be decided on holds up nobody: then each goes alone, it is tried again in the next pass."""
    try:
        leads = assign_leads(assigner, [row.lead_id for row in together]).leads
        yield from ((row, leads[row.lead_id].state) for row in together)
    except Exception:
        if len(together) == 1:
            log.exception("drain.lead_failed", lead_id=together[0].lead_id)
            return
        for row in together:
            yield from _assign(assigner, [row])


def _is_special(row: Row[Any]) -> bool:
    """Others that ask the same say nothing about this one: it is for a customer's owner, or somebody is barred."""
    return row.customer_id is not None or row.bounces > 0 or row.recalls > 0


def _waiting(
    assigner: Assigner, called: _Called, hopeless: Collection[Kind] = (), behind: Row[Any] | None = None
) -> Sequence[Row[Any]]:
    """The next in line. A new lead is always tried once, so that it knows why it waits; not yet what is its own
    call's to assign."""
    by_call = t.import_id.is_(None) & t.channel.not_in(list(called.without_call))
    under_way = (t.state == State.NEW.value) & by_call & (t.captured_at > called.since)
    query = (
        select(t.lead_id, t.state, t.grade, t.industry, t.customer_id, t.bounces, t.recalls, t.rank, t.captured_at)
        .where(t.state.in_([each.value for each in WAITING]), not_(under_way))
        .order_by(*store.waiting_line())
        .limit(BATCH)
    )
    if behind is not None:
        query = query.where(tuple_(*store.waiting_line()) > (behind.rank, behind.captured_at, behind.lead_id))
    if hopeless:
        asks = tuple_(case((t.grade == "", "C"), else_=t.grade), t.industry, t.state)
        alone = or_(t.customer_id.is_not(None), t.bounces > 0, t.recalls > 0)
        query = query.where(or_(asks.not_in(list(hopeless)), alone))
    with assigner.uow.read(assigner.identity) as tx:
        return tx.execute(query).all()
