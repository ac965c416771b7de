"""Give waiting leads to the best verified reps, or let them wait with the reason (LD3.6, LD3.9, LD4.1, LD4.2).

One way for one lead and for many: captures that come together, an import's rows, the queue. They are decided in the
given order, probed in one batch and reserved in one transaction. Where somebody else was faster, the rest is decided
anew on what is true now. Bounded: after 400 ms without an owner a lead is held.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chassis.unit_of_work import Caller
from leads.assignment.assigner import Assigner
from leads.assignment.attempt import Asked
from leads.assignment.decide_leads import decide_leads
from leads.assignment.give_to_customer_owner import give_to_customer_owner
from leads.assignment.reserve_leads import reserve_leads
from leads.assignment.tell_passed_over import tell_passed_over
from leads.lead import store
from leads.lead.rules import WAITING, Lead, State
from leads.lead.store import LeadNotFound
from leads.ownership import store as ownership

# So often the winner must be exactly as the decision saw it; then having room is enough.
_EXACT_TRIES = 3


@dataclass
class Assigned:
    """What became of leads: as they are now, and the names of owners found here by employee."""

    leads: dict[str, Lead] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


def assign_leads(
    assigner: Assigner,
    lead_ids: Sequence[str],
    known: Mapping[str, Lead] | None = None,
    callers: Mapping[str, Caller] | None = None,
) -> Assigned:
    """In the given order. `known`: leads that were written just now; `callers`: in whose traces leads are given.

    Raises LeadNotFound.
    """
    with assigner.turn:
        return _assign(assigner, lead_ids, dict(known or {}), callers or {})


def _assign(
    assigner: Assigner, lead_ids: Sequence[str], known: Mapping[str, Lead], callers: Mapping[str, Caller]
) -> Assigned:
    version, policy = assigner.policy()
    assigner.board.warm_up(assigner.uow.clock.now(), policy)
    ends = time.monotonic() + policy.decision_milliseconds / 1000
    found, left, tries = Assigned(), list(lead_ids), 0
    while left:
        at = assigner.uow.clock.now()
        asked = _load(assigner, left, known, callers)
        left = [each for each in left if not _is_done(assigner, asked[each], found, ends)]
        if not left:
            break
        attempts = decide_leads(assigner, [asked[each] for each in left], at, ends, version, policy)
        late = tries > 0 and time.monotonic() >= ends
        reserved = reserve_leads(assigner, attempts, exact=tries < _EXACT_TRIES, late=late)
        found.leads |= {each.lead_id: each for each in reserved.leads}
        found.names |= reserved.names
        tell_passed_over(assigner.uow, assigner.told)
        left, known, tries = left[reserved.done :], {}, tries + 1
    return found


def assign_lead(assigner: Assigner, lead_id: str) -> State:
    """The state afterwards: assigned, held or queued; another one when the lead does not wait any more."""
    return assign_leads(assigner, [lead_id]).leads[lead_id].state


def _load(
    assigner: Assigner, lead_ids: Sequence[str], known: Mapping[str, Lead], callers: Mapping[str, Caller]
) -> dict[str, Asked]:
    """The leads, and who may not get them."""
    leads = dict(known)
    absent = [each for each in lead_ids if each not in leads]
    barred: Mapping[str, frozenset[str]] = {}
    if absent:
        with assigner.uow.read(assigner.identity) as tx:
            leads |= {each.lead_id: each for each in store.all_of(tx, absent)}
            returned = [each for each in absent if each in leads and (leads[each].bounces or leads[each].recalls)]
            barred = ownership.barred_owners(tx, returned) if returned else {}
    for each in lead_ids:
        if each not in leads:
            raise LeadNotFound(lead_id=each)
    nobody: frozenset[str] = frozenset()
    here = Caller(assigner.identity)
    return {each: Asked(leads[each], barred.get(each, nobody), callers.get(each, here)) for each in lead_ids}


def _is_done(assigner: Assigner, asked: Asked, found: Assigned, ends: float) -> bool:
    """It waits no more; or its customer has an owner, who gets it or holds it."""
    lead = asked.lead
    if lead.state in WAITING and lead.customer_id is not None:
        given = give_to_customer_owner(assigner, asked, ends)
        if given is None:
            return False
        lead = given
    elif lead.state in WAITING:
        return False
    found.leads[lead.lead_id] = lead
    return True
