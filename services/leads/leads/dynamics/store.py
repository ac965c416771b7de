"""SQL of customers' dynamics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.dynamics.rules import Dynamic
from leads.tables import customer_dynamic

t = customer_dynamic.c


def add(tx: Transaction, dynamics: Sequence[Dynamic]) -> None:
    if dynamics:
        rows = [asdict(each) | {"kind": each.kind.value} for each in dynamics]
        tx.execute(insert(customer_dynamic).on_conflict_do_nothing(constraint="customer_dynamic_once"), rows)


def listed(tx: Transaction, customer_id: str, page: Page) -> Sequence[Row[Any]]:
    """Newest first."""
    query = select(customer_dynamic).where(t.customer_id == customer_id).order_by(t.at.desc(), t.id.desc())
    if page.after:
        query = query.where(tuple_(t.at, t.id) < (datetime.fromisoformat(page.after["at"]), page.after["id"]))
    return tx.execute(query.limit(page.limit)).all()
