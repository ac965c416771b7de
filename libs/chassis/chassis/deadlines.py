"""Clocks of the business: "remind the rep in 30 minutes", "recycle in 24 hours".

Guarantee: a clock is started and stopped in the transaction of the change, and there is at most one running clock of a
kind for a subject. `chassis.deadline_runner` fires it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ARRAY, Connection, Text, Uuid, any_, bindparam, func, literal_column, select, text, update

from chassis import audit, rows
from chassis.kernel.ids import new_id
from chassis.schema import deadline

# A literal, so that every plan may use the indexes of running clocks.
PENDING = deadline.c.state == literal_column("'pending'")
_SUBJECTS = deadline.c.subject_id == any_(bindparam("subjects", type_=ARRAY(Text)))

# Statements are built once: building one costs more than running it.
_COLUMNS = ("id", "kind", "subject_id", "due_at", "payload", "policy_version")
# A new id: a runner that is just firing the old one finds it gone.
_START = text(f"""
    {rows.insertion(deadline, _COLUMNS)}
    ON CONFLICT (kind, subject_id) WHERE state = 'pending' DO UPDATE SET
        id = excluded.id, due_at = excluded.due_at, payload = excluded.payload,
        policy_version = excluded.policy_version, attempts = 0, reason = '', retry_at = NULL
""")
_STOPPED = update(deadline).values(state="stopped", retry_at=None)
_STOP = _STOPPED.where(PENDING, deadline.c.kind == bindparam("of_kind"), deadline.c.subject_id == bindparam("subject"))
_STOP_ALL = _STOPPED.where(PENDING, _SUBJECTS)
_FIRED = (
    update(deadline)
    .values(state="fired", fired_at=bindparam("at"), reason="", retry_at=None)
    .where(PENDING, deadline.c.id == any_(bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))))
)


class DeadlineGone(Exception):
    """A clock was stopped or started anew while its handler ran; what the handler did must be rolled back."""


@dataclass(frozen=True)
class Deadline:
    """A clock that is due. `due_at` is business time; `attempts` counts earlier tries that failed."""

    id: str
    kind: str
    subject_id: str
    due_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)
    policy_version: int = 0
    attempts: int = 0


@dataclass(frozen=True)
class Start:
    """A clock to be started."""

    kind: str
    subject_id: str
    due_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)
    policy_version: int = 0


class TimedTransaction(Protocol):
    @property
    def conn(self) -> Connection: ...
    @property
    def now(self) -> datetime: ...


class Deadlines:
    """The clocks of one transaction: `tx.deadlines`.

    Lock the subject's row before starting or stopping its clocks: the runner's handler does it in that order too.
    """

    def __init__(self, tx: TimedTransaction) -> None:
        self._tx = tx
        self._firing: dict[tuple[str, str], Deadline] = {}

    def start(
        self,
        kind: str,
        subject_id: str,
        due_at: datetime,
        payload: Mapping[str, Any] | None = None,
        *,
        policy_version: int = 0,
    ) -> None:
        """Starts the clock; one of this kind that runs for the subject already starts anew."""
        self.start_all([Start(kind, subject_id, due_at, payload or {}, policy_version)])

    def start_all(self, clocks: Sequence[Start]) -> None:
        """Several in one statement; of two of a kind for one subject the last counts."""
        started = {(each.kind, each.subject_id): each for each in clocks}
        self._settle(started)
        if started:
            self._tx.conn.execute(_START, {"rows": rows.document(map(_row, started.values()))})

    def stop(self, kind: str, subject_id: str) -> bool:
        """False when no such clock ran."""
        self._settle([(kind, subject_id)])
        return self._tx.conn.execute(_STOP, {"of_kind": kind, "subject": subject_id}).rowcount > 0

    def stop_all(self, *subject_ids: str) -> int:
        """Stops every clock of the subjects; how many ran."""
        self._settle([each for each in self._firing if each[1] in subject_ids])
        return self._tx.conn.execute(_STOP_ALL, {"subjects": list(subject_ids)}).rowcount

    def firing(self, due: Sequence[Deadline]) -> None:
        """Called by the runner: these count as fired when this transaction commits."""
        self._firing = {(each.kind, each.subject_id): each for each in due}

    def settle(self) -> None:
        """Marks the clocks that fire in this transaction. Raises DeadlineGone when one of them no longer runs."""
        self._settle(list(self._firing))

    def _settle(self, which: Collection[tuple[str, str]]) -> None:
        ids = [self._firing.pop(each).id for each in which if each in self._firing]
        if ids and self._tx.conn.execute(_FIRED, {"ids": ids, "at": self._tx.now}).rowcount < len(ids):
            raise DeadlineGone


def next_due(conn: Connection, kinds: Collection[str] | None = None) -> datetime | None:
    """Business time of the earliest clock that runs, whether it is still to come or overdue."""
    earliest = select(func.min(deadline.c.due_at)).where(PENDING)
    if kinds is not None:
        earliest = earliest.where(deadline.c.kind.in_(kinds))
    at: datetime | None = conn.scalar(earliest)
    return at


def _row(clock: Start) -> dict[str, Any]:
    return {
        "id": new_id(),
        "kind": clock.kind,
        "subject_id": clock.subject_id,
        "due_at": clock.due_at,
        "payload": audit.plain(clock.payload),
        "policy_version": clock.policy_version,
    }
