"""SQL of calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from activity.tables import call
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction


def insert_call(tx: Transaction, values: Mapping[str, Any]) -> Row[Any] | None:
    """None when the telephone system's id is there already."""
    new = insert(call).values(**values).on_conflict_do_nothing(index_elements=["external_id"])
    return tx.execute(new.returning(call)).first()


def by_external_id(tx: Transaction, external_id: str) -> Row[Any]:
    return tx.execute(select(call).where(call.c.external_id == external_id)).one()


def load_call(tx: Transaction, call_id: str) -> Row[Any] | None:
    """What the caller may not see is not there."""
    visible = tx.identity.visible(call.c.rep_id, call.c.unit)
    return tx.execute(select(call).where(call.c.call_id == call_id, visible)).first()


def list_calls(tx: Transaction, page: Page, *, lead_id: str, customer_id: str, rep_id: str) -> Sequence[Row[Any]]:
    """Newest first: ids grow with time."""
    query = select(call).where(tx.identity.visible(call.c.rep_id, call.c.unit))
    wanted = {"lead_id": lead_id, "customer_id": customer_id, "rep_id": rep_id}
    query = query.where(*(call.c[name] == value for name, value in wanted.items() if value))
    if page.after:
        query = query.where(call.c.call_id < page.after["id"])
    return tx.execute(query.order_by(call.c.call_id.desc()).limit(page.limit)).all()


def place_calls(tx: Transaction, phone: str, lead_id: str, customer_id: str) -> Sequence[Row[Any]]:
    """Calls with this number that belonged to nobody yet."""
    nobody = (call.c.phone == phone, call.c.lead_id == "", call.c.customer_id == "")
    placed = update(call).where(*nobody).values(lead_id=lead_id, customer_id=customer_id).returning(call)
    return tx.execute(placed).all()
