"""SQL of orders and deals."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ARRAY, Row, Text, any_, bindparam, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from chassis import rows
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from incentives.deals.rules import OrderLine, OrderSource, SourceId
from incentives.tables import deal, deal_split, order_source

COUNTED, WAITING, EMPTY = "counted", "waiting", "empty"


_SOURCE_COLUMNS = [each.name for each in order_source.c]
_DEAL_COLUMNS = [each.name for each in deal.c]
_PLACES = text("""
    SELECT * FROM order_source
    WHERE (source, source_id) IN (SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[])))
""").columns(*order_source.c)
_SOURCES = select(order_source).where(order_source.c.deal_key == any_(bindparam("keys", type_=ARRAY(Text))))
_SAVE_SOURCES = text(f"""
    {rows.insertion(order_source, _SOURCE_COLUMNS)}
    ON CONFLICT (source, source_id) DO UPDATE SET {rows.replacement(_SOURCE_COLUMNS, "source", "source_id")}
""")
_DEALS = select(deal).where(deal.c.deal_key == any_(bindparam("keys", type_=ARRAY(Text))))
_SPLITS = select(deal_split.c.deal_key, deal_split.c.shares).where(
    deal_split.c.deal_key == any_(bindparam("keys", type_=ARRAY(Text)))
)
_SAVE_DEALS = text(f"""
    {rows.insertion(deal, _DEAL_COLUMNS)}
    ON CONFLICT (deal_key) DO UPDATE SET {rows.replacement(_DEAL_COLUMNS, "deal_key")}
    RETURNING {", ".join(_DEAL_COLUMNS)}
""").columns(*deal.c)


def held_sources(tx: Transaction, places: Collection[SourceId]) -> dict[SourceId, OrderSource]:
    """What was last said, by source and the id it has there."""
    asked = {"sources": [source for source, _ in places], "ids": [each for _, each in places]}
    return {(row.source, row.source_id): _source(row) for row in tx.execute(_PLACES, asked)}


def save_sources(tx: Transaction, said: Iterable[OrderSource]) -> None:
    tx.execute(_SAVE_SOURCES, {"rows": rows.document(asdict(each) | {"deal_key": each.deal_key} for each in said)})


def sources_of(tx: Transaction, deal_keys: Collection[str]) -> dict[str, list[OrderSource]]:
    """By deal; none for a deal that no source names any more."""
    found: dict[str, list[OrderSource]] = {}
    for row in tx.execute(_SOURCES, {"keys": list(deal_keys)}):
        found.setdefault(row.deal_key, []).append(_source(row))
    return found


def load_deals(tx: Transaction, keys: Collection[str]) -> dict[str, Row[Any]]:
    return {row.deal_key: row for row in tx.execute(_DEALS, {"keys": list(keys)})}


def save_deals(tx: Transaction, values: Sequence[Mapping[str, Any]]) -> dict[str, Row[Any]]:
    """Whole rows; answers them as they are now."""
    return {row.deal_key: row for row in tx.execute(_SAVE_DEALS, {"rows": rows.document(values)})}


def set_reasons(tx: Transaction, deal_key: str, reasons: Sequence[Mapping[str, str]]) -> None:
    tx.execute(update(deal).where(deal.c.deal_key == deal_key).values(reasons=reasons))


def splits_of(tx: Transaction, keys: Collection[str]) -> dict[str, dict[str, int]]:
    """Recorded splits, basis points by employee."""
    return {row.deal_key: row.shares for row in tx.execute(_SPLITS, {"keys": list(keys)})}


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
