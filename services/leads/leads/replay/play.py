"""Play the leads of the past through the formula, one after the other, under one policy (LD3.11).

Both policies are played on the roster and the conversion of today, with accounts taken as sound, so that what differs
between them is the policy alone. A lead is carried as long as it was in truth; who got one by hand, as the customer's
owner or from the pool gets it under each policy.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from chassis.kernel.calendar import SHIFT_OPENS, BusinessCalendar, instant, local_date
from leads.assignment.choice_rules import standing
from leads.assignment.fair_turn_rules import FairTurns, Turn, band_bits
from leads.assignment.input_rules import Circumstances, Counts, Reps, take_on
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.sheet_rules import Sheet
from leads.assignment.shortlist_rules import shortlist
from leads.lead.rules import Grade
from leads.replay.past_rules import Past
from leads.replay.report_rules import Played

_NOBODY = UUID(int=0)
_NONE: Counts = np.zeros(0, dtype=np.int64)


@dataclass(order=True)
class _Waiting:
    """A, B, C, then time (LD3.8)."""

    rank: int
    at: datetime
    place: int


def play(roster: Reps, past: Sequence[Past], policy: AssignmentPolicy, until: datetime) -> Played:
    """`past` in the order of time. Nobody carries anything at first."""
    game = _Game(_empty_handed(roster), policy)
    for place, lead in enumerate(past):
        game.pass_time(lead.at)
        game.arrive(place, lead)
    game.pass_time(until)
    return game.result(until)


def _empty_handed(roster: Reps) -> Reps:
    reps = roster.copy()
    for name in ("open_a", "open_b", "open_c", "a_day", "a_taken"):
        getattr(reps, name)[:] = 0
    reps.last_assigned[:] = -np.inf
    for grade in Grade:
        reps.owed[grade][:] = reps.received[grade][:] = 0
    return reps


class _Game:
    def __init__(self, reps: Reps, policy: AssignmentPolicy) -> None:
        self._reps, self._policy = reps, policy
        self._turns = FairTurns()
        self._high: set[Grade] = set()
        self._sheet: Sheet | None = None
        self._ends: list[tuple[datetime, int, str]] = []
        self._waiting: list[_Waiting] = []
        self._leads: list[Past] = []
        self._now = datetime.min.replace(tzinfo=UTC)
        self._played = Played(peak=[0.0] * len(reps))
        self._loads: list[float] = []

    def arrive(self, place: int, lead: Past) -> None:
        self._leads.append(lead)
        self._played.owner.append("")
        self._played.wait.append(None)
        if lead.fixed:
            at = self._reps.find(lead.owner)
            self._played.owner[place] = lead.owner
            if at is not None:
                self._carry(place, at, lead.at)
            self._note(lead, lead.at, lead.owner, "manual", _NONE)
        elif not self._decide(place, lead.at):
            heapq.heappush(self._waiting, _Waiting("ABC".index(lead.wanted.grade), lead.at, place))

    def pass_time(self, to: datetime) -> None:
        """Leads that end make room, and a new shift or day gives those who wait to somebody."""
        while True:
            ends = [self._ends[0][0]] if self._ends else []
            opens = [self._next_opening()] if self._waiting else []
            at = min([*ends, *opens], default=to)
            if at > to or not (ends or opens):
                break
            while self._ends and self._ends[0][0] <= at:
                self._let_go(at)
            self._now = max(self._now, at)
            self._drain(at)
        self._now = max(self._now, to)

    def result(self, until: datetime) -> Played:
        played, policy = self._played, self._policy
        played.mean_load = sum(self._loads) / len(self._loads) if self._loads else 0.0
        drifts = np.full(len(self._reps), np.nan)
        for grade in Grade:
            owed, received = self._turns.over(grade, local_date(until), policy.fairness_days, self._reps.number)
            known = owed >= policy.fairness_from_owed
            drift = np.abs(received - owed) / np.where(known, owed, 1)
            drifts = np.fmax(drifts, np.where(known, drift, np.nan))
        played.drift = [None if np.isnan(each) else float(each) for each in drifts]
        return played

    def _let_go(self, at: datetime) -> None:
        _, position, grade = heapq.heappop(self._ends)
        getattr(self._reps, f"open_{grade.lower()}")[position] -= 1
        self._on(at).update(np.array([position], dtype=np.int64))

    def _next_opening(self) -> datetime:
        """The next start of a shift, or where all hours count the next day with its new caps."""
        if self._policy.shift == "always_on":
            return instant(local_date(self._now) + timedelta(days=1))
        day = BusinessCalendar().workday_on_or_after(local_date(self._now))
        opens = instant(day, SHIFT_OPENS)
        return opens if opens > self._now else instant(BusinessCalendar().next_workday(day), SHIFT_OPENS)

    def _is_open(self, at: datetime) -> bool:
        return self._policy.shift == "always_on" or BusinessCalendar().in_shift(at)

    def _drain(self, at: datetime) -> None:
        if not self._is_open(at):
            return
        left: list[_Waiting] = []
        found_nobody: set[tuple[Grade, str]] = set()
        while self._waiting:
            each = heapq.heappop(self._waiting)
            wanted = self._leads[each.place].wanted
            kind = wanted.grade, wanted.industry
            # Who may take one lead of a kind may take any other: behind one that found nobody the rest need no asking.
            if kind in found_nobody or not self._decide(each.place, at):
                found_nobody.add(kind)
                left.append(each)
        self._waiting = left
        heapq.heapify(self._waiting)

    def _decide(self, place: int, at: datetime) -> bool:
        lead, sheet = self._leads[place], self._on(at)
        wanted, policy = lead.wanted, self._policy
        newcomers = sheet.reps.number[sheet.newcomers]
        given = self._turns.a_given(sheet.day, policy.newcomer_window_days, newcomers)
        later = self._later(at)
        contest = shortlist(
            sheet, wanted, Circumstances(at, self._is_open(at), wanted.grade in self._high, *given), later
        )
        self._loads.append(contest.survey.mean_load)
        (self._high.add if contest.survey.high_load else self._high.discard)(wanted.grade)
        out = np.isin(contest.reps.number, self._reps.number[later])
        first = next(iter(standing(contest, out, 1)), None)
        if first is None:
            return False
        winner = str(contest.reps.employee_id[first])
        self._played.owner[place] = winner
        self._played.wait[place] = at - lead.at
        if wanted.grade is Grade.A:
            self._played.wins += float(contest.conversion[first])
            self._played.contested_a += 1
            self._played.to_newcomers += bool(np.isin(contest.reps.number[first], newcomers))
        self._note(lead, at, winner, "assigned", _NONE if contest.band is None else contest.band)
        found = self._reps.find(winner)
        assert found is not None  # noqa: S101 - it came from these columns
        self._carry(place, found, at)
        return True

    def _carry(self, place: int, at: int, now: datetime) -> None:
        lead, sheet = self._leads[place], self._on(now)
        take_on(self._reps, at, lead.wanted.grade, now)
        sheet.update(np.array([at], dtype=np.int64))
        self._played.peak[at] = max(self._played.peak[at], float(sheet.loads.load[at]))
        if lead.held is not None:
            heapq.heappush(self._ends, (now + lead.held, at, lead.wanted.grade.value))

    def _note(self, lead: Past, at: datetime, winner: str, outcome: str, band: Counts) -> None:
        turn = Turn(_NOBODY, at, lead.wanted.grade.value, outcome, winner, band_bits(band), len(band))
        position = self._reps.find(winner)
        number = {} if position is None else {winner: int(self._reps.number[position])}
        for share in self._turns.add([turn], number):
            places = np.flatnonzero(np.isin(self._reps.number, share.band))
            self._reps.owed[share.grade][places] += share.owed
            if position is not None:
                self._reps.received[share.grade][position] += 1

    def _on(self, at: datetime) -> Sheet:
        """Of the day: who is new, and what counts as lately, change with it."""
        if self._sheet is None or self._sheet.day != local_date(at):
            for grade in Grade:
                window = self._turns.over(grade, local_date(at), self._policy.fairness_days, self._reps.number)
                self._reps.owed[grade][:], self._reps.received[grade][:] = window
            self._sheet = Sheet(self._reps, self._policy, at)
        return self._sheet

    def _later(self, at: datetime) -> Counts:
        """Who was hired after that day."""
        return np.flatnonzero(self._reps.hired_on > local_date(at).toordinal())
