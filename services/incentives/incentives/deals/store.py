"""SQL of orders and deals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import array, insert

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from incentives.deals.rules import OrderLine, OrderSource
from incentives.ledger.rules import LedgerDeal
from incentives.tables import deal, deal_split, order_source

COUNTED, WAITING, EMPTY = "counted", "waiting", "empty"


def held_source(tx: Transaction, source: str, source_id: str) -> OrderSource | None:
    mine = (order_source.c.source == source) & (order_source.c.source_id == source_id)
    row = tx.execute(select(order_source).where(mine)).first()
    return _source(row) if row else None


def save_source(tx: Transaction, said: OrderSource) -> None:
    values = asdict(said) | {"deal_key": said.deal_key, "lines": [asdict(each) for each in said.lines]}
    new = insert(order_source).values(**values)
    keys = {"source", "source_id"}
    tx.execute(
        new.on_conflict_do_update(
            index_elements=sorted(keys), set_={name: new.excluded[name] for name in values if name not in keys}
        )
    )


def sources_of(tx: Transaction, deal_key: str) -> list[OrderSource]:
    return [_source(row) for row in tx.execute(select(order_source).where(order_source.c.deal_key == deal_key))]


def load_deals(tx: Transaction, keys: Collection[str]) -> dict[str, Row[Any]]:
    return {row.deal_key: row for row in tx.execute(select(deal).where(deal.c.deal_key.in_(keys)))}


def save_deal(tx: Transaction, values: Mapping[str, Any]) -> None:
    new = insert(deal).values(**values)
    tx.execute(
        new.on_conflict_do_update(
            index_elements=["deal_key"], set_={name: new.excluded[name] for name in values if name != "deal_key"}
        )
    )


def set_reasons(tx: Transaction, deal_key: str, reasons: Sequence[Mapping[str, str]]) -> None:
    tx.execute(update(deal).where(deal.c.deal_key == deal_key).values(reasons=reasons))


def counted_deals(
    tx: Transaction, customers: Collection[str], reps: Collection[str], since: datetime
) -> list[Row[Any]]:
    """Deals of any of these customers or reps, signed since."""
    mine = or_(deal.c.customer_id.in_(customers), deal.c.salesperson_id.in_(reps))
    return list(tx.execute(select(deal).where(deal.c.state == COUNTED, mine, deal.c.signed_at >= since)))


def splits_of(tx: Transaction, keys: Collection[str]) -> dict[str, dict[str, int]]:
    """Recorded splits, basis points by employee."""
    rows = tx.execute(select(deal_split.c.deal_key, deal_split.c.shares).where(deal_split.c.deal_key.in_(keys)))
    return {row.deal_key: row.shares for row in rows}


def load_split(tx: Transaction, key: str) -> Row[Any] | None:
    return tx.execute(select(deal_split).where(deal_split.c.deal_key == key)).first()


def save_split(tx: Transaction, values: Mapping[str, Any]) -> None:
    new = insert(deal_split).values(**values)
    kept = {name: new.excluded[name] for name in values if name != "deal_key"}
    tx.execute(new.on_conflict_do_update(index_elements=["deal_key"], set_=kept))


def move_split(tx: Transaction, old_key: str, new_key: str) -> None:
    """The deal is known by another key now; what was recorded with that stays."""
    held = load_split(tx, old_key)
    if held is not None:
        tx.execute(delete(deal_split).where(deal_split.c.deal_key == old_key))
        moved = insert(deal_split).values(**held._asdict() | {"deal_key": new_key})
        tx.execute(moved.on_conflict_do_nothing())


def neighbours(tx: Transaction, customers: Collection[str], reps: Collection[str]) -> list[LedgerDeal]:
    """As `counted_deals`, only what decides places in history."""
    c = deal.c
    columns = c.deal_key, c.customer_id, c.salesperson_id, c.signed_at, c.cancelled_at
    mine = or_(c.customer_id.in_(customers), c.salesperson_id.in_(reps))
    rows = tx.execute(select(*columns).where(c.state == COUNTED, mine))
    return [LedgerDeal(x.deal_key, x.customer_id, x.salesperson_id, x.signed_at, x.cancelled_at) for x in rows]


def keys_for_employee(tx: Transaction, employee_ids: Collection[str], since: datetime) -> list[str]:
    """Deals on which a new version of these employees may change something: those waiting, those signed since of their
    own and of those they lead, and those that name one of them who was not known yet."""
    ids = sorted(employee_ids)
    own = deal.c.salesperson_id.in_(ids) & or_(deal.c.state == WAITING, deal.c.signed_at >= since)
    led = or_(deal.c.manager_id.in_(ids), deal.c.director_id.in_(ids)) & (deal.c.signed_at >= since)
    named = text("unknown_people <> '[]'::jsonb") & deal.c.unknown_people.has_any(array(ids))
    return list(tx.execute(select(deal.c.deal_key).where(or_(own, led, named))).scalars())


def keys_for_customer(
    tx: Transaction, customer_ids: Collection[str], codes: Collection[str], since: datetime
) -> list[str]:
    mine = or_(deal.c.customer_id.in_(customer_ids), deal.c.customer_code.in_(codes))
    touched = or_(deal.c.state == WAITING, deal.c.signed_at >= since)
    return list(tx.execute(select(deal.c.deal_key).where(mine, touched)).scalars())


def keys_signed_since(tx: Transaction, since: datetime) -> list[str]:
    return list(tx.execute(select(deal.c.deal_key).where(deal.c.state == COUNTED, deal.c.signed_at >= since)).scalars())


def list_open(tx: Transaction, page: Page) -> Sequence[Row[Any]]:
    """Deals with a reason."""
    query = select(deal).where(text("reasons <> '[]'::jsonb")).order_by(deal.c.deal_key).limit(page.limit)
    if page.after:
        query = query.where(deal.c.deal_key > page.after["key"])
    return tx.execute(query).all()


def _source(row: Row[Any]) -> OrderSource:
    return OrderSource(
        row.source, row.source_id, row.version, row.contract_number, row.customer_code, row.customer_id,
        row.customer_name, row.salesperson_id, row.amount_fen, row.currency, row.signed_at, row.cancelled_at,
        row.technical_service, tuple(OrderLine(**each) for each in row.lines), tuple(row.evidence),
    )  # fmt: skip
