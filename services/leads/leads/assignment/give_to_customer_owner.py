"""A lead of a known customer goes to the customer's owner (LD1.3), through the same probe as every owner (LD4.1).

While the customer is handed over it goes to whoever takes the customer over (LD10.1): the owner is leaving, and nobody
else should begin what the new owner goes on with.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Caller, Transaction
from leads.assignment.assigner import Assigner
from leads.assignment.attempt import Asked
from leads.assignment.claim_store import Claim, claim_of
from leads.assignment.concentration_rules import Given
from leads.assignment.decision_store import Decision
from leads.assignment.pause_concentrated import given_lately, pause_concentrated
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.probe_rules import Verdict
from leads.assignment.settle_leads import Give, Wait, settle_lead, waiting_state
from leads.lead import store
from leads.lead.rules import WAITING, Grade, Lead, counts_as
from leads.roster import store as roster


def give_to_customer_owner(assigner: Assigner, asked: Asked, ends: float) -> Lead | None:
    """The lead afterwards. None when the customer has no owner, or one who is gone, paused or had the lead before:
    then the lead is competed for. So it is while a handover has no plan yet.

    An owner who can't be verified now keeps the claim: the lead is held.
    """
    version, policy = assigner.policy()
    lead, at = asked.lead, assigner.uow.clock.now()
    claim = _claim(assigner, lead)
    if claim is None or claim.employee_id in asked.barred:
        return None
    verdict = _verdict(assigner, claim, at, policy, ends)
    if verdict in (Verdict.INACTIVE, Verdict.ON_LEAVE):
        return None
    is_verified, how = verdict is Verdict.VERIFIED, "customer_taker" if claim.handover_id else "customer_owner"
    decision = Decision(
        decision_id=new_id(),
        lead_id=lead.lead_id,
        at=at,
        grade=counts_as(lead.grade),
        policy_version=version,
        outcome=how if is_verified else "held",
        winner_id=claim.employee_id if is_verified else "",
        body={"customer_id": lead.customer_id, "verdict": verdict.value} | _why(claim),
    )
    with assigner.uow.begin(assigner.identity) as tx:
        locked = store.lock(tx, lead.lead_id)
        if not is_verified:
            return _hold(tx, assigner, locked, decision, asked.caller)
        rep = roster.lock_rep(tx, claim.employee_id)
        if locked.state not in WAITING or rep is None or rep.version != claim.version:
            return None
        if rep.paused_at is not None or _is_concentrated(tx, rep, counts_as(lead.grade), policy):
            tx.commit()
            return None
        given = settle_lead(tx, Give(locked, rep, decision, how, claim.giver, asked.caller), assigner.clocks())
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


def _claim(assigner: Assigner, lead: Lead) -> Claim | None:
    with assigner.uow.read(assigner.identity) as tx:
        return claim_of(tx, str(lead.customer_id))


def _why(claim: Claim) -> dict[str, Any]:
    if not claim.handover_id:
        return {"owner_id": claim.employee_id}
    return {"taker_id": claim.employee_id, "handover_id": claim.handover_id, "reason": claim.giver}


def _verdict(assigner: Assigner, claim: Claim, at: datetime, policy: AssignmentPolicy, ends: float) -> Verdict:
    within = ends - time.monotonic()
    asked = {claim.employee_id: claim.version}
    return assigner.probe.check(asked, at, policy, within=within)[claim.employee_id].verdict
