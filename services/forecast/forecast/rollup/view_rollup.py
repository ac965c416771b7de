"""The forecast of a month as the caller may see it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import bindparam, func, or_, select

from chassis.feed_states import bank_state
from chassis.kernel.calendar import instant
from chassis.kernel.money import Money
from chassis.kernel.provenance import Provenance, provenance
from chassis.unit_of_work import Transaction
from forecast.collections.store import collected_under
from forecast.opportunities.rules import Stage
from forecast.rollup.rules import DEFINITION, Deal, Line, lines, subjects_of
from forecast.roster.store import names_of
from forecast.tables import opportunity

MONTHS_PER_YEAR = 12
_C = opportunity.c
_CLOSED = (_C.closed_at >= bindparam("begins")) & (_C.closed_at < bindparam("ends"))
_EXPECTED = (_C.expected_close >= bindparam("first")) & (_C.expected_close < bindparam("following"))
_DEALS = (
    select(
        _C.stage, _C.owner_id, _C.unit, _C.amount_fen, _C.submitted, _C.adjusted,
        func.coalesce(collected_under(_C.contract_number), 0).label("collected_fen"),
    )
    .where(or_(_CLOSED, _C.closed_at.is_(None) & _EXPECTED), _C.stage != Stage.LOST.value)
)  # fmt: skip


def view_rollup(tx: Transaction, month: str) -> tuple[list[Line], Provenance]:
    deals = _deals(tx, month)
    names = names_of(tx, {subject for deal in deals for _, subject in subjects_of(deal)})
    return lines(deals, names), provenance(DEFINITION, bank_state(tx))


def _deals(tx: Transaction, month: str) -> list[Deal]:
    first, following = _bounds(month)
    bounds = {"first": first, "following": following, "begins": instant(first), "ends": instant(following)}
    rows = tx.execute(_DEALS.where(tx.identity.visible(_C.owner_id, _C.unit)), bounds)
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
