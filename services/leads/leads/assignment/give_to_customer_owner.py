"""A lead of a known customer goes to the customer's owner (LD1.3), through the same probe as every owner (LD4.1)."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Caller, Transaction
from leads.assignment.assigner import Assigner
from leads.assignment.attempt import Asked
from leads.assignment.concentration_rules import Given
from leads.assignment.decision_store import Decision
from leads.assignment.pause_concentrated import given_lately, pause_concentrated
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.probe_rules import Verdict
from leads.assignment.settle_leads import Give, Wait, settle_lead, waiting_state
from leads.customers import store as customers
from leads.lead import store
from leads.lead.rules import WAITING, Grade, Lead, counts_as
from leads.roster import store as roster


def give_to_customer_owner(assigner: Assigner, asked: Asked, ends: float) -> Lead | None:
    """The lead afterwards. None when the customer has no owner, or one who is gone, paused or had the lead before:
    then the lead is competed for.

    An owner who can't be verified now keeps the claim: the lead is held.
    """
    version, policy = assigner.policy()
    lead, at = asked.lead, assigner.uow.clock.now()
    owner = _owner(assigner, lead)
    if owner is None or owner[0] in asked.barred:
        return None
    owner_id, employee_version = owner
    verdict = _verdict(assigner, owner_id, employee_version, at, policy, ends)
    if verdict in (Verdict.INACTIVE, Verdict.ON_LEAVE):
        return None
    is_verified = verdict is Verdict.VERIFIED
    decision = Decision(
        decision_id=new_id(),
        lead_id=lead.lead_id,
        at=at,
        grade=counts_as(lead.grade),
        policy_version=version,
        outcome="customer_owner" if is_verified else "held",
        winner_id=owner_id if is_verified else "",
        body={"customer_id": lead.customer_id, "owner_id": owner_id, "verdict": verdict.value},
    )
    with assigner.uow.begin(assigner.identity) as tx:
        locked = store.lock(tx, lead.lead_id)
        if not is_verified:
            return _hold(tx, assigner, locked, decision, asked.caller)
        rep = roster.lock_rep(tx, owner_id)
        if locked.state not in WAITING or rep is None or rep.version != employee_version:
            return None
        if rep.paused_at is not None or _is_concentrated(tx, rep, counts_as(lead.grade), policy):
            tx.commit()
            return None
        given = settle_lead(tx, Give(locked, rep, decision, "customer_owner", caller=asked.caller), assigner.clocks())
        tx.commit()
    return given


def _hold(tx: Transaction, assigner: Assigner, lead: Lead, decision: Decision, caller: Caller) -> Lead:
    """Told once, not at every further try that ends alike."""
    if lead.state in WAITING and lead.state is not waiting_state(lead, "unverified"):
        lead = settle_lead(tx, Wait(lead, decision, "unverified", caller), assigner.clocks())
        tx.commit()
    return lead


def _is_concentrated(tx: Transaction, rep: Row[Any], grade: Grade, policy: AssignmentPolicy) -> bool:
    lately = given_lately(tx, [rep], policy)[rep.employee_id]
    return pause_concentrated(tx, rep, Given(lately.to_rep + 1, lately.to_team + 1), grade, policy)


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
