"""SQL of calls: what was told on, and whether it is new."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from integration.calls.rules import Told
from integration.tables import employee, phone_call


def lock(tx: Transaction, external_ids: list[str]) -> dict[str, Told]:
    """Of calls told before: what they said."""
    columns = (phone_call.c.external_id, phone_call.c.content_hash, phone_call.c.transcript_hash)
    named = phone_call.c.external_id == func.any(sorted(external_ids))
    found = tx.execute(select(*columns).where(named).order_by(phone_call.c.external_id).with_for_update())
    return {row.external_id: Told(bytes(row.content_hash), bytes(row.transcript_hash or b"")) for row in found}


def keep(tx: Transaction, external_id: str, told: Told) -> None:
    said = {
        "content_hash": told.facts,
        "transcribed": bool(told.transcript),
        "transcript_hash": told.transcript or None,
    }
    row = insert(phone_call).values(external_id=external_id, received_at=tx.now, **said)
    tx.execute(row.on_conflict_do_update(index_elements=[phone_call.c.external_id], set_=said))


def known(tx: Transaction, employee_ids: list[str]) -> set[str]:
    named = employee.c.employee_id == func.any(sorted(set(employee_ids)))
    return set(tx.execute(select(employee.c.employee_id).where(named)).scalars())
