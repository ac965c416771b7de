"""A manager takes back what an employee was given since an instant (LD4.6). Twice the same is the same recall."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from leads.recall import store
from leads.recall.release_leads import Why, release_leads
from leads.roster import store as roster


def recall_leads(tx: Transaction, employee_id: str, since: datetime, reason: str) -> tuple[Row[Any], int]:
    """The recall with its figures, and how many leads this call released. Raises EmployeeNotFound."""
    roster.visible_person(tx, employee_id)
    recall_id, released = release_leads(tx, employee_id, since, Why(reason, reason, automatic=False))
    tx.audit(
        action="leads.recall",
        entity="recall",
        entity_id=recall_id,
        after={"employee_id": employee_id, "since": since.isoformat(), "released": released},
        why=reason,
    )
    return store.load(tx, recall_id), released
