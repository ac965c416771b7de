"""SQL of attainment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from chassis.kernel.money import Money
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from targets.attainment.rules import ClaimSum, Scope
from targets.plans.rules import Level
from targets.plans.store import sees_target
from targets.tables import collected_claim, employee, undone_claim

# A claim counts unless it was taken back.
_STANDING = ~select(undone_claim.c.claim_id).where(undone_claim.c.claim_id == collected_claim.c.claim_id).exists()


def insert_claim(tx: Transaction, values: Mapping[str, Any]) -> bool:
    """False when the claim is there already."""
    new = insert(collected_claim).values(**values).on_conflict_do_nothing()
    return tx.execute(new.returning(collected_claim.c.claim_id)).first() is not None


def insert_undo(tx: Transaction, values: Mapping[str, Any]) -> bool:
    new = insert(undone_claim).values(**values).on_conflict_do_nothing()
    return tx.execute(new.returning(undone_claim.c.claim_id)).first() is not None


def is_undone(tx: Transaction, claim_id: str) -> bool:
    return tx.execute(select(undone_claim.c.claim_id).where(undone_claim.c.claim_id == claim_id)).first() is not None


def load_claim(tx: Transaction, claim_id: str) -> Row[Any] | None:
    return tx.execute(select(collected_claim).where(collected_claim.c.claim_id == claim_id)).first()


def lock_subject(tx: Transaction, employee_id: str) -> None:
    """A rep's figures change one at a time, so that their events leave in the order of the figures."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("attainment:" + employee_id, 0))))


def collected_by(tx: Transaction, employee_id: str, month: str) -> Money:
    fen = tx.execute(
        select(func.coalesce(func.sum(collected_claim.c.amount_fen), 0)).where(
            collected_claim.c.month == month, collected_claim.c.salesperson_id == employee_id, _STANDING
        )
    ).scalar_one()
    return Money(int(fen))


def sums_of_month(tx: Transaction, month: str, scope: Scope | None) -> list[ClaimSum]:
    """At least the claims that the scope needs; None: all."""
    rows = tx.execute(
        select(
            collected_claim.c.salesperson_id,
            collected_claim.c.unit,
            func.sum(collected_claim.c.amount_fen).label("fen"),
            func.count().label("claims"),
        )
        .where(collected_claim.c.month == month, _STANDING, _within(scope))
        .group_by(collected_claim.c.salesperson_id, collected_claim.c.unit)
    )
    return [ClaimSum(row.salesperson_id, row.unit, Money(int(row.fen)), row.claims) for row in rows]


def _within(scope: Scope | None) -> ColumnElement[bool]:
    if scope is None:
        return true()
    below = [collected_claim.c.unit.startswith(each, autoescape=True) for each in sorted(scope.units)]
    return or_(collected_claim.c.salesperson_id == func.any(sorted(scope.reps)), *below)


def claims_of_line(tx: Transaction, month: str, level: str, subject: str, page: Page) -> Sequence[Row[Any]]:
    """The rows behind one line, newest money first. Who may see a rep's line sees all its rows, also those from another
    unit; what else the caller may not see is left out."""
    visible = tx.identity.visible(collected_claim.c.salesperson_id, collected_claim.c.unit)
    if level == Level.REP and subject:
        visible = or_(visible, sees_target(tx, subject, month))
    query = (
        select(collected_claim)
        .where(
            collected_claim.c.month == month,
            _STANDING,
            _behind(level, subject),
            visible,
        )
        .order_by(collected_claim.c.arrived_on.desc(), collected_claim.c.claim_id.desc())
        .limit(page.limit)
    )
    return tx.execute(_after(query, page)).all()


def _behind(level: str, subject: str) -> ColumnElement[bool]:
    """The same membership as `rules.lines`; a test holds them together."""
    if not subject or level == Level.COMPANY:
        return true()
    if level == Level.REP:
        return collected_claim.c.salesperson_id == subject
    return collected_claim.c.unit.startswith(subject, autoescape=True)


def _after(query: Select[Any], page: Page) -> Select[Any]:
    if not page.after:
        return query
    key = tuple_(collected_claim.c.arrived_on, collected_claim.c.claim_id)
    return query.where(key < (date.fromisoformat(page.after["on"]), page.after["id"]))


def place_unknown_claims(tx: Transaction, employee_ids: Sequence[str]) -> None:
    """Claims without a unit get that of their rep, now that the roster knows it."""
    tx.execute(
        update(collected_claim)
        .where(
            collected_claim.c.unit.is_(None),
            collected_claim.c.salesperson_id == employee.c.employee_id,
            employee.c.employee_id == func.any(list(employee_ids)),
        )
        .values(unit=employee.c.unit)
    )
