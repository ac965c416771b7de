"""SQL of opportunities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from forecast.collections.store import collected_under, order_of
from forecast.tables import opportunity, stage_step


def _opportunities() -> Select[Any]:
    """With what was collected, and the order, under the contract."""
    contract = opportunity.c.contract_number
    return select(
        opportunity, collected_under(contract).label("collected_fen"), order_of(contract).label("erp_order_id")
    )


def insert_opportunity(tx: Transaction, values: Mapping[str, Any]) -> bool:
    """False when the lead has its opportunity already."""
    new = insert(opportunity).values(**values).on_conflict_do_nothing()
    return tx.execute(new.returning(opportunity.c.opportunity_id)).first() is not None


def load(tx: Transaction, opportunity_id: str) -> Row[Any] | None:
    """What the caller may not see is not there."""
    visible = tx.identity.visible(opportunity.c.owner_id, opportunity.c.unit)
    return tx.execute(_opportunities().where(opportunity.c.opportunity_id == opportunity_id, visible)).first()


def lock(tx: Transaction, opportunity_id: str) -> Row[Any] | None:
    """As `load`, and nobody else changes it until the end of the transaction."""
    visible = tx.identity.visible(opportunity.c.owner_id, opportunity.c.unit)
    query = _opportunities().where(opportunity.c.opportunity_id == opportunity_id, visible)
    return tx.execute(query.with_for_update(of=opportunity)).first()


def change(tx: Transaction, opportunity_id: str, **values: Any) -> None:
    tx.execute(
        update(opportunity)
        .where(opportunity.c.opportunity_id == opportunity_id)
        .values(version=opportunity.c.version + 1, **values)
    )


def list_opportunities(tx: Transaction, page: Page, *, stages: Sequence[str], **wanted: str) -> Sequence[Row[Any]]:
    """Newest first: ids grow with time. `wanted` are columns; empty means any."""
    query = _opportunities().where(tx.identity.visible(opportunity.c.owner_id, opportunity.c.unit))
    query = query.where(*(opportunity.c[name] == value for name, value in wanted.items() if value))
    if stages:
        query = query.where(opportunity.c.stage.in_(stages))
    if page.after:
        query = query.where(opportunity.c.opportunity_id < page.after["id"])
    return tx.execute(query.order_by(opportunity.c.opportunity_id.desc()).limit(page.limit)).all()


def insert_step(
    tx: Transaction, opportunity_id: str, before: str, after: str, *, passed: bool, missing: Sequence[str] = ()
) -> None:
    tx.execute(
        insert(stage_step).values(
            step_id=new_id(),
            opportunity_id=opportunity_id,
            before=before,
            after=after,
            actor=tx.identity.subject,
            at=tx.now,
            passed=passed,
            missing=list(missing),
        )
    )


def list_steps(tx: Transaction, opportunity_id: str) -> Sequence[Row[Any]]:
    query = select(stage_step).where(stage_step.c.opportunity_id == opportunity_id)
    return tx.execute(query.order_by(stage_step.c.step_id)).all()
