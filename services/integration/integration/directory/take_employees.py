"""Keep a page of employees from HR and tell on what changed (N3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.directory import store
from integration.directory.publish import publish
from integration.directory.rules import EmployeeRecord, UnitRecord, differs
from integration.duties.policy import DutiesPolicy
from integration.feeds.rules import Outcome, Raw, Rejection, decoded, refusal


def take_employees(tx: Transaction, records: Sequence[Raw], as_of: datetime | None, policy: DutiesPolicy) -> Outcome:
    """`as_of`: HR's word on how fresh the page is. Who can't be read keeps the last state, with its growing age."""
    outcome = Outcome(records=len(records))
    people = _parse(records, outcome)
    known = store.locked(tx, people)
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for employee_id, record in people.items():
        row = known.get(employee_id)
        if row is None:
            fresh.append({"employee_id": employee_id, "version": 1, "as_of_held": None, **_facts(record, None)})
        elif differs(row._asdict(), record):
            changed.append({**row._asdict(), **_facts(record, row), "version": row.version + 1})
    store.add(tx, fresh)
    store.change(tx, changed)
    store.release_as_of(tx, list(people))
    store.hold_as_of(tx, [each.key for each in outcome.rejections if each.key], store.as_of(tx))
    rows = {row["employee_id"]: row for row in [*fresh, *changed]}
    publish(tx, rows, {key: row.status for key, row in known.items()}, as_of or store.as_of(tx) or tx.now, policy)
    outcome.new, outcome.corrected = len(fresh), len(changed)
    outcome.duplicates = outcome.records - outcome.new - outcome.corrected - len(outcome.rejections)
    outcome.accepted = list(people)
    return outcome


def _facts(record: EmployeeRecord, known: Row[Any] | None) -> dict[str, Any]:
    """With the instant since when the status holds: HR's word when it changed, else the one before."""
    same = known is not None and known.status == record.status.value
    return {**record.facts(), "status_since": known.status_since if same and known else record.updated_at}


def take_units(tx: Transaction, units: Sequence[Any]) -> None:
    """A unit that can't be read keeps its last name: it decides nothing."""
    rows = []
    for each in units:
        try:
            rows.append(UnitRecord.model_validate(each).model_dump())
        except ValidationError:
            continue
    store.keep_units(tx, rows)


def _parse(records: Sequence[Raw], outcome: Outcome) -> dict[str, EmployeeRecord]:
    """By id; of several in one page the last one counts, as HR lists changes in their order."""
    people: dict[str, EmployeeRecord] = {}
    for raw in records:
        body = decoded(raw)
        if body is None:
            outcome.rejections.append(Rejection(raw, "not a JSON object", "不是 JSON 对象"))
            continue
        try:
            record = EmployeeRecord.model_validate(body)
            people[record.employee_id] = record
        except ValidationError as failure:
            outcome.rejections.append(refusal(raw, failure, str(body.get("employeeId", ""))[:60]))
    return people
