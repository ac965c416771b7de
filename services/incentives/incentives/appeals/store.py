"""SQL of appeals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from incentives.tables import appeal, appeal_step, slip


def insert_appeal(tx: Transaction, values: Mapping[str, Any]) -> None:
    tx.execute(insert(appeal).values(**values))


def load_appeal(tx: Transaction, slip_id: str) -> Row[Any] | None:
    """The latest against a slip; the slip's row is what is locked."""
    query = select(appeal).where(appeal.c.slip_id == slip_id).order_by(appeal.c.appeal_id.desc()).limit(1)
    return tx.execute(query).first()


def change_appeal(tx: Transaction, appeal_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(update(appeal).where(appeal.c.appeal_id == appeal_id).values(**values))


def add_step(tx: Transaction, of: Row[Any], command: str, state: str, *, note: str = "", file_id: str = "") -> None:
    values = {
        "step_id": new_id(),
        "appeal_id": of.appeal_id,
        "at": tx.now,
        "actor": tx.identity.subject,
        "command": str(command),
        "state": str(state),
        "level": of.level,
        "decider_id": of.decider_id,
        "note": note,
        "file_id": file_id,
    }
    tx.execute(insert(appeal_step).values(**values))


def steps(tx: Transaction, appeal_id: str) -> Sequence[Row[Any]]:
    """Oldest first."""
    query = select(appeal_step).where(appeal_step.c.appeal_id == appeal_id).order_by(appeal_step.c.step_id)
    return tx.execute(query).all()


def list_appeals(tx: Transaction, page: Page, *, open_only: bool, decider_id: str) -> Sequence[Row[Any]]:
    """Newest first, each with its slip's state."""
    query = (
        select(*appeal.c, slip.c.state, slip.c.beneficiary_name, slip.c.customer_name)
        .join(slip, slip.c.slip_id == appeal.c.slip_id)
        .where(tx.identity.visible(appeal.c.beneficiary_id, appeal.c.unit))
    )
    if open_only:
        query = query.where(appeal.c.closed_at.is_(None))
    if decider_id:
        query = query.where(appeal.c.decider_id == decider_id)
    if page.after:
        query = query.where(appeal.c.appeal_id < page.after["id"])
    return tx.execute(query.order_by(appeal.c.appeal_id.desc()).limit(page.limit)).all()
