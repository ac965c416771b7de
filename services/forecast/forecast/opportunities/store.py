"""SQL of opportunities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, true, update
from sqlalchemy.dialects.postgresql import insert

from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from forecast.collections.store import collected_under, order_of
from forecast.tables import customer, opportunity, stage_step

_part, _whole = customer.alias("part"), customer.alias("whole")
# A deal of a customer that was merged is shown as the one's that goes on; the deal itself keeps whom it was opened for.
_GOES_ON = (
    select(_whole)
    .join(_part, _part.c.merged_into == _whole.c.customer_id)
    .where(_part.c.customer_id == opportunity.c.customer_id, _whole.c.name != "")
    .lateral("goes_on")
)


def _opportunities() -> Select[Any]:
    """With what was collected, and the order, under the contract, and the customer as it goes on."""
    contract = opportunity.c.contract_number
    return select(
        opportunity,
        collected_under(contract).label("collected_fen"),
        order_of(contract).label("erp_order_id"),
        func.coalesce(_GOES_ON.c.customer_id, opportunity.c.customer_id).label("whole_customer_id"),
        func.coalesce(_GOES_ON.c.name, opportunity.c.customer_name).label("whole_customer_name"),
    ).select_from(opportunity.outerjoin(_GOES_ON, true()))


def _of_customer(customer_id: str) -> ColumnElement[bool]:
    """Also by a record that was merged: all that are one customer."""
    goes_on = select(_part.c.merged_into).where(_part.c.customer_id == customer_id).scalar_subquery()
    whole = func.coalesce(goes_on, customer_id)
    merged = select(_whole.c.customer_id).where(_whole.c.merged_into == whole)
    return (opportunity.c.customer_id == whole) | opportunity.c.customer_id.in_(merged)


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
    if customer_id := wanted.pop("customer_id", ""):
        query = query.where(_of_customer(customer_id))
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
