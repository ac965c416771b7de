"""SQL of what gates ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Table, func, insert, select, update

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from forecast.gates.rules import Facts, Quoted
from forecast.tables import acceptance, demo, need_survey, opportunity, quote


def insert_item(tx: Transaction, table: Table, values: Mapping[str, Any]) -> None:
    tx.execute(insert(table).values(**values))


def _latest(tx: Transaction, table: Table, key: str, opportunity_id: str) -> Row[Any] | None:
    query = select(table).where(table.c.opportunity_id == opportunity_id).order_by(table.c[key].desc()).limit(1)
    return tx.execute(query).first()


def _count(tx: Transaction, table: Table, opportunity_id: str) -> int:
    query = select(func.count()).select_from(table).where(table.c.opportunity_id == opportunity_id)
    return int(tx.execute(query).scalar_one())


def facts_of(tx: Transaction, deal: Row[Any]) -> Facts:
    """`deal` as the opportunities' store gives it. The latest survey and quote count."""
    survey = _latest(tx, need_survey, "survey_id", deal.opportunity_id)
    quoted = _latest(tx, quote, "quote_id", deal.opportunity_id)
    return Facts(
        budget_known=survey is not None and survey.budget_high_fen is not None,
        decision_roles=len(survey.decision_roles) if survey is not None else 0,
        demos=_count(tx, demo, deal.opportunity_id),
        quote=Quoted(Money(quoted.amount_fen), bool(quoted.approved_by)) if quoted is not None else None,
        evidence_level=deal.evidence_level,
        accepted=_count(tx, acceptance, deal.opportunity_id) > 0,
        amount=Money(deal.amount_fen),
        collected=Money(int(deal.collected_fen)),
    )


def quotes_of(tx: Transaction, opportunity_ids: Sequence[str]) -> Sequence[Row[Any]]:
    query = select(quote).where(quote.c.opportunity_id == func.any(list(opportunity_ids)))
    return tx.execute(query.order_by(quote.c.quote_id)).all()


def lock_quote(tx: Transaction, quote_id: str) -> Row[Any] | None:
    """With the deal's owner and unit; what the caller may not see is not there."""
    query = (
        select(quote)
        .join(opportunity, opportunity.c.opportunity_id == quote.c.opportunity_id)
        .where(quote.c.quote_id == quote_id, tx.identity.visible(opportunity.c.owner_id, opportunity.c.unit))
        .with_for_update(of=quote)
    )
    return tx.execute(query).first()


def approve(tx: Transaction, quote_id: str) -> Row[Any]:
    approved = update(quote).where(quote.c.quote_id == quote_id)
    values = approved.values(approved_by=tx.identity.subject, approved_at=tx.now)
    return tx.execute(values.returning(quote)).one()
