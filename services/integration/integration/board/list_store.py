"""SQL of the board's list: one set of filters for the rows and for their totals, so that the two agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, True_, func, select, tuple_

from chassis.access import visible_rows
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.board.rules import Colour
from integration.tables import board_row, employee

SUMMED = ("contract_fen", "due_fen", "delivered_fen", "received_fen", "invoiced_fen", "draft_fen")


@dataclass(frozen=True)
class Filters:
    """Empty: not asked for. Days are included."""

    colours: tuple[str, ...] = ()
    customer_code: str = ""
    salesperson_id: str = ""
    contract_number: str = ""
    since: date | None = None
    until: date | None = None
    offsetting_only: bool = False


def rows(tx: Transaction, page: Page, filters: Filters) -> Sequence[Row[Any]]:
    key = (board_row.c.day, board_row.c.thread, board_row.c.currency)
    query = _filtered(tx, select(board_row), filters)
    if page.after:
        last = (date.fromisoformat(page.after["on"]), page.after["of"], page.after["in"])
        query = query.where(tuple_(*key) < last)
    return tx.execute(query.order_by(*(each.desc() for each in key)).limit(page.limit)).all()


def totals(tx: Transaction, filters: Filters) -> Sequence[Row[Any]]:
    by = (board_row.c.currency, board_row.c.colour)
    query = _filtered(tx, select(*by, func.count().label("rows"), *_sums()), filters)
    return tx.execute(query.group_by(*by).order_by(*by)).all()


def customers(tx: Transaction, page: Page, filters: Filters) -> Sequence[Row[Any]]:
    """By code and currency, with how many contracts have which colour."""
    key = (board_row.c.customer_code, board_row.c.currency)
    counts = (func.count().filter(board_row.c.colour == each.value).label(each.value) for each in Colour)
    name = func.max(board_row.c.customer_name).label("customer_name")
    query = _filtered(tx, select(*key, name, *counts, *_sums()), filters)
    if page.after:
        query = query.where(tuple_(*key) > (page.after["of"], page.after["in"]))
    return tx.execute(query.group_by(*key).order_by(*key).limit(page.limit)).all()


def _sums() -> list[ColumnElement[Any]]:
    return [func.sum(board_row.c[name]).label(name) for name in SUMMED]


def _filtered(tx: Transaction, query: Select[Any], filters: Filters) -> Select[Any]:
    seen = visible_rows(tx.identity, board_row.c.salesperson_id, employee.c.unit)
    if not isinstance(seen, True_):
        query = query.outerjoin_from(board_row, employee, employee.c.employee_id == board_row.c.salesperson_id)
        query = query.where(seen)
    return query.where(*_conditions(filters))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    told = board_row.c
    asked = [
        (filters.colours, told.colour == func.any(list(filters.colours))),
        (filters.customer_code, told.customer_code == filters.customer_code),
        (filters.salesperson_id, told.salesperson_id == filters.salesperson_id),
        (filters.contract_number, told.thread == filters.contract_number),
        (filters.since, told.day >= (filters.since or date.min)),
        (filters.until, told.day <= (filters.until or date.max)),
        (filters.offsetting_only, func.jsonb_array_length(told.offsets) > 0),
    ]
    return [condition for value, condition in asked if value]
