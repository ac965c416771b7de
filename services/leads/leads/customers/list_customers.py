"""Customers for a screen, page by page: by name, or the least complete files first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, tuple_

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers import store
from leads.customers.rules import Customer
from leads.lead.rules import Grade
from leads.normalise.name_rules import place_name

t = tables.customer.c


@dataclass(frozen=True)
class Wish:
    """What is asked for; empty: whatever. `incomplete_below`: files under so many percent."""

    text: str = ""
    owner_id: str = ""
    customer_code: str = ""
    grades: tuple[Grade | None, ...] = ()
    province: str = ""
    city: str = ""
    incomplete_below: int = 0
    least_complete_first: bool = False


@dataclass(frozen=True)
class Listed:
    """With its file's completeness in percent, as it was counted last, and the keys of what is missing."""

    customer: Customer
    completeness: int
    missing: tuple[str, ...]


def list_customers(tx: Transaction, page: Page, wish: Wish) -> tuple[Sequence[Listed], str]:
    order = (t.completeness, t.customer_id) if wish.least_complete_first else (t.name, t.customer_id)
    query = select(tables.customer).where(store.shown(tx), *_conditions(wish))
    if page.after:
        query = query.where(tuple_(*order) > (page.after["from"], page.after["id"]))
    rows = tx.execute(query.order_by(*order).limit(page.limit)).all()
    found = [Listed(store.from_row(row), row.completeness, tuple(row.missing)) for row in rows]
    return page.cut(
        found,
        lambda each: {
            "from": each.completeness if wish.least_complete_first else each.customer.name,
            "id": each.customer.customer_id,
        },
    )


def _conditions(wish: Wish) -> list[ColumnElement[bool]]:
    same = {
        t.owner_id: wish.owner_id,
        t.province: place_name(wish.province),
        t.city: place_name(wish.city),
    }
    found: list[ColumnElement[bool]] = [column == value for column, value in same.items() if value]
    if wish.customer_code:
        found.append(t.customer_id.in_(store.bearing(wish.customer_code)))
    if wish.text:
        found.append(t.name.icontains(wish.text, autoescape=True))
    if wish.grades:
        found.append(t.grade.in_([each.value if each else "" for each in wish.grades]))
    if wish.incomplete_below:
        found.append(t.completeness < wish.incomplete_below)
    return found
