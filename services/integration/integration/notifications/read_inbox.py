"""Everybody's own inbox, and the log of what went outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.notifications import store


def list_notifications(
    tx: Transaction, page: Page, *, unread_only: bool, after_id: int | None, kinds: Sequence[str]
) -> tuple[Sequence[Row[Any]], int, str]:
    """A page of the caller's own, the number of unread ones, the next page's token."""
    me = tx.identity.subject
    rows = store.inbox(tx, page, recipient_id=me, unread_only=unread_only, after_id=after_id, kinds=kinds)
    kept, token = page.cut(rows, lambda row: {"id": row.id})
    return kept, store.unread(tx, me), token


def mark_read(tx: Transaction, notification_ids: Sequence[int]) -> int:
    """How many are unread afterwards."""
    store.mark_read(tx, tx.identity.subject, notification_ids)
    return store.unread(tx, tx.identity.subject)


def list_deliveries(tx: Transaction, page: Page, recipient_id: str) -> tuple[Sequence[Row[Any]], str]:
    return page.cut(store.deliveries(tx, page, recipient_id), lambda row: {"id": row.id})
