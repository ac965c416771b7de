"""The board: everything a decision looks at, kept in memory and brought up to date before each decision.

Guarantee: a desk or view holds exactly what was committed at its snapshot; only what changed since the last one is
read. What is reserved is checked again under the rep's lock, so a look that is a moment old costs a retry, never a
wrong owner.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row

from chassis.database import Database
from chassis.kernel.calendar import instant, local_date
from leads.assignment import board_store as sql
from leads.assignment.columns import reps_of, take_changes, with_conversion
from leads.assignment.desk import Desk
from leads.assignment.fair_turn_rules import FairTurns, Numbers, Share, Turn
from leads.assignment.input_rules import Reps, take_on
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.sheet_rules import Sheet
from leads.lead.rules import Grade

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class View:
    """One consistent look at the roster. `snapshot` finds the same rows again."""

    reps: Reps
    snapshot: str
    high_load: frozenset[Grade]


class Board:
    """Shared by all threads of a process; one of them at a time sits at the desk."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._forget_all()

    @contextmanager
    def desk(self, at: datetime, policy: AssignmentPolicy) -> Iterator[Desk]:
        """Up to date at the time of the call. Not to be held while somebody else is asked something."""
        with self._lock:
            snapshot = self._refresh(at, policy)
            sheet = self._up_to_date_sheet(at, policy)
            newcomers = sheet.reps.number[sheet.newcomers]
            given = self._turns.a_given(local_date(at), policy.newcomer_window_days, newcomers)
            desk = Desk(sheet, self._place_of, at, snapshot.text, snapshot.high_load, given)
            try:
                yield desk
            finally:
                desk.leave()

    def view(self, at: datetime, policy: AssignmentPolicy) -> View:
        """Up to date at the time of the call, and the caller's own."""
        with self._lock:
            snapshot = self._refresh(at, policy)
            return View(self._up_to_date_sheet(at, policy).reps.copy(), snapshot.text, snapshot.high_load)

    def warm_up(self, at: datetime, policy: AssignmentPolicy) -> None:
        """The first look of a process reads everything; that is no decision's time to lose. Nothing afterwards."""
        if self._days is None:
            with self._lock:
                self._refresh(at, policy)

    def _forget_all(self) -> None:
        self._reps = reps_of([])
        self._sheet: Sheet | None = None
        self._place_of: Numbers = np.zeros(0, dtype=np.int64)
        self._turns = FairTurns()
        self._seen: frozenset[Hashable] = frozenset()
        self._oldest = "0"
        self._days: int | None = None
        # Conversion is right for this many days, until the oldest lead falls out of the window.
        self._conversion: tuple[int, datetime] | None = None

    def _refresh(self, at: datetime, policy: AssignmentPolicy) -> sql.Snapshot:
        days = max(policy.fairness_days, policy.newcomer_window_days)
        if self._days is not None and days > self._days:
            self._forget_all()
        since = instant(local_date(at) - timedelta(days=days - 1))
        snapshot = self._follow(at, policy, since) or self._read(at, policy, since)
        self._oldest, self._days = snapshot.oldest, days
        return snapshot

    def _up_to_date_sheet(self, at: datetime, policy: AssignmentPolicy) -> Sheet:
        """Made anew for another policy, another day, and when more than some rows has changed."""
        sheet = self._sheet
        if sheet is None or sheet.policy != policy or sheet.day != local_date(at):
            reps = self._reps
            for grade in Grade:
                turns = self._turns.over(grade, local_date(at), policy.fairness_days, reps.number)
                reps.owed[grade], reps.received[grade] = turns
            sheet = self._sheet = Sheet(reps, policy, at)
            self._place_of = np.full(int(reps.number.max(initial=-1)) + 1, -1, dtype=np.int64)
            self._place_of[reps.number] = np.arange(len(reps))
        return sheet

    def _follow(self, at: datetime, policy: AssignmentPolicy, since: datetime) -> sql.Snapshot | None:
        """Take over what little has changed, by one statement. None when there is more to read than that."""
        if self._days is None or not self._conversion_holds(at, policy):
            return None
        with self._database.engine.connect() as conn:
            look = sql.look(conn.execution_options(isolation_level="AUTOCOMMIT"), self._oldest, since)
        if look.snapshot.closed_changed or not self._take_reps(look.reps):
            return None
        self._take_turns(look.turns, since)
        return look.snapshot

    def _take_reps(self, rows: Sequence[Row[Any]]) -> bool:
        """False when more has changed than the rows say: somebody is new, or in another team."""
        changed = take_changes(self._reps, rows) if rows else None
        if changed is None:
            return not rows
        self._reps = changed.reps
        # Fair turns belong to the same positions and need nothing.
        if self._sheet is not None:
            self._sheet.reps = changed.reps
            self._sheet.update(changed.positions)
            if changed.placed:
                self._sheet.place()
        return not changed.teams

    def _read(self, at: datetime, policy: AssignmentPolicy, since: datetime) -> sql.Snapshot:
        self._sheet = None
        with self._database.engine.connect() as conn:
            conn = conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            snapshot = sql.snapshot(conn, self._oldest)
            if not self._take_reps(sql.changed_reps(conn, self._oldest)):
                self._reps = reps_of(sql.changed_reps(conn, "0"))
                self._conversion = None
            self._take_turns(sql.new_turns(conn, self._oldest, since), since)
            if snapshot.closed_changed or not self._conversion_holds(at, policy):
                self._read_conversion(conn, at, policy)
            conn.commit()  # nothing; but after a rollback the session would have to prepare its statements anew
        return snapshot

    def _conversion_holds(self, at: datetime, policy: AssignmentPolicy) -> bool:
        known = self._conversion
        return known is not None and known[0] == policy.conversion_days and at < known[1]

    def _read_conversion(self, conn: Connection, at: datetime, policy: AssignmentPolicy) -> None:
        window = timedelta(days=policy.conversion_days)
        closed = sql.closed(conn, at - window)
        self._reps = with_conversion(self._reps, closed)
        first = min((row.first for row in closed), default=None)
        # A lead that closed exactly 30 days ago still counts.
        ends = _NEVER if first is None else first + window + timedelta(microseconds=1)
        self._conversion = policy.conversion_days, ends

    def _take_turns(self, turns: Sequence[Turn], since: datetime) -> None:
        new = [turn for turn in turns if turn.decision_id not in self._seen]
        for share in self._turns.add(new, _numbers(self._reps, new)):
            self._add_to_sheet(share)
        self._turns.forget_before(local_date(since))
        self._seen = frozenset(turn.decision_id for turn in turns)

    def _add_to_sheet(self, share: Share) -> None:
        sheet = self._sheet
        if sheet is None or share.day <= sheet.day - timedelta(days=sheet.policy.fairness_days):
            return
        places = self._place_of[share.band]
        sheet.reps.owed[share.grade][places] += share.owed
        if share.winner is not None:
            sheet.reps.received[share.grade][self._place_of[share.winner]] += 1


def board_then(
    conn: Connection,
    snapshot: str,
    grade: Grade,
    at: datetime,
    high_load: bool,
    policy: AssignmentPolicy,
    ahead: Sequence[Turn] = (),
) -> View:
    """What a decision saw, read back from the versioned rows, and what its batch had given before it."""
    today = local_date(at)
    reps = reps_of(sql.reps_then(conn, snapshot))
    reps = with_conversion(reps, sql.closed(conn, at - timedelta(days=policy.conversion_days), snapshot))
    turns = FairTurns()
    then = sql.turns_then(conn, snapshot, grade, fairness_since(today, policy))
    turns.add([*then, *(turn for turn in ahead if turn.grade == grade)], _numbers(reps, [*then, *ahead]))
    owed, received = turns.over(grade, today, policy.fairness_days, reps.number)
    for turn in ahead:
        position = reps.find(turn.winner_id)
        if position is not None:
            take_on(reps, position, Grade(turn.grade), turn.at)
    view = replace(reps, owed={grade: owed}, received={grade: received})
    return View(view, snapshot, frozenset({grade} if high_load else ()))


def fairness_since(today: date, policy: AssignmentPolicy) -> datetime:
    """Whole days of Shanghai, today included."""
    return instant(today - timedelta(days=policy.fairness_days - 1))


def _numbers(reps: Reps, turns: Iterable[Turn]) -> dict[str, int]:
    """Number of each winner."""
    found = {turn.winner_id: reps.find(turn.winner_id) for turn in turns}
    return {winner: int(reps.number[at]) for winner, at in found.items() if at is not None}
