"""Give somebody a duty beside the position's, with who, why and until when (N3.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.errors import Violation
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from integration.directory import store as directory
from integration.directory.publish import publish_again
from integration.directory.read_employees import EmployeeNotFound
from integration.duties import store
from integration.duties.policy import DutiesPolicy
from integration.grants.errors import AlreadyGranted, EndsInThePast, OwnRights
from integration.grants.events import GrantChanged

EXPIRE = "grant.expire"


def grant_duty(
    tx: Transaction, employee_id: str, duty: str, reason: str, until: datetime | None, policy: DutiesPolicy
) -> Row[Any]:
    """Raises one of `errors`, or EmployeeNotFound."""
    if employee_id == tx.identity.subject:
        raise OwnRights
    if until is not None and until <= tx.now:
        raise EndsInThePast.of(Violation("until", EndsInThePast.en, EndsInThePast.zh))
    if employee_id not in directory.locked(tx, [employee_id]):
        raise EmployeeNotFound(employee_id=employee_id)
    if store.is_granted(tx, employee_id, duty):
        raise AlreadyGranted(employee_id=employee_id, duty=duty)
    grant_id, by = new_id(), tx.identity.subject
    store.add(
        tx,
        id=grant_id,
        employee_id=employee_id,
        duty=duty,
        granted_by=by,
        reason=reason,
        granted_at=tx.now,
        until=until,
    )
    if until is not None:
        tx.deadlines.start(EXPIRE, grant_id, until)
    tx.record(GrantChanged(employee_id, grant_id, duty, "granted", by, reason, until))
    publish_again(tx, employee_id, policy)
    tx.audit(action="grant.give", entity="employee", entity_id=employee_id, after={"duty": duty}, why=reason)
    return store.grant(tx, grant_id)
