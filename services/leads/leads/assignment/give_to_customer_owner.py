"""A lead of a known customer goes to the customer's owner (LD1.3), through the same probe as every owner (LD4.1)."""

from __future__ import annotations

import time
from datetime import datetime

from chassis.kernel.ids import new_id
from leads.assignment.assigner import Assigner
from leads.assignment.decision_store import Decision, keep
from leads.assignment.give_lead import give_lead
from leads.assignment.pause_concentrated import pause_concentrated
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.probe_rules import Verdict
from leads.assignment.wait_for_owner import wait_for_owner
from leads.customers import store as customers
from leads.lead import store
from leads.lead.rules import WAITING, Lead, State, counts_as
from leads.roster import store as roster


def give_to_customer_owner(
    assigner: Assigner, lead: Lead, barred: frozenset[str], at: datetime, ends: float
) -> State | None:
    """The state afterwards. None when the customer has no owner, or one who is gone, paused or had the lead before:
    then the lead is competed for.

    An owner who can't be verified now keeps the claim: the lead is held.
    """
    version, policy = assigner.policy()
    owner = _owner(assigner, lead)
    if owner is None or owner[0] in barred:
        return None
    owner_id, employee_version = owner
    verdict = _verdict(assigner, owner_id, employee_version, at, policy, ends)
    if verdict in (Verdict.INACTIVE, Verdict.ON_LEAVE):
        return None
    outcome = "customer_owner" if verdict is Verdict.VERIFIED else "held"
    decision = Decision(
        decision_id=new_id(),
        lead_id=lead.lead_id,
        at=at,
        grade=counts_as(lead.grade),
        policy_version=version,
        outcome=outcome,
        winner_id=owner_id if verdict is Verdict.VERIFIED else "",
        body={"customer_id": lead.customer_id, "owner_id": owner_id, "verdict": verdict.value},
    )
    with assigner.uow.begin(assigner.identity) as tx:
        if verdict is not Verdict.VERIFIED:
            wait_for_owner(tx, decision, "unverified")
            tx.commit()
            return State.HELD
        locked = store.lock(tx, lead.lead_id)
        rep = roster.lock_rep(tx, owner_id)
        if locked.state not in WAITING or rep is None or rep.version != employee_version:
            return None
        if rep.paused_at is not None or pause_concentrated(tx, rep, counts_as(lead.grade), policy):
            tx.commit()
            return None
        keep(tx, decision)
        give_lead(tx, locked, rep, assigner.clocks(), how="customer_owner", decision_id=decision.decision_id)
        tx.commit()
    return State.ASSIGNED


def _owner(assigner: Assigner, lead: Lead) -> tuple[str, int] | None:
    with assigner.uow.read(assigner.identity) as tx:
        owner_id = customers.owner_of(tx, str(lead.customer_id))
        version = roster.version_of(tx, owner_id) if owner_id else None
    return None if version is None else (owner_id, version)


def _verdict(
    assigner: Assigner, owner_id: str, version: int, at: datetime, policy: AssignmentPolicy, ends: float
) -> Verdict:
    within = ends - time.monotonic()
    return assigner.probe.check({owner_id: version}, at, policy, within=within)[owner_id].verdict
