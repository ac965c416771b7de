"""SQL that is the same for every kind of record of the ERP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Row,
    Table,
    True_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from chassis.access import visible_rows
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.tables import employee, erp_order


def locked(tx: Transaction, table: Table, key: str, keys: Iterable[str]) -> dict[str, Row[Any]]:
    """In the order of their keys, so that two who lock several never wait for each other."""
    named = table.c[key] == func.any(sorted(keys))
    query = select(table).where(named).order_by(table.c[key]).with_for_update()
    return {getattr(row, key): row for row in tx.execute(query)}


def save(tx: Transaction, table: Table, key: str, rows: Sequence[dict[str, Any]]) -> None:
    """Columns that the rows don't name stay as they are."""
    if rows:
        fresh = insert(table)
        others = {name: fresh.excluded[name] for name in rows[0] if name != key}
        tx.execute(fresh.on_conflict_do_update(index_elements=[table.c[key]], set_=others), rows)


def raise_versions(tx: Transaction, table: Table, key: str, versions: Mapping[str, int]) -> None:
    """A higher version that says the same: what is older than it comes late from now on. Ours stays."""
    if versions:
        row = table.c[key] == bindparam("named")
        newer = update(table).where(row).values(source_version=bindparam("newer"))
        tx.execute(newer, [{"named": name, "newer": version} for name, version in versions.items()])


def seen(tx: Transaction, *links: ColumnElement[bool]) -> ColumnElement[bool]:
    """A document is its sellers' and their superiors': those of an order that one of `links` connects it with."""
    everything = visible_rows(tx.identity, erp_order.c.salesperson_id, employee.c.unit)
    if isinstance(everything, True_):
        return true()
    sold = erp_order.outerjoin(employee, employee.c.employee_id == erp_order.c.salesperson_id)
    # One EXISTS each: with OR inside of one, PostgreSQL compares every document with every order.
    return or_(*(exists(select(literal(1)).select_from(sold).where(link, everything)) for link in links))


def latest_first(
    tx: Transaction,
    page: Page,
    columns: tuple[Column[Any], Column[str]],
    where: Sequence[ColumnElement[bool]],
    read: Callable[[str], Any],
) -> Sequence[Row[Any]]:
    """A page by day or instant and key. `read` makes the first of a token a value again."""
    at, key = columns
    query = select(at.table).where(*where)
    if page.after:
        query = query.where(tuple_(at, key) < (read(page.after["at"]), page.after["id"]))
    return tx.execute(query.order_by(at.desc(), key.desc()).limit(page.limit)).all()


def same(column: Column[str], told: str) -> list[ColumnElement[bool]]:
    """Nothing asked for, nothing left out."""
    return [column == told] if told else []
