"""SQL of handovers for screens: whose they are to see (P1.4), and their figures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select, tuple_

from chassis.access import visible_rows
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.handover.rules import HandoverNotFound, HandoverState, ItemNotFound

h, i, _rep = tables.handover.c, tables.handover_item.c, tables.rep.c
_COUNTED = {
    "customers": i.kind == "customer",
    "leads": i.kind == "lead",
    "waiting": i.state == "waiting",
    "held": i.state == "held",
    "moved": i.state == "moved",
    "dropped": i.state == "dropped",
    "passed_on": i.state == "passed_on",
    "giver_checked": and_(i.state == "moved", i.giver_at.is_not(None)),
    "taker_checked": and_(i.state == "moved", i.taker_at.is_not(None)),
    "informed": i.informed_at.is_not(None),
    "customers_moved": and_(i.kind == "customer", i.state.in_(("moved", "passed_on"))),
    "lost": and_(i.kind == "customer", i.lost_at.is_not(None)),
}


@dataclass(frozen=True)
class Wish:
    """Empty: whatever. Opened within [since, until)."""

    state: str = ""
    employee_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class ItemWish:
    state: str = ""
    taker_id: str = ""
    lost_only: bool = False
    unchecked_only: bool = False


def whole(tx: Transaction) -> ColumnElement[bool]:
    """Handovers of which the caller sees everything: the giver, the giver's managers, headquarters."""
    return visible_rows(tx.identity, h.employee_id, h.unit)


def part(tx: Transaction) -> ColumnElement[bool]:
    """Items that the caller or somebody of the caller's unit took over."""
    return visible_rows(tx.identity, i.taker_id, i.taker_unit)


def load(tx: Transaction, handover_id: str) -> Row[Any]:
    """With its figures. Raises HandoverNotFound, also for one that is not the caller's to see, or not drafted yet."""
    row = tx.execute(_visible(tx).where(h.handover_id == handover_id)).one_or_none()
    if row is None:
        raise HandoverNotFound(handover_id=handover_id)
    return row


def load_managed(tx: Transaction, handover_id: str) -> Row[Any]:
    """As `load`, for who decides on the whole of it."""
    row = tx.execute(select(tables.handover).where(whole(tx), h.handover_id == handover_id)).one_or_none()
    if row is None:
        raise HandoverNotFound(handover_id=handover_id)
    return row


def listed(tx: Transaction, page: Page, wish: Wish) -> Sequence[Row[Any]]:
    """Newest first."""
    query = _visible(tx).where(*_conditions(wish)).order_by(h.opened_at.desc(), h.handover_id.desc()).limit(page.limit)
    if page.after:
        last = (datetime.fromisoformat(page.after["at"]), page.after["id"])
        query = query.where(tuple_(h.opened_at, h.handover_id) < last)
    return tx.execute(query).all()


def all_of(tx: Transaction, wish: Wish) -> Sequence[Row[Any]]:
    """Those of which the caller sees everything: a report tells of nothing in part."""
    return tx.execute(_visible(tx).where(whole(tx), *_conditions(wish))).all()


def items(tx: Transaction, row: Row[Any], page: Page, wish: ItemWish) -> Sequence[Row[Any]]:
    """In the order of the package; of somebody else's handover the part that came to the caller's unit."""
    query = select(tables.handover_item, *_names()).where(i.handover_id == row.handover_id, seen(tx, row))
    for column, value in ((i.state, wish.state), (i.taker_id, wish.taker_id)):
        if value:
            query = query.where(column == value)
    if wish.lost_only:
        query = query.where(i.lost_at.is_not(None))
    if wish.unchecked_only:
        query = query.where(i.state == "moved", or_(i.giver_at.is_(None), i.taker_at.is_(None)))
    if page.after:
        query = query.where(i.position > page.after["position"])
    return tx.execute(query.order_by(i.position).limit(page.limit)).all()


def item(tx: Transaction, row: Row[Any], item_id: str) -> Row[Any]:
    """Raises ItemNotFound."""
    query = select(tables.handover_item, *_names()).where(i.handover_id == row.handover_id, i.item_id == item_id)
    found = tx.execute(query.where(seen(tx, row))).one_or_none()
    if found is None:
        raise ItemNotFound(item_id=item_id)
    return found


def seen(tx: Transaction, row: Row[Any]) -> ColumnElement[bool]:
    if tx.identity.may_see(row.employee_id, row.unit):
        return i.item_id.is_not(None)
    return part(tx)


def _names() -> tuple[ColumnElement[Any], ...]:
    of = {"taker_name": i.taker_id, "planned_name": i.planned_to}
    return tuple(
        func.coalesce(select(_rep.name).where(_rep.employee_id == column).scalar_subquery(), "").label(name)
        for name, column in of.items()
    )


def _visible(tx: Transaction) -> Any:
    mine = exists().where(i.handover_id == h.handover_id, i.taker_id != "", part(tx))
    counted = (
        select(*(func.count().filter(condition).label(name) for name, condition in _COUNTED.items()))
        .where(i.handover_id == h.handover_id)
        .lateral()
    )
    drafted = h.state != HandoverState.OPENING.value
    query = select(tables.handover, counted).join(counted, h.handover_id.is_not(None))
    return query.where(drafted, or_(whole(tx), mine))


def _conditions(wish: Wish) -> Collection[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wish.state:
        found.append(h.state == wish.state)
    if wish.employee_id:
        found.append(h.employee_id == wish.employee_id)
    if wish.since:
        found.append(h.opened_at >= wish.since)
    if wish.until:
        found.append(h.opened_at < wish.until)
    return found
