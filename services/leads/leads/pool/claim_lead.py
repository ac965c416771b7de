"""A rep takes a lead out of the pool (LD7.1), through the same probe as every owner (LD4.1).

The lead's lock decides between two who click at once; the rep's lock keeps the limits exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.errors import FailedPrecondition
from chassis.kernel.calendar import BusinessCalendar
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.assignment.assign_by_hand import RepIsPaused, RepNotAvailable
from leads.assignment.assigner import Assigner
from leads.assignment.decision_store import Decision
from leads.assignment.probe_rules import Checked, Verdict
from leads.assignment.settle_leads import Give, settle_lead
from leads.lead import store as leads
from leads.lead.events import LeadClaimed
from leads.lead.rules import Lead, State, counts_as
from leads.pool import rules, store
from leads.pool.policy import PoolPolicy
from leads.pool.protect_lead import protect_lead
from leads.roster import store as roster
from leads.roster.store import EmployeeNotFound


class AccountNotVerified(FailedPrecondition):
    """Unlike a manager's choice, a claim never rests on what was known last (LD4.2)."""

    en = "Your account can't be verified just now. Try again in a moment."
    zh = "暂时无法确认您的账号状态，请稍后重试。"


@dataclass(frozen=True)
class Claimed:
    lead: Lead
    protected_until: datetime
    claims_left: int
    held_left: int


def claim_lead(tx: Transaction, assigner: Assigner, lead_id: str, checked: Checked, policy: PoolPolicy) -> Claimed:
    """For the caller, who was probed before.

    Raises LeadNotFound, LeadNotInPool, LeadClaimedAlready, RepNotAvailable, AccountNotVerified, RepIsPaused,
    DailyClaimsUsed, TooManyHeld, CoolingDown.
    """
    lead = leads.lock_all(tx, [lead_id])[lead_id]
    _require_in_pool(tx, lead)
    rep = _rep(tx, checked)
    standing = store.standing(tx, rep.employee_id, lead_id)
    rules.check_claim(standing, tx.now, policy)
    given = settle_lead(tx, Give(lead, rep, _decision(tx, assigner, lead, checked), "claimed"), assigner.clocks())
    due = rules.protection(tx.now, policy, BusinessCalendar())
    until = max(due.values())
    given = protect_lead(tx, given, due)
    store.add_claim(tx, lead_id, rep.employee_id, until)
    _tell(tx, lead, given, rep, until)
    return Claimed(given, until, policy.claims_per_day - standing.claimed_today - 1, policy.held - standing.held - 1)


def _require_in_pool(tx: Transaction, lead: Lead) -> None:
    """Who was slower hears who did it; what never was in the pool is nobody's business."""
    if lead.state is State.RECYCLED:
        return
    claim = store.last_claim(tx, lead.lead_id)
    if claim is not None and claim.employee_id == lead.owner_id:
        raise rules.LeadClaimedAlready(name=claim.name, at=rules.told(claim.claimed_at))
    leads.load(tx, lead.lead_id)
    raise rules.LeadNotInPool


def _rep(tx: Transaction, checked: Checked) -> Row[Any]:
    rep = roster.lock_rep(tx, tx.identity.subject)
    if rep is None:
        raise EmployeeNotFound(employee_id=tx.identity.subject)
    if checked.verdict is Verdict.UNVERIFIED:
        raise AccountNotVerified
    if checked.verdict is not Verdict.VERIFIED:
        raise RepNotAvailable(name=rep.name, status=checked.verdict.value)
    if rep.paused_at is not None:
        raise RepIsPaused(name=rep.name)
    return rep


def _decision(tx: Transaction, assigner: Assigner, lead: Lead, checked: Checked) -> Decision:
    return Decision(
        decision_id=new_id(),
        lead_id=lead.lead_id,
        at=tx.now,
        grade=counts_as(lead.grade),
        policy_version=assigner.policy()[0],
        outcome="claimed",
        winner_id=tx.identity.subject,
        body={"verdict": checked.verdict.value, "age_seconds": checked.age_seconds},
    )


def _tell(tx: Transaction, before: Lead, lead: Lead, rep: Row[Any], until: datetime) -> None:
    tx.audit(
        action="lead.claim",
        entity="lead",
        entity_id=lead.lead_id,
        before={"state": before.state.value},
        after={"state": lead.state.value, "owner_id": lead.owner_id, "protected_until": until},
    )
    tx.record(
        LeadClaimed(
            lead_id=lead.lead_id,
            owner_id=lead.owner_id,
            owner_name=rep.name,
            unit=lead.unit,
            company_name=lead.company_name,
            grade=counts_as(lead.grade).value,
            claimed_at=tx.now,
            protected_until=until,
        )
    )
