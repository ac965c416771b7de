"""SQL of calls: what was told on, and whether it is new."""

from __future__ import annotations

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from integration.tables import employee, phone_call


def lock(tx: Transaction, external_ids: list[str]) -> dict[str, Row[tuple[str, bytes, bool]]]:
    """Of calls told before: what they said."""
    columns = (phone_call.c.external_id, phone_call.c.content_hash, phone_call.c.transcribed)
    named = phone_call.c.external_id == func.any(sorted(external_ids))
    found = tx.execute(select(*columns).where(named).order_by(phone_call.c.external_id).with_for_update())
    return {row.external_id: row for row in found}


def keep(tx: Transaction, external_id: str, content_hash: bytes, *, transcribed: bool) -> None:
    row = insert(phone_call).values(
        external_id=external_id, content_hash=content_hash, transcribed=transcribed, received_at=tx.now
    )
    told = {"content_hash": row.excluded.content_hash, "transcribed": row.excluded.transcribed}
    tx.execute(row.on_conflict_do_update(index_elements=[phone_call.c.external_id], set_=told))


def known(tx: Transaction, employee_ids: list[str]) -> set[str]:
    named = employee.c.employee_id == func.any(sorted(set(employee_ids)))
    return set(tx.execute(select(employee.c.employee_id).where(named)).scalars())
