"""Tenders for screens: everybody sees all of them, they are public."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.errors import NotFound
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.tenders import store


class TenderNotFound(NotFound):
    en = "There is no tender {tender_id}."
    zh = "招标项目 {tender_id} 不存在。"


def get_tender(tx: Transaction, tender_id: str) -> tuple[Row[Any], Sequence[Row[Any]]]:
    """With its notices. Raises TenderNotFound."""
    row = store.load(tx, tender_id)
    if row is None:
        raise TenderNotFound(tender_id=tender_id)
    return row, store.notice_rows(tx, tender_id)


def list_tenders(tx: Transaction, page: Page, text: str, region: str, state: str) -> tuple[Sequence[Row[Any]], str]:
    """A page, newest first, and the next page's token."""
    rows = store.tenders(tx, page, text_=text, region=region, state=state)
    return page.cut(rows, lambda row: {"at": row.published_at.isoformat(), "id": row.tender_id})
