"""Reserve the winner under the rep's lock: capacity is never taken twice, a lead never has two owners (LD3.9)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.kernel.calendar import local_date
from chassis.unit_of_work import Transaction
from leads.assignment import decision_store
from leads.assignment.assigner import Assigner
from leads.assignment.attempt import Attempt
from leads.assignment.choice_rules import Contest, has_room, is_in_turn_with
from leads.assignment.give_lead import give_lead
from leads.assignment.pause_concentrated import pause_concentrated
from leads.assignment.rules import Mask, weighted_of
from leads.lead import store
from leads.lead.rules import WAITING, Grade
from leads.roster import store as roster


def reserve(assigner: Assigner, attempt: Attempt, winner: int, *, exact: bool) -> bool:
    """False when the rep or the lead is no longer as the decision saw it, or the rep is paused just now."""
    contest, clocks = attempt.contest, assigner.clocks()
    with assigner.uow.begin(assigner.identity) as tx:
        lead = store.lock(tx, attempt.lead.lead_id)
        if lead.state not in WAITING or lead.grade != attempt.lead.grade:
            return False
        rep = roster.lock_rep(tx, str(contest.reps.employee_id[winner]))
        if rep is None or not _still_takes(rep, attempt, winner, exact):
            return False
        if pause_concentrated(tx, rep, contest.wanted.grade, contest.policy):
            tx.commit()
            return False
        decision = attempt.decision("assigned", winner)
        decision_store.keep(tx, decision)
        _note_load_mode(tx, contest)
        give_lead(tx, lead, rep, clocks, how="automatic", decision_id=decision.decision_id)
        tx.commit()
    return True


def _still_takes(rep: Row[Any], attempt: Attempt, winner: int, exact: bool) -> bool:
    """Unchanged, or at least the same account with room for the lead, and still within the fair band with its load
    of now: else all who chose the same rep at once would follow each other to it."""
    contest = attempt.contest
    if rep.revision == contest.reps.revision[winner]:
        return True
    same_account = bool(rep.version == contest.reps.version[winner])
    return (
        same_account
        and rep.paused_at is None
        and not exact
        and _takes_one_more(rep, contest, attempt.choice.dropped, winner)
    )


def _takes_one_more(rep: Row[Any], contest: Contest, dropped: Mask, winner: int) -> bool:
    policy, grade = contest.policy, contest.wanted.grade
    weighted = weighted_of(rep.open_a, rep.open_b, rep.open_c, policy)
    baseline = rep.baseline or policy.baseline_of(rep.position)
    today = local_date(contest.circumstances.at)
    capped = grade is Grade.A and rep.a_day == today and rep.a_taken >= policy.a_leads_per_day
    room = has_room(weighted, baseline, grade, policy)
    return not capped and room and is_in_turn_with(contest, dropped, winner, weighted, baseline)


def _note_load_mode(tx: Transaction, contest: Contest) -> None:
    if contest.high_load != contest.circumstances.high_load_before:
        decision_store.set_load_mode(tx, contest.wanted.grade, contest.high_load)
