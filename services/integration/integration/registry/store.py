"""SQL of watched companies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from integration.registry.rules import Company
from integration.tables import watched_company

t = watched_company.c


def watch(tx: Transaction, customers: Iterable[dict[str, Any]]) -> None:
    """Id, version, name and code of each, once. Who got another name or code is asked about anew, soon."""
    rows = [each | {"watched_since": tx.now} for each in sorted(customers, key=lambda each: str(each["customer_id"]))]
    if not rows:
        return
    fresh = insert(watched_company)
    new = fresh.excluded
    same = (t.name == new.name) & (t.uscc == new.uscc)
    changed = fresh.on_conflict_do_update(
        index_elements=[t.customer_id],
        set_={
            "customer_version": new.customer_version, "name": new.name, "uscc": new.uscc,
            "asked_at": case((same, t.asked_at), else_=None),
        },
        where=new.customer_version > t.customer_version,
    )  # fmt: skip
    tx.execute(changed, rows)


def turn(tx: Transaction, before: datetime, limit: int) -> Sequence[Row[Any]]:
    """Whose turn it is: never asked about, or not since `before`; the longest wait first."""
    due = or_(t.asked_at.is_(None), t.asked_at <= before)
    query = select(t.customer_id, t.name, t.uscc).where(due).order_by(t.asked_at.nulls_first(), t.customer_id)
    return tx.execute(query.limit(limit)).all()


def locked(tx: Transaction, customer_ids: Collection[str]) -> dict[str, Row[Any]]:
    query = select(watched_company).where(t.customer_id.in_(sorted(customer_ids))).order_by(t.customer_id)
    return {row.customer_id: row for row in tx.execute(query.with_for_update())}


def note_asked(tx: Transaction, customer_id: str, *, unknown: bool) -> None:
    _change(tx, customer_id, asked_at=tx.now, unknown=unknown)


def keep(tx: Transaction, customer_id: str, company: Company, uscc: str, updated_at: datetime, version: int) -> None:
    _change(
        tx, customer_id, company=asdict(company), registered_uscc=uscc, updated_at=updated_at, version=version
    )  # fmt: skip


def asked_since(tx: Transaction) -> datetime | None:
    """Every watched company was asked about since then; None when none is watched."""
    found: datetime | None = tx.execute(select(func.min(func.coalesce(t.asked_at, t.watched_since)))).scalar()
    return found


def company(row: Row[Any]) -> Company | None:
    told = row.company
    if told is None:
        return None
    branches = told["branches"]
    return Company(**told | {"branches": None if branches is None else tuple(branches)})


def _change(tx: Transaction, customer_id: str, **values: Any) -> None:
    tx.execute(update(watched_company).where(t.customer_id == customer_id).values(**values))
