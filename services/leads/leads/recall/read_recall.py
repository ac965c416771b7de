"""The report of a recall: each lead that was taken back, and who has it now (LD4.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.recall import store


def read_recall(tx: Transaction, recall_id: str, page: Page) -> tuple[Row[Any], Sequence[Row[Any]], str]:
    """The recall, one page of its leads, and the token of the next. Raises RecallNotFound."""
    found = store.load(tx, recall_id)
    rows, token = page.cut(store.leads_of(tx, recall_id, page), lambda row: {"id": row.lead_id})
    return found, rows, token
