"""SQL of calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from activity.calls.rules import CallNotFound
from activity.parties.store import about_customer, about_lead
from activity.tables import call
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction


def insert_call(tx: Transaction, values: Mapping[str, Any]) -> Row[Any] | None:
    """None when the telephone system's id is there already."""
    new = insert(call).values(**values).on_conflict_do_nothing(index_elements=["external_id"])
    return tx.execute(new.returning(call)).first()


def lock_by_external_id(tx: Transaction, external_id: str) -> Row[Any]:
    return tx.execute(select(call).where(call.c.external_id == external_id).with_for_update()).one()


def add_transcript(tx: Transaction, call_id: str, heard: Mapping[str, Any]) -> Row[Any]:
    return tx.execute(update(call).where(call.c.call_id == call_id).values(**heard).returning(call)).one()


def load_call(tx: Transaction, call_id: str) -> Row[Any]:
    """What the caller may not see is not there. Raises CallNotFound."""
    visible = tx.identity.visible(call.c.rep_id, call.c.unit)
    row = tx.execute(select(call).where(call.c.call_id == call_id, visible)).first()
    if row is None:
        raise CallNotFound()
    return row


def list_calls(tx: Transaction, page: Page, *, lead_id: str, customer_id: str, rep_id: str) -> Sequence[Row[Any]]:
    """Newest first: ids grow with time."""
    query = select(call).where(
        tx.identity.visible(call.c.rep_id, call.c.unit),
        about_lead(call, lead_id),
        about_customer(tx, call, customer_id),
    )
    if rep_id:
        query = query.where(call.c.rep_id == rep_id)
    if page.after:
        query = query.where(call.c.call_id < page.after["id"])
    return tx.execute(query.order_by(call.c.call_id.desc()).limit(page.limit)).all()


def place_calls(tx: Transaction, phone: str, lead_id: str) -> Sequence[Row[Any]]:
    """Calls with this number that belonged to nobody yet, in the order they came."""
    nobody = (call.c.phone == phone, call.c.lead_id == "", call.c.customer_id == "")
    placed = tx.execute(update(call).where(*nobody).values(lead_id=lead_id).returning(call)).all()
    return sorted(placed, key=lambda row: str(row.call_id))
