"""A changed policy says which rule running clocks follow (LD5.3): they keep their due time, or are counted anew.

Guarantee: with "follow", every clock that runs is counted anew once per published version, from the same start as if
the new rule had held all along; one that is past its new due time fires at once.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from chassis.identity import of_service
from chassis.kernel.calendar import BusinessCalendar
from chassis.schema import deadline
from chassis.unit_of_work import Transaction, UnitOfWork
from leads.lead import store
from leads.lead.rules import OWNED, Lead
from leads.recycle.rules import RecycleClock
from leads.recycle.run_recycle_clock import run_recycle_clock
from leads.response_clock import rules
from leads.response_clock.rules import GOLDEN, Clock
from leads.response_clock.run_clocks import ClockPolicies

BATCH = 500


def recount_clocks(uow: UnitOfWork, policies: ClockPolicies) -> int:
    """How many leads were looked at."""
    found: set[str] = set()
    identity = of_service(uow.service)
    with uow.read(identity) as tx:
        if policies.response.running_clocks == "follow":
            found |= _older(tx, [each.value for each in Clock], policies.response_version)
        if policies.recycle.running_clocks == "follow":
            found |= _older(tx, [each.value for each in RecycleClock], policies.recycle_version)
    for lead_id in sorted(found):
        with uow.begin(identity) as tx:
            _recount(tx, lead_id, policies)
            tx.commit()
    return len(found)


def _recount(tx: Transaction, lead_id: str, policies: ClockPolicies) -> None:
    lead = store.lock(tx, lead_id)
    if lead.state not in OWNED or lead.assigned_at is None:
        return
    if policies.response.running_clocks == "follow":
        _recount_response(tx, lead, policies)
    if policies.recycle.running_clocks == "follow":
        last_action = lead.last_effective_action_at or lead.assigned_at
        due = run_recycle_clock(tx, lead, last_action, policies.recycle, policies.recycle_version)
        if due != lead.recycle_due_at:
            store.save(tx, lead, recycle_due_at=due)


def _recount_response(tx: Transaction, lead: Lead, policies: ClockPolicies) -> None:
    """Only clocks that run: one that stopped or fired stays so."""
    running = _running(tx, lead.lead_id)
    for clock in Clock:
        start = lead.first_contact_at if clock is Clock.YELLOW else lead.assigned_at
        if clock.value not in running or start is None:
            continue
        if clock in GOLDEN:
            due = rules.golden_due(clock, start, policies.response, BusinessCalendar())
        else:
            due = rules.yellow_due(start, policies.response, BusinessCalendar())
        tx.deadlines.start(clock.value, lead.lead_id, due, policy_version=policies.response_version)


def _running(tx: Transaction, lead_id: str) -> set[str]:
    query = select(deadline.c.kind).where(deadline.c.subject_id == lead_id, deadline.c.state == "pending")
    return set(tx.execute(query).scalars())


def _older(tx: Transaction, kinds: Collection[str], version: int) -> set[str]:
    """Leads with a running clock of an earlier version."""
    query = (
        select(deadline.c.subject_id)
        .distinct()
        .where(deadline.c.state == "pending", deadline.c.kind.in_(kinds), deadline.c.policy_version < version)
        .limit(BATCH)
    )
    return set(tx.execute(query).scalars())
