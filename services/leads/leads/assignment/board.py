"""The board: everything a decision looks at, kept in memory and brought up to date before each decision.

Guarantee: a view holds exactly what was committed at its snapshot; only what changed since the last one is read. What
is reserved is checked again under the rep's lock, so a view that is a moment old costs a retry, never a wrong owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from uuid import UUID

from sqlalchemy import Connection

from chassis.database import Database
from chassis.kernel.calendar import instant, local_date
from leads.assignment import board_store as sql
from leads.assignment.choice_rules import Reps
from leads.assignment.columns import reps_of, with_changes, with_conversion
from leads.assignment.fair_turns import FairTurns
from leads.assignment.policy import AssignmentPolicy
from leads.lead.rules import Grade

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class View:
    """One consistent look at the roster. `snapshot` finds the same rows again."""

    reps: Reps
    snapshot: str
    high_load: frozenset[Grade]


class Board:
    """Shared by all threads of a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._forget_all()

    def view(self, grade: Grade, at: datetime, policy: AssignmentPolicy) -> View:
        """Up to date at the time of the call; fair turns are those of `grade`."""
        with self._lock:
            view = self._refresh(at, policy)
            numbers = view.reps.number
            owed, received = self._turns.over(grade, local_date(at), policy.fairness_days, numbers)
        return replace(view, reps=replace(view.reps, owed={grade: owed}, received={grade: received}))

    def warm_up(self, at: datetime, policy: AssignmentPolicy) -> None:
        """The first look of a process reads everything; that is no decision's time to lose. Nothing afterwards."""
        if self._fairness_days is None:
            with self._lock:
                self._refresh(at, policy)

    def _forget_all(self) -> None:
        self._reps = reps_of([])
        self._turns = FairTurns()
        self._seen: frozenset[UUID] = frozenset()
        self._oldest = "0"
        self._fairness_days: int | None = None
        # Conversion is right for this many days, until the oldest lead falls out of the window.
        self._conversion: tuple[int, datetime] | None = None

    def _refresh(self, at: datetime, policy: AssignmentPolicy) -> View:
        if self._fairness_days is not None and policy.fairness_days > self._fairness_days:
            self._forget_all()
        snapshot = self._follow(at, policy) or self._read(at, policy)
        self._oldest, self._fairness_days = snapshot.oldest, policy.fairness_days
        return View(self._reps, snapshot.text, snapshot.high_load)

    def _follow(self, at: datetime, policy: AssignmentPolicy) -> sql.Snapshot | None:
        """Take over what little has changed, by one statement. None when there is more to read than that."""
        if self._fairness_days is None or not self._conversion_holds(at, policy):
            return None
        since = fairness_since(local_date(at), policy)
        with self._database.engine.connect() as conn:
            look = sql.look(conn.execution_options(isolation_level="AUTOCOMMIT"), self._oldest, since)
        reps = with_changes(self._reps, look.reps) if look.reps else self._reps
        if look.snapshot.closed_changed or reps is None or (reps.team != self._reps.team).any():
            return None
        self._reps = reps
        self._take_turns(look.turns, since)
        return look.snapshot

    def _read(self, at: datetime, policy: AssignmentPolicy) -> sql.Snapshot:
        since = fairness_since(local_date(at), policy)
        with self._database.engine.connect() as conn:
            conn = conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            snapshot = sql.snapshot(conn, self._oldest)
            self._read_reps(conn)
            self._take_turns(sql.new_turns(conn, self._oldest, since), since)
            if snapshot.closed_changed or not self._conversion_holds(at, policy):
                self._read_conversion(conn, at, policy)
        return snapshot

    def _read_reps(self, conn: Connection) -> None:
        rows = sql.changed_reps(conn, self._oldest)
        if not rows:
            return
        changed = with_changes(self._reps, rows)
        if changed is None:
            changed = reps_of(sql.changed_reps(conn, "0"))
            self._conversion = None
        elif (changed.team != self._reps.team).any():
            self._conversion = None
        self._reps = changed

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

    def _take_turns(self, turns: Sequence[sql.Turn], since: datetime) -> None:
        new = [turn for turn in turns if turn.decision_id not in self._seen]
        self._turns.add(new, _numbers(self._reps, new))
        self._turns.forget_before(local_date(since))
        self._seen = frozenset(turn.decision_id for turn in turns)


def board_then(
    conn: Connection, snapshot: str, grade: Grade, at: datetime, high_load: bool, policy: AssignmentPolicy
) -> View:
    """What a decision saw, read back from the versioned rows."""
    today = local_date(at)
    reps = reps_of(sql.reps_then(conn, snapshot))
    reps = with_conversion(reps, sql.closed(conn, at - timedelta(days=policy.conversion_days), snapshot))
    turns = FairTurns()
    then = sql.turns_then(conn, snapshot, grade, fairness_since(today, policy))
    turns.add(then, _numbers(reps, then))
    owed, received = turns.over(grade, today, policy.fairness_days, reps.number)
    view = replace(reps, owed={grade: owed}, received={grade: received})
    return View(view, snapshot, frozenset({grade} if high_load else ()))


def fairness_since(today: date, policy: AssignmentPolicy) -> datetime:
    """Whole days of Shanghai, today included."""
    return instant(today - timedelta(days=policy.fairness_days - 1))


def _numbers(reps: Reps, turns: Iterable[sql.Turn]) -> dict[str, int]:
    """Number of each winner."""
    found = {turn.winner_id: reps.find(turn.winner_id) for turn in turns}
    return {winner: int(reps.number[at]) for winner, at in found.items() if at is not None}
