"""Decisions come true: leads get their owner, clocks and event, or wait with the reason; any number at once.

Whatever gives a lead to somebody ends here, in the transaction that holds the locks of leads and reps.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.deadlines import Start
from chassis.kernel.calendar import local_date
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Caller, Transaction
from leads.assignment import settle_store
from leads.assignment.decision_store import Decision, row_of
from leads.lead import rules as lead_rules
from leads.lead import store
from leads.lead.events import LeadAssigned, LeadAssignmentHeld
from leads.lead.rules import Command, Lead, State, counts_as
from leads.ownership import store as ownership
from leads.response_clock.rules import Clock
from leads.response_clock.run_clocks import ClockPolicies, clocks_of

_GIVEN = {
    "automatic": ("Assigned automatically to {name}.", "已自动分配给{name}。"),
    "manual": ("Assigned by hand to {name}: {reason}", "已人工分配给{name}：{reason}"),
    "customer_owner": ("Goes to {name}, who owns the customer.", "客户归属{name}，线索归其所有。"),
    "customer_taker": (
        "Goes to {name}, who takes the customer over from {reason}.",
        "客户正由{reason}移交给{name}，线索归{name}。",
    ),
    "claimed": ("Claimed from the pool by {name}.", "{name} 已从公海领取。"),
    "unmerged": ("Back with {name}: the merge was undone.", "合并已撤销，线索归还{name}。"),
    "handover": ("Handed over from {reason} to {name}.", "由{reason}移交给{name}。"),
    "bounced": ("Came back too often, goes to the manager {name}.", "多次回收，转交经理{name}处理。"),
}
_WAITS = {
    "unverified": ("No candidate's account could be verified.", "没有任何候选人的账号状态可以确认。"),
    "no_capacity": ("Everybody is full or off shift.", "所有人均已满负荷或不在班。"),
}
_COMMAND = {"unverified": Command.HOLD, "no_capacity": Command.QUEUE}


@dataclass(frozen=True)
class Give:
    """A locked lead and the locked row of the rep who gets it; the account was probed before. `how`: a key of _GIVEN.

    `caller`: for whom it is done among others' leads; None: the transaction's own.
    """

    lead: Lead
    rep: Row[Any]
    decision: Decision
    how: str
    reason: str = ""
    caller: Caller | None = None


@dataclass(frozen=True)
class Wait:
    """A locked lead that found nobody: held while nobody is verified, queued while nobody has room (LD3.8, LD4.2)."""

    lead: Lead
    decision: Decision
    reason: str
    caller: Caller | None = None


Settled = Give | Wait


def settle_leads(tx: Transaction, settled: Sequence[Settled], clocks: ClockPolicies) -> list[Lead]:
    """The leads as they are now, in the given order. Raises IllegalCommand."""
    gives = [each for each in settled if isinstance(each, Give)]
    _end_before(tx, gives)
    starts: list[Start] = []
    after = [_given(tx, each, clocks, starts) if isinstance(each, Give) else _waiting(tx, each) for each in settled]
    settle_store.settle(
        tx,
        after,
        [row_of(each.decision) for each in settled],
        [_assignment(tx, each) for each in gives],
        _loads(tx, gives),
        [_line(tx, each) for each in settled],
    )
    tx.deadlines.start_all(starts)
    for each, lead in zip(settled, after, strict=True):
        with tx.on_behalf(each.caller) if each.caller else nullcontext():
            tx.record(_event(each, lead))
    return after


def settle_lead(tx: Transaction, settled: Settled, clocks: ClockPolicies) -> Lead:
    return settle_leads(tx, [settled], clocks)[0]


def waiting_state(lead: Lead, reason: str) -> State:
    return lead_rules.after(lead.state, _COMMAND[reason])


def _end_before(tx: Transaction, gives: Iterable[Give]) -> None:
    """A manager overrode an owner; or a clock of an earlier contact still runs."""
    for each in gives:
        ownership.end(tx, each.lead, "reassigned")
        if each.lead.first_contact_at is not None:
            tx.deadlines.stop(Clock.YELLOW.value, each.lead.lead_id)


def _given(tx: Transaction, give: Give, clocks: ClockPolicies, starts: list[Start]) -> Lead:
    lead, rep = give.lead, give.rep
    started, due = clocks_of(lead, tx.now, clocks)
    starts.extend(started)
    return replace(
        lead,
        state=lead_rules.after(lead.state, Command.ASSIGN),
        owner_id=rep.employee_id,
        unit=rep.unit,
        assigned_at=tx.now,
        accepted_at=None,
        first_contact_at=None,
        last_effective_action_at=None,
        recycle_due_at=due,
        waiting_since=None,
        yellow=False,
        reason="",
        reason_zh="",
        version=lead.version + 1,
    )


def _waiting(tx: Transaction, wait: Wait) -> Lead:
    en, zh = _WAITS[wait.reason]
    return replace(
        wait.lead,
        state=waiting_state(wait.lead, wait.reason),
        waiting_since=wait.lead.waiting_since or tx.now,
        reason=en,
        reason_zh=zh,
        version=wait.lead.version + 1,
    )


def _assignment(tx: Transaction, give: Give) -> dict[str, Any]:
    """The database refuses a second owner."""
    return {
        "assignment_id": new_id(),
        "lead_id": give.lead.lead_id,
        "employee_id": give.rep.employee_id,
        "unit": give.rep.unit,
        "team": give.rep.team,
        "grade": counts_as(give.lead.grade).value,
        "how": give.how,
        "decision_id": give.decision.decision_id,
        "assigned_at": tx.now,
    }


def _loads(tx: Transaction, gives: Iterable[Give]) -> Iterator[dict[str, Any]]:
    more: dict[str, Counter[str]] = defaultdict(Counter)
    last: dict[str, datetime] = {}
    for each in gives:
        more[each.rep.employee_id][f"open_{counts_as(each.lead.grade).lower()}"] += 1
        last[each.rep.employee_id] = each.decision.at
    for employee_id, counts in more.items():
        open_leads = {name: counts[name] for name in ("open_a", "open_b", "open_c")}
        yield {
            "employee_id": employee_id,
            **open_leads,
            "a_day": local_date(tx.now),
            "last_assigned_at": last[employee_id],
        }


def _line(tx: Transaction, each: Settled) -> dict[str, Any]:
    if isinstance(each, Give):
        kind, words = "assigned", _GIVEN[each.how]
        en, zh = (text.format(name=each.rep.name, reason=each.reason) for text in words)
    else:
        kind, (en, zh) = waiting_state(each.lead, each.reason).value, _WAITS[each.reason]
    return store.entry(tx, each.lead.lead_id, kind, en, zh, reference=each.decision.decision_id)


def _event(each: Settled, after: Lead) -> LeadAssigned | LeadAssignmentHeld:
    if isinstance(each, Wait):
        return LeadAssignmentHeld(
            lead_id=after.lead_id,
            company_name=after.company_name,
            grade=counts_as(after.grade).value,
            reason=each.reason,
            unit=after.unit,
            since=after.waiting_since or each.decision.at,
        )
    return LeadAssigned(
        lead_id=after.lead_id,
        owner_id=after.owner_id,
        owner_name=each.rep.name,
        unit=after.unit,
        manager_id=each.rep.manager_id,
        company_name=after.company_name,
        grade=counts_as(after.grade).value,
        decision_id=each.decision.decision_id,
        how=each.how,
        phone=after.phone,
        wecom_external_id=after.wecom_external_id,
        assigned_at=after.assigned_at or each.decision.at,
    )
