"""The forecast of a month as the caller may see it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, or_, select

from chassis.kernel.calendar import instant
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from forecast.collections.store import collected_under
from forecast.opportunities.rules import Stage
from forecast.provenance.rules import DEFINITION, Provenance, provenance
from forecast.provenance.store import bank_state
from forecast.rollup.rules import Deal, Line, lines
from forecast.roster.store import names_of
from forecast.tables import opportunity

MONTHS_PER_YEAR = 12


def view_rollup(tx: Transaction, month: str) -> tuple[list[Line], Provenance]:
    return lines(_deals(tx, month), names_of(tx)), provenance(DEFINITION, bank_state(tx))


def _deals(tx: Transaction, month: str) -> list[Deal]:
    first, following = _bounds(month)
    closed = (opportunity.c.closed_at >= instant(first)) & (opportunity.c.closed_at < instant(following))
    expected = (opportunity.c.expected_close >= first) & (opportunity.c.expected_close < following)
    rows = tx.execute(
        select(opportunity, func.coalesce(collected_under(opportunity.c.contract_number), 0).label("collected_fen"))
        .where(or_(closed, opportunity.c.closed_at.is_(None) & expected))
        .where(tx.identity.visible(opportunity.c.owner_id, opportunity.c.unit))
        .where(opportunity.c.stage != Stage.LOST.value)
    )
    return [
        Deal(
            Stage(row.stage),
            row.owner_id,
            row.unit,
            Money(row.amount_fen),
            Money(int(row.collected_fen)),
            row.submitted,
            row.adjusted,
        )
        for row in rows
    ]


def _bounds(month: str) -> tuple[date, date]:
    first = date.fromisoformat(f"{month}-01")
    turn = first.month == MONTHS_PER_YEAR
    return first, date(first.year + turn, 1 if turn else first.month + 1, 1)
