"""Who was kept from leads by the concentration guard, newest first (LD4.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.assignment import concentration_store as store


def list_pauses(tx: Transaction, page: Page, *, open_only: bool) -> tuple[Sequence[Row[Any]], str]:
    rows = store.listed(tx, page, open_only=open_only)
    return page.cut(rows, lambda row: {"at": row.paused_at.isoformat(), "id": row.pause_id})
