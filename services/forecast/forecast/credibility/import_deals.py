"""Deals of the past, so that credibility starts from facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.errors import InvalidInput, Violation
from chassis.unit_of_work import Transaction
from forecast.credibility import store


class DealInvalid(InvalidInput):
    en = "The deals are not valid."
    zh = "历史商机有误。"


def import_deals(tx: Transaction, deals: Sequence[Mapping[str, Any]]) -> int:
    """How many were new; known ones stay as they are. Raises DealInvalid for a deal that closed in the future."""
    found = [
        Violation(f"deals[{at}].closed_at", "lies in the future", "不能晚于当前时间")
        for at, deal in enumerate(deals)
        if deal["closed_at"] > tx.now
    ]
    if found:
        raise DealInvalid.of(*found)
    taken = store.insert_past_deals(tx, list({deal["external_id"]: deal for deal in deals}.values()))
    tx.audit(action="deals.import", entity="past_deal", entity_id="", after={"taken": taken})
    return taken
