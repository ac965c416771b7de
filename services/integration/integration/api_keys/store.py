"""SQL of API keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.tables import api_key


def add(tx: Transaction, **values: Any) -> Row[Any]:
    return tx.execute(insert(api_key).values(**values).returning(api_key)).one()


def find(tx: Transaction, key_id: str, *, lock: bool = False) -> Row[Any] | None:
    query = select(api_key).where(api_key.c.id == key_id)
    return tx.execute(query.with_for_update() if lock else query).one_or_none()


def end(tx: Transaction, key_id: str, reason: str) -> Row[Any]:
    ended = update(api_key).where(api_key.c.id == key_id)
    values = {"revoked_at": tx.now, "revoked_by": tx.identity.subject, "revoke_reason": reason}
    return tx.execute(ended.values(values).returning(api_key)).one()


def newest(tx: Transaction, page: Page) -> Sequence[Row[Any]]:
    """Ended ones too."""
    query = select(api_key).order_by(api_key.c.id.desc()).limit(page.limit)
    if page.after:
        query = query.where(api_key.c.id < page.after["id"])
    return tx.execute(query).all()
