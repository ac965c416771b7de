"""SQL of who stands before and after whom: orders by customer and rep, in the order of signing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Row, Text, any_, bindparam, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import array

from chassis.unit_of_work import Transaction
from incentives.deals.store import COUNTED, WAITING
from incentives.ledger.rules import Earlier, LedgerDeal
from incentives.roster.merge_rules import Merges
from incentives.tables import deal

_C = deal.c
# A literal, so that the partial index is used.
_COUNTED = _C.state == literal_column("'counted'")
_MINE = or_(
    _C.customer_id == any_(bindparam("customers", type_=ARRAY(Text))),
    _C.salesperson_id == any_(bindparam("reps", type_=ARRAY(Text))),
)
_SINCE = _C.signed_at >= bindparam("since")
_DEALS = select(deal).where(_COUNTED, _MINE, _SINCE)
_NEIGHBOURS = select(_C.deal_key, _C.customer_id, _C.salesperson_id, _C.signed_at, _C.cancelled_at).where(
    _COUNTED, _MINE, or_(_SINCE, _C.cancelled_at >= bindparam("since"))
)
_EARLIER = text("""
    SELECT true AS is_customer, customer_id AS id, count(*) AS orders FROM deal
    WHERE state = 'counted' AND customer_id = ANY(:customers) AND signed_at < :since AND cancelled_at IS NULL
    GROUP BY customer_id
    UNION ALL
    SELECT false, salesperson_id, count(*) FROM deal
    WHERE state = 'counted' AND salesperson_id = ANY(:reps) AND signed_at < :since AND cancelled_at IS NULL
    GROUP BY salesperson_id
""")


def counted_deals(
    tx: Transaction, customers: Collection[str], reps: Collection[str], since: datetime
) -> list[Row[Any]]:
    """Deals of any of these customers or reps, signed since."""
    return list(tx.execute(_DEALS, {"customers": list(customers), "reps": list(reps), "since": since}))


def neighbours(
    tx: Transaction, customers: Collection[str], reps: Collection[str], since: datetime, merges: Merges
) -> tuple[list[LedgerDeal], Earlier]:
    """What decides places in history from then on. Who signed before and still stands is only counted: a rep's years
    of orders are not read for the newest one."""
    mine = {"customers": list(customers), "reps": list(reps), "since": since}
    found = [
        LedgerDeal(
            x.deal_key,
            x.customer_id,
            x.salesperson_id,
            x.signed_at,
            x.cancelled_at,
            merges.one_at(x.customer_id, x.signed_at),
        )
        for x in tx.execute(_NEIGHBOURS, mine)
    ]
    counts = tx.execute(_EARLIER, mine).all()
    return found, Earlier(
        {row.id: row.orders for row in counts if row.is_customer},
        {row.id: row.orders for row in counts if not row.is_customer},
    )


def keys_for_employee(tx: Transaction, employee_ids: Collection[str], since: datetime) -> list[str]:
    """Deals on which a new version of these employees may change something: those waiting, those signed since of their
    own and of those they lead, and those that name one of them who was not known yet."""
    ids = sorted(employee_ids)
    own = _C.salesperson_id.in_(ids) & or_(_C.state == WAITING, _C.signed_at >= since)
    led = or_(_C.manager_id.in_(ids), _C.director_id.in_(ids)) & (_C.signed_at >= since)
    named = text("unknown_people <> '[]'::jsonb") & _C.unknown_people.has_any(array(ids))
    return list(tx.execute(select(_C.deal_key).where(or_(own, led, named))).scalars())


def keys_for_customer(
    tx: Transaction, customer_ids: Collection[str], codes: Collection[str], since: datetime
) -> list[str]:
    mine = or_(_C.customer_id.in_(customer_ids), _C.customer_code.in_(codes))
    touched = or_(_C.state == WAITING, _C.signed_at >= since)
    return list(tx.execute(select(_C.deal_key).where(mine, touched)).scalars())


def keys_signed_since(tx: Transaction, since: datetime) -> list[str]:
    return list(tx.execute(select(_C.deal_key).where(_C.state == COUNTED, _C.signed_at >= since)).scalars())
