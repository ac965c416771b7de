"""A granted duty ends: revoked by a person, or because its time is over (N3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row

from chassis.deadlines import Deadline
from chassis.unit_of_work import Transaction
from integration.directory.publish import publish_again
from integration.duties import store
from integration.duties.policy import DutiesPolicy
from integration.grants.errors import GrantAlreadyEnded, GrantNotFound
from integration.grants.events import GrantChanged
from integration.grants.grant_duty import EXPIRE

TIME_IS_OVER = "the time of the grant is over"


def revoke_duty(tx: Transaction, grant_id: str, reason: str, policy: DutiesPolicy) -> Row[Any]:
    """Raises GrantNotFound or GrantAlreadyEnded."""
    row = store.locked(tx, grant_id)
    if row is None:
        raise GrantNotFound(grant_id=grant_id)
    if row.revoked_at is not None:
        raise GrantAlreadyEnded
    tx.deadlines.stop(EXPIRE, grant_id)
    _end(tx, row, "revoked", reason, policy)
    return store.grant(tx, grant_id)


def expiry(policy: Callable[[], DutiesPolicy]) -> Callable[[Transaction, Deadline], None]:
    def expire(tx: Transaction, due: Deadline) -> None:
        row = store.locked(tx, due.subject_id)
        if row is not None and row.revoked_at is None:
            _end(tx, row, "expired", TIME_IS_OVER, policy())

    return expire


def _end(tx: Transaction, row: Row[Any], change: str, reason: str, policy: DutiesPolicy) -> None:
    actor = tx.identity.subject
    store.end(tx, row.id, actor, reason)
    tx.record(GrantChanged(row.employee_id, row.id, row.duty, change, actor, reason, row.until))
    publish_again(tx, row.employee_id, policy)
    tx.audit(action="grant.end", entity="employee", entity_id=row.employee_id, before={"duty": row.duty}, why=reason)
