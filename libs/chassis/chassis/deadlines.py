"""Clocks of the business: "remind the rep in 30 minutes", "recycle in 24 hours".

Guarantee: a clock is started and stopped in the transaction of the change, and there is at most one running clock of a
kind for a subject. `chassis.deadline_runner` fires it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, and_, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from chassis import audit
from chassis.kernel.ids import new_id
from chassis.schema import deadline

_PENDING = deadline.c.state == "pending"


class DeadlineGone(Exception):
    """The clock was stopped or started anew while its handler ran; what the handler did must be rolled back."""


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
        self._firing: Deadline | None = None

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
        self._settle_own(kind, subject_id)
        row = insert(deadline).values(
            id=new_id(),
            kind=kind,
            subject_id=subject_id,
            due_at=due_at,
            payload=audit.plain(payload or {}),
            policy_version=policy_version,
        )
        # A new id: a runner that is just firing the old one finds it gone.
        again = {column: row.excluded[column] for column in ("id", "due_at", "payload", "policy_version")}
        self._tx.conn.execute(
            row.on_conflict_do_update(
                index_elements=[deadline.c.kind, deadline.c.subject_id],
                index_where=text("state = 'pending'"),
                set_={**again, "attempts": 0, "reason": "", "retry_at": None},
            )
        )

    def stop(self, kind: str, subject_id: str) -> bool:
        """False when no such clock ran."""
        self._settle_own(kind, subject_id)
        return self._stop(deadline.c.kind == kind, deadline.c.subject_id == subject_id) > 0

    def stop_all(self, subject_id: str) -> int:
        """Stops every clock of the subject; how many ran."""
        if self._firing and self._firing.subject_id == subject_id:
            self.settle()
        return self._stop(deadline.c.subject_id == subject_id)

    def firing(self, due: Deadline) -> None:
        """Called by the runner: `due` counts as fired when this transaction commits."""
        self._firing = due

    def settle(self) -> None:
        """Marks the clock that fires in this transaction. Raises DeadlineGone when it no longer runs."""
        due, self._firing = self._firing, None
        if due is None:
            return
        fired = update(deadline).where(deadline.c.id == due.id, _PENDING)
        done = self._tx.conn.execute(fired.values(state="fired", fired_at=self._tx.now, reason="", retry_at=None))
        if not done.rowcount:
            raise DeadlineGone(due.id)

    def _settle_own(self, kind: str, subject_id: str) -> None:
        if self._firing and (self._firing.kind, self._firing.subject_id) == (kind, subject_id):
            self.settle()

    def _stop(self, *which: Any) -> int:
        stopped = update(deadline).where(and_(_PENDING, *which)).values(state="stopped", retry_at=None)
        return int(self._tx.conn.execute(stopped).rowcount)


def next_due(conn: Connection, kinds: Collection[str] | None = None) -> datetime | None:
    """Business time of the earliest clock that runs, whether it is still to come or overdue."""
    earliest = select(func.min(deadline.c.due_at)).where(_PENDING)
    if kinds is not None:
        earliest = earliest.where(deadline.c.kind.in_(kinds))
    at: datetime | None = conn.scalar(earliest)
    return at
