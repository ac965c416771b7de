"""A lead that bounced three times goes to a manager (LD6.1): the one of its last owner."""

from __future__ import annotations

from sqlalchemy import func, select

from chassis.kernel.ids import new_id
from leads import tables
from leads.assignment.assigner import Assigner
from leads.assignment.decision_store import Decision
from leads.assignment.probe_rules import Verdict
from leads.assignment.settle_leads import Give, settle_lead
from leads.lead import store
from leads.lead.rules import State, counts_as
from leads.roster import store as roster

_lead, _given, _rep = tables.lead.c, tables.assignment.c, tables.rep.c
BATCH = 100


def assign_bounced(assigner: Assigner) -> int:
    """How many found their manager. Who can't be verified gets nothing: the lead stays in the pool for another try."""
    version, policy = assigner.policy()
    given = 0
    for lead_id, manager_id, manager_version in _bounced(assigner, policy.bounces_to_manager):
        now = assigner.uow.clock.now()
        checked = assigner.probe.check({manager_id: manager_version}, now, policy)[manager_id]
        if checked.verdict is Verdict.VERIFIED:
            given += _give(assigner, lead_id, (manager_id, manager_version), version)
    return given


def _give(assigner: Assigner, lead_id: str, verified: tuple[str, int], version: int) -> bool:
    """False when the manager is no longer who was verified: whoever has left since gets nothing."""
    with assigner.uow.begin(assigner.identity) as tx:
        lead = store.lock(tx, lead_id)
        manager = roster.lock_rep(tx, verified[0])
        if lead.state is not State.RECYCLED or manager is None or (manager.employee_id, manager.version) != verified:
            return False
        decision = Decision(
            decision_id=new_id(),
            lead_id=lead_id,
            at=tx.now,
            grade=counts_as(lead.grade),
            policy_version=version,
            outcome="bounced",
            winner_id=manager.employee_id,
            body={"bounces": lead.bounces},
        )
        settle_lead(tx, Give(lead, manager, decision, "bounced"), assigner.clocks())
        tx.commit()
    return True


def _bounced(assigner: Assigner, bounces: int) -> list[tuple[str, str, int]]:
    """Leads in the pool that bounced so often, with the manager of the last owner; not one the manager lost already."""
    any_given = tables.assignment.alias("any_given").c
    of_lead = select(func.max(any_given.assigned_at)).where(any_given.lead_id == _lead.lead_id)
    last = of_lead.correlate(tables.lead).scalar_subquery()
    manager = tables.rep.alias("manager")
    query = (
        select(_lead.lead_id, manager.c.employee_id, manager.c.version)
        .select_from(tables.lead)
        .join(tables.assignment, (_given.lead_id == _lead.lead_id) & (_given.assigned_at == last))
        .join(tables.rep, _rep.employee_id == _given.employee_id)
        .join(manager, manager.c.employee_id == _rep.manager_id)
        .where(_lead.state == State.RECYCLED.value, _lead.bounces >= bounces, _given.how != "bounced")
        .order_by(*store.waiting_line())
        .limit(BATCH)
    )
    with assigner.uow.read(assigner.identity) as tx:
        return [(row.lead_id, row.employee_id, row.version) for row in tx.execute(query)]
