"""Reserve the winners under the reps' locks: capacity is never taken twice, a lead never has two owners (LD3.9).

Leads are locked in order of id, then reps in order of id. Attempts come true in the order in which they were decided,
up to the first that is no longer as it was seen: those after it counted on it, and are decided on anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from chassis.kernel.calendar import local_date
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.assignment import decision_store
from leads.assignment.assigner import Assigner
from leads.assignment.attempt import Attempt
from leads.assignment.choice_rules import has_room, is_in_turn_with
from leads.assignment.concentration_rules import Given
from leads.assignment.pause_concentrated import given_lately, pause_concentrated
from leads.assignment.rules import weighted_of
from leads.assignment.settle_leads import Give, Settled, Wait, settle_leads, waiting_state
from leads.lead import store
from leads.lead.rules import WAITING, Grade, Lead
from leads.roster import store as roster


@dataclass
class _Reservation:
    """What is locked, and what the attempts before were given of it in this transaction."""

    tx: Transaction
    leads: Mapping[str, Lead]
    reps: Mapping[str, Row[Any]]
    given: Mapping[str, Given]
    exact: bool
    batch: str | None
    settled: list[Settled] = field(default_factory=list)
    to_rep: Counter[tuple[str, Grade]] = field(default_factory=Counter)
    to_team: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Reserved:
    """How many attempts, from the first on, are done with; their leads as they are now, and the names of owners."""

    done: int
    leads: Sequence[Lead]
    names: Mapping[str, str]


def reserve_leads(assigner: Assigner, attempts: Sequence[Attempt], *, exact: bool, late: bool = False) -> Reserved:
    """`exact`: the winner must be as the decision saw it; else having room and being in turn is enough.

    `late`: there is no time to try again; whoever could not be given to somebody is held.
    """
    with assigner.uow.begin(assigner.identity) as tx:
        leads = store.lock_all(tx, [each.asked.lead.lead_id for each in attempts])
        reps = roster.lock_reps(tx, {each.gift.winner_id for each in attempts if each.gift})
        batch = new_id() if len(attempts) > 1 else None
        given = given_lately(tx, reps.values(), attempts[0].contest.policy)
        reservation = _Reservation(tx, leads, reps, given, exact, batch)
        done = _reserve_in_order(reservation, attempts)
        _note_load_modes(tx, attempts[:done])
        for attempt in attempts[done:] if late else ():
            _hold(reservation, attempt, done)
            done += 1
        after = {each.lead_id: each for each in settle_leads(tx, reservation.settled, assigner.clocks())}
        tx.commit()
    now = [after.get(each.asked.lead.lead_id, leads[each.asked.lead.lead_id]) for each in attempts[:done]]
    return Reserved(done, now, {each: rep.name for each, rep in reps.items()})


def _reserve_in_order(reservation: _Reservation, attempts: Sequence[Attempt]) -> int:
    """How many, up to the first that failed: those after it counted on it."""
    for done, attempt in enumerate(attempts):
        if not _reserve(reservation, attempt, done):
            return done
    return len(attempts)


def _reserve(reservation: _Reservation, attempt: Attempt, place: int) -> bool:
    """False when lead or rep is no longer as the decision saw it, or the rep is paused just now."""
    lead, gift = reservation.leads[attempt.asked.lead.lead_id], attempt.gift
    if lead.state not in WAITING or lead.grade != attempt.asked.lead.grade:
        return False
    if gift is None:
        return _wait(reservation, lead, attempt, attempt.reason, place)
    rep = reservation.reps.get(gift.winner_id)
    if (
        rep is None
        or not _still_takes(reservation, rep, attempt, gift.winner)
        or _is_concentrated(reservation, rep, attempt)
    ):
        return False
    decision = attempt.decision("assigned", gift, _place(reservation, place))
    reservation.settled.append(Give(lead, rep, decision, "automatic", caller=attempt.asked.caller))
    reservation.to_rep[rep.employee_id, attempt.contest.wanted.grade] += 1
    reservation.to_team[rep.team] += 1
    return True


def _hold(reservation: _Reservation, attempt: Attempt, place: int) -> None:
    lead = reservation.leads[attempt.asked.lead.lead_id]
    if lead.state in WAITING:
        _wait(reservation, lead, attempt, "unverified", place)


def _wait(reservation: _Reservation, lead: Lead, attempt: Attempt, reason: str, place: int) -> bool:
    """Told once, not at every further try that ends alike."""
    state = waiting_state(lead, reason)
    if lead.state is not state:
        decision = attempt.decision(state.value, None, _place(reservation, place))
        reservation.settled.append(Wait(lead, decision, reason, attempt.asked.caller))
    return True


def _place(reservation: _Reservation, place: int) -> tuple[str, int] | None:
    return None if reservation.batch is None else (reservation.batch, place)


def _still_takes(reservation: _Reservation, rep: Row[Any], attempt: Attempt, winner: int) -> bool:
    """Unchanged, or at least the same account with room for the lead, and still within the fair band with its load
    of now: else all who chose the same rep at once would follow each other to it."""
    contest = attempt.contest
    if rep.revision == contest.reps.revision[winner]:
        return True
    # A refresh of all accounts tells another status without another version.
    same_account = bool(rep.version == contest.reps.version[winner]) and rep.status == "active"
    return (
        same_account
        and rep.paused_at is None
        and not reservation.exact
        and _takes_one_more(reservation, rep, attempt, winner)
    )


def _takes_one_more(reservation: _Reservation, rep: Row[Any], attempt: Attempt, winner: int) -> bool:
    contest = attempt.contest
    policy, grade = contest.policy, contest.wanted.grade
    a, b, c = (reservation.to_rep[rep.employee_id, each] for each in Grade)
    weighted = weighted_of(rep.open_a + a, rep.open_b + b, rep.open_c + c, policy)
    baseline = rep.baseline or policy.baseline_of(rep.position)
    taken = a + (rep.a_taken if rep.a_day == local_date(contest.circumstances.at) else 0)
    capped = grade is Grade.A and taken >= policy.a_leads_per_day
    room = has_room(weighted, baseline, grade, policy)
    return not capped and room and is_in_turn_with(contest, attempt.choice.dropped, winner, weighted, baseline)


def _is_concentrated(reservation: _Reservation, rep: Row[Any], attempt: Attempt) -> bool:
    """The lead would be one too many for its team's shares: the rep is paused then."""
    lately = reservation.given[rep.employee_id]
    to_rep = sum(reservation.to_rep[rep.employee_id, grade] for grade in Grade)
    given = Given(lately.to_rep + to_rep + 1, lately.to_team + reservation.to_team[rep.team] + 1)
    return pause_concentrated(reservation.tx, rep, given, attempt.contest.wanted.grade, attempt.contest.policy)


def _note_load_modes(tx: Transaction, attempts: Sequence[Attempt]) -> None:
    modes: dict[Grade, bool] = {}
    for each in attempts:
        contest = each.contest
        if each.gift and contest.survey.high_load != contest.circumstances.high_load_before:
            modes[contest.wanted.grade] = contest.survey.high_load
    for grade, high in sorted(modes.items()):
        decision_store.set_load_mode(tx, grade, high)
