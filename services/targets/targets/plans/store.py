"""SQL of plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, True_, and_, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from chassis.identity import Identity
from chassis.kernel.money import Money
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from targets.plans.rules import Level, PlanNode
from targets.tables import employee, plan, plan_node, target_change, unit


def insert_plan(tx: Transaction, values: Mapping[str, Any]) -> None:
    tx.execute(insert(plan).values(**values))


def serialise_planning(tx: Transaction, category: str) -> None:
    """One at a time per category, so that two plans can't both find the months free."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("plan:" + category, 0))))


def overlapping(tx: Transaction, category: str, first: str, last: str) -> Row[Any] | None:
    meets = and_(plan.c.category == category, plan.c.first_month <= last, plan.c.last_month >= first)
    return tx.execute(select(plan).where(meets).order_by(plan.c.first_month).limit(1)).first()


def load_plan(tx: Transaction, plan_id: str) -> Row[Any] | None:
    return tx.execute(select(plan).where(plan.c.plan_id == plan_id)).first()


def lock_plan(tx: Transaction, plan_id: str) -> None:
    """Imports of one plan take turns, so that each tells truly what a target was before."""
    tx.execute(select(plan.c.plan_id).where(plan.c.plan_id == plan_id).with_for_update())


def list_plans(tx: Transaction, page: Page) -> Sequence[Row[Any]]:
    query = select(plan).order_by(plan.c.first_month.desc(), plan.c.plan_id.desc()).limit(page.limit)
    if page.after:
        query = query.where(tuple_(plan.c.first_month, plan.c.plan_id) < (page.after["month"], page.after["id"]))
    return tx.execute(query).all()


def visible_nodes(identity: Identity) -> ColumnElement[bool]:
    """A rep's node is the rep's own; a unit's belongs to nobody (no employee id is a path) and is seen from its unit or
    above."""
    return identity.visible(plan_node.c.subject, plan_node.c.unit)


def _nodes() -> Select[Any]:
    name = func.coalesce(employee.c.name, unit.c.name, plan_node.c.subject).label("name")
    rep = and_(plan_node.c.level == Level.REP, employee.c.employee_id == plan_node.c.subject)
    return (
        select(plan_node, name)
        .join(employee, rep, isouter=True)
        .join(unit, and_(plan_node.c.level != Level.REP, unit.c.path == plan_node.c.subject), isouter=True)
    )


def nodes_of_plan(tx: Transaction, plan_id: str, month: str) -> list[PlanNode]:
    query = _nodes().where(plan_node.c.plan_id == plan_id, plan_node.c.month == month, visible_nodes(tx.identity))
    return [_node(row) for row in tx.execute(query)]


def nodes_of_month(tx: Transaction, month: str, level: str, subject: str) -> list[PlanNode]:
    """Of all plans; "" for level or subject means any."""
    query = _nodes().where(plan_node.c.month == month, visible_nodes(tx.identity))
    if level:
        query = query.where(plan_node.c.level == level)
    if subject:
        query = query.where(plan_node.c.subject == subject)
    return [_node(row) for row in tx.execute(query)]


def sees_target(tx: Transaction, employee_id: str, month: str) -> ColumnElement[bool]:
    """Whether the caller may see the rep's target of the month, as a condition."""
    own = select(plan_node.c.node_id).where(
        plan_node.c.level == Level.REP, plan_node.c.subject == employee_id, plan_node.c.month == month
    )
    return own.where(visible_nodes(tx.identity)).exists()


def target_of(tx: Transaction, employee_id: str, month: str) -> Money | None:
    fen = tx.execute(
        select(func.sum(plan_node.c.target_fen)).where(
            plan_node.c.level == Level.REP, plan_node.c.subject == employee_id, plan_node.c.month == month
        )
    ).scalar_one_or_none()
    return None if fen is None else Money(int(fen))


def lock_node(tx: Transaction, plan_id: str, node_id: str) -> PlanNode | None:
    query = _nodes().where(plan_node.c.plan_id == plan_id, plan_node.c.node_id == node_id, visible_nodes(tx.identity))
    row = tx.execute(query.with_for_update(of=plan_node)).first()
    return _node(row) if row else None


def set_target(tx: Transaction, node_id: str, fen: int) -> None:
    tx.execute(
        update(plan_node).where(plan_node.c.node_id == node_id).values(target_fen=fen, version=plan_node.c.version + 1)
    )


def upsert_nodes(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Row[Any], int | None]]:
    """The rows of one plan that changed, each with the fen it held before (None: new). Equal ones stay untouched; a rep
    who moved takes the target along to the new unit."""
    held = tx.execute(
        select(plan_node.c.subject, plan_node.c.month, plan_node.c.target_fen)
        .where(
            plan_node.c.plan_id == rows[0]["plan_id"],
            plan_node.c.subject == func.any(sorted({row["subject"] for row in rows})),
            plan_node.c.month == func.any(sorted({row["month"] for row in rows})),
        )
        .order_by(plan_node.c.node_id)
        .with_for_update()
    )
    before = {(row.subject, row.month): row.target_fen for row in held}
    new = insert(plan_node)
    changed = new.on_conflict_do_update(
        constraint="plan_node_once",
        set_={"target_fen": new.excluded.target_fen, "unit": new.excluded.unit, "version": plan_node.c.version + 1},
        where=or_(plan_node.c.target_fen != new.excluded.target_fen, plan_node.c.unit != new.excluded.unit),
    ).returning(plan_node)
    return [(row, before.get((row.subject, row.month))) for row in tx.execute(changed, list(rows))]


def insert_changes(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        tx.execute(insert(target_change), list(rows))


def list_changes(tx: Transaction, plan_id: str, page: Page) -> Sequence[Row[Any]]:
    """Newest first."""
    name = func.coalesce(employee.c.name, unit.c.name, plan_node.c.subject).label("node_name")
    query = (
        select(target_change, name, plan_node.c.month)
        .join(plan_node, plan_node.c.node_id == target_change.c.node_id)
        .join(employee, employee.c.employee_id == plan_node.c.subject, isouter=True)
        .join(unit, unit.c.path == plan_node.c.subject, isouter=True)
        .where(target_change.c.plan_id == plan_id, _of_seen_nodes(tx.identity, plan_id))
        .order_by(target_change.c.change_id.desc())
        .limit(page.limit)
    )
    if page.after:
        query = query.where(target_change.c.change_id < page.after["id"])
    return tx.execute(query).all()


def _of_seen_nodes(identity: Identity, plan_id: str) -> ColumnElement[bool]:
    """The few nodes of a team first, then their changes: walking all changes for a team's few takes a second."""
    visible = visible_nodes(identity)
    if isinstance(visible, True_):
        return visible
    nodes = select(plan_node.c.node_id).where(plan_node.c.plan_id == plan_id, visible)
    seen = nodes.cte("seen").prefix_with("MATERIALIZED", dialect="postgresql")
    return target_change.c.node_id.in_(select(seen.c.node_id))


def known_units(tx: Transaction) -> set[str]:
    return set(tx.execute(select(unit.c.path)).scalars())


def _node(row: Row[Any]) -> PlanNode:
    return PlanNode(
        row.node_id, Level(row.level), row.subject, row.name, row.unit, row.month, Money(row.target_fen), row.version
    )
