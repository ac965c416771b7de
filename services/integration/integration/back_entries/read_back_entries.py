"""Back-entries for screens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.back_entries import store
from integration.back_entries.errors import BackEntryNotFound


def get_back_entry(tx: Transaction, back_entry_id: str) -> Row[Any]:
    row = store.load(tx, back_entry_id)
    if row is None:
        raise BackEntryNotFound(back_entry_id=back_entry_id)
    return row


def list_back_entries(
    tx: Transaction, page: Page, states: Sequence[str], *, unconfirmed_only: bool
) -> tuple[Sequence[Row[Any]], str]:
    """A page, and the next page's token."""
    rows = store.page(tx, page, states, unconfirmed_only=unconfirmed_only)
    return page.cut(rows, lambda row: {"id": row.id})
