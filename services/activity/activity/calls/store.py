"""SQL of calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert

from activity.calls.rules import CallNotFound
from activity.parties.store import about_customer, about_lead
from activity.tables import call
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction

# Literals, as the index of unplaced calls asks for them.
_PLACE = (
    update(call)
    .where(call.c.phone == bindparam("of"), text("lead_id = '' AND customer_id = ''"))
    .values(lead_id=bindparam("now_of"))
    .returning(call)
)
_LOCKED = select(call).where(call.c.external_id == bindparam("told_id")).with_for_update()


def insert_call(tx: Transaction, values: Mapping[str, Any]) -> Row[Any] | None:
    """None when the telephone system's id is there already."""
    new = insert(call).values(**values).on_conflict_do_nothing(index_elements=["external_id"])
    return tx.execute(new.returning(call)).first()


def lock_by_external_id(tx: Transaction, external_id: str) -> Row[Any]:
    return tx.execute(_LOCKED, {"told_id": external_id}).one()


def find_by_external_id(tx: Transaction, external_id: str) -> Row[Any] | None:
    """Locked, when it is there."""
    return tx.execute(_LOCKED, {"told_id": external_id}).first()


def change_call(tx: Transaction, call_id: str, values: Mapping[str, Any]) -> Row[Any]:
    return tx.execute(update(call).where(call.c.call_id == call_id).values(**values).returning(call)).one()


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
    return sorted(tx.execute(_PLACE, {"of": phone, "now_of": lead_id}), key=lambda row: str(row.call_id))
