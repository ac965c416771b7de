"""Keep a page of promotions, and tell of each that is new or changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.unit_of_work import Transaction
from integration.erp.keep_records import Kind, keep_records
from integration.feeds.rules import Outcome, Raw
from integration.promotions.rules import PromotionChanged, PromotionRecord
from integration.tables import promotion


def take_promotions(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    outcome, changes = keep_records(tx, records, KIND)
    for each in changes:
        record = each.record
        tx.record(
            PromotionChanged(
                record.promotion_id,
                each.version,
                record.name,
                record.region,
                record.skus,
                record.starts_on,
                record.ends_on,
                record.money,
                record.state,
            )
        )
    return outcome


def _columns(record: PromotionRecord) -> dict[str, Any]:
    plain = record.model_dump(exclude={"source_version", "cost"})
    return plain | {"cost_fen": record.money.fen, "skus": list(record.skus), "state": record.state.value}


KIND = Kind(promotion, PromotionRecord, "promotion_id", _columns)
