"""A manager gives a lead to somebody, with a reason, through the same probe (LD3.14, LD4.2)."""

from __future__ import annotations

from chassis.errors import FailedPrecondition
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.assignment.assigner import Assigner
from leads.assignment.decision_store import Decision
from leads.assignment.probe_rules import Checked, may_assign_by_hand
from leads.assignment.settle_leads import Give, settle_lead
from leads.lead import rules as lead_rules
from leads.lead import store
from leads.lead.rules import Command, Lead, counts_as
from leads.roster import store as roster
from leads.roster.store import EmployeeNotFound


class RepNotAvailable(FailedPrecondition):
    en = "{name} can't get leads: the account is {status}."
    zh = "{name} 不能接收线索：账号状态为 {status}。"


class RepIsPaused(FailedPrecondition):
    en = "{name} is paused: too large a share of the team's leads. Clear the pause first."
    zh = "{name} 因分得团队线索占比过高已暂停接收，请先解除暂停。"


class AlreadyTheOwner(FailedPrecondition):
    en = "{name} has this lead already."
    zh = "{name} 已经是该线索的负责人。"


def probe_employee(assigner: Assigner, employee_id: str) -> Checked:
    """Asks the directory; before the transaction that assigns. Raises EmployeeNotFound."""
    _, policy = assigner.policy()
    with assigner.uow.read(assigner.identity) as tx:
        version = roster.version_of(tx, employee_id)
    if version is None:
        raise EmployeeNotFound(employee_id=employee_id)
    return assigner.probe.check({employee_id: version}, assigner.uow.clock.now(), policy)[employee_id]


def assign_by_hand(
    tx: Transaction, assigner: Assigner, lead_id: str, employee_id: str, reason: str, etag: str, checked: Checked
) -> Lead:
    """Raises LeadNotFound, EtagMismatch, IllegalCommand, EmployeeNotFound, RepNotAvailable, RepIsPaused,
    AlreadyTheOwner.
    """
    version, _ = assigner.policy()
    lead = store.lock(tx, lead_id)
    store.check_etag(lead, etag)
    lead_rules.after(lead.state, Command.ASSIGN)
    rep = roster.lock_rep(tx, employee_id)
    if rep is None or not tx.identity.may_see(employee_id, rep.unit):
        raise EmployeeNotFound(employee_id=employee_id)
    if not may_assign_by_hand(checked.verdict, rep.status):
        raise RepNotAvailable(name=rep.name, status=checked.verdict.value)
    if rep.paused_at is not None:
        raise RepIsPaused(name=rep.name)
    if lead.owner_id == employee_id:
        raise AlreadyTheOwner(name=rep.name)
    decision = Decision(
        decision_id=new_id(),
        lead_id=lead_id,
        at=tx.now,
        grade=counts_as(lead.grade),
        policy_version=version,
        outcome="manual",
        winner_id=employee_id,
        body={
            "by": tx.identity.subject,
            "by_name": tx.identity.name,
            "reason": reason,
            "verdict": checked.verdict.value,
            "age_seconds": checked.age_seconds,
        },
    )
    given = settle_lead(tx, Give(lead, rep, decision, "manual", reason), assigner.clocks())
    tx.audit(
        action="lead.assign",
        entity="lead",
        entity_id=lead_id,
        before={"owner_id": lead.owner_id, "state": lead.state.value},
        after={"owner_id": employee_id, "state": given.state.value, "verdict": checked.verdict.value},
        why=reason,
    )
    return given
