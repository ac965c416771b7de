"""Give a waiting lead to the best verified rep, or let it wait with the reason (LD3.6, LD3.9, LD4.1, LD4.2).

Scoring and probing happen outside any transaction. The winner is then reserved under the rep's lock; when somebody else
was faster, the decision is made anew on what is true now. Bounded: after 400 ms without an owner the lead is held.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from chassis.kernel.calendar import BusinessCalendar, local_date
from leads.assignment import board_store
from leads.assignment.assigner import Assigner
from leads.assignment.attempt import Attempt
from leads.assignment.board import View
from leads.assignment.choice_rules import Circumstances, Wanted, contest
from leads.assignment.give_to_customer_owner import give_to_customer_owner
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.probe_candidates import probe_candidates
from leads.assignment.reserve import reserve
from leads.assignment.rules import Place
from leads.assignment.tell_passed_over import tell_passed_over
from leads.assignment.wait_for_owner import wait_for_owner
from leads.lead import store
from leads.lead.rules import WAITING, Grade, Lead, State, counts_as
from leads.ownership import store as ownership

# So often the winner must be exactly as the decision saw it; then having room is enough.
_EXACT_TRIES = 3


def assign_lead(assigner: Assigner, lead_id: str) -> State:
    """The state afterwards: assigned, held or queued; another one when the lead does not wait any more."""
    version, policy = assigner.policy()
    assigner.board.warm_up(assigner.uow.clock.now(), policy)
    ends = time.monotonic() + policy.decision_milliseconds / 1000
    tries = 0
    while True:
        at = assigner.uow.clock.now()
        lead, barred, given = _load(assigner, lead_id, at, policy)
        if lead.state not in WAITING:
            return lead.state
        if lead.customer_id is not None:
            state = give_to_customer_owner(assigner, lead, barred, at, ends)
            if state is not None:
                return state
        view = assigner.board.view(counts_as(lead.grade), at, policy)
        measured = contest(view.reps, _wanted(lead, barred), _circumstances(lead, at, view, given, policy), policy)
        choice = probe_candidates(assigner.probe, measured, at, ends)
        attempt = Attempt(lead, measured, choice, view.snapshot, version)
        if choice.winner is None:
            state = _wait(assigner, attempt, "unverified" if choice.candidates else "no_capacity")
            tell_passed_over(assigner, measured)
            return state
        if reserve(assigner, attempt, choice.winner, exact=tries < _EXACT_TRIES):
            tell_passed_over(assigner, measured)
            return State.ASSIGNED
        tries += 1
        if time.monotonic() >= ends:
            return _wait(assigner, attempt, "unverified")


Given = tuple[int, int]


def _load(
    assigner: Assigner, lead_id: str, at: datetime, policy: AssignmentPolicy
) -> tuple[Lead, frozenset[str], Given]:
    """The lead, who may not get it, and how many A leads were given lately, to all and to newcomers."""
    with assigner.uow.read(assigner.identity) as tx:
        lead = store.load(tx, lead_id)
        barred = ownership.barred_owners(tx, lead_id) if lead.bounces or lead.recalls else frozenset()
        if counts_as(lead.grade) is not Grade.A:
            return lead, barred, (0, 0)
        since = at - timedelta(days=policy.newcomer_window_days)
        first_day = local_date(at) - timedelta(days=policy.newcomer_days)
        return lead, barred, board_store.a_given(tx.conn, since, first_day)


def _wanted(lead: Lead, barred: frozenset[str]) -> Wanted:
    place = Place(lead.position, lead.province, lead.city)
    return Wanted(lead.lead_id, counts_as(lead.grade), lead.industry, place, barred)


def _circumstances(lead: Lead, at: datetime, view: View, given: Given, policy: AssignmentPolicy) -> Circumstances:
    return Circumstances(
        at=at,
        on_shift=policy.shift == "always_on" or BusinessCalendar().in_shift(at),
        high_load_before=counts_as(lead.grade) in view.high_load,
        a_given=given[0],
        a_to_newcomers=given[1],
    )


def _wait(assigner: Assigner, attempt: Attempt, reason: str) -> State:
    """Nobody passed the filters: queued. Candidates, but none verified and reserved in time: held."""
    state = State.HELD if reason == "unverified" else State.QUEUED
    if attempt.lead.state is not state:
        with assigner.uow.begin(assigner.identity) as tx:
            wait_for_owner(tx, attempt.decision(state.value), reason)
            tx.commit()
    return state
