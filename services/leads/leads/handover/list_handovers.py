"""Handovers and their items, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.customer_file.completeness_rules import Completeness
from leads.customer_file.count_completeness import completeness_of
from leads.customer_file.policy import CompletenessPolicy
from leads.handover import list_store
from leads.handover.list_store import ItemWish, Wish


@dataclass(frozen=True)
class Items:
    """`files`: completeness of the customers among them, as it is now."""

    handover: Row[Any]
    rows: Sequence[Row[Any]]
    token: str
    files: Mapping[str, Completeness]


def list_handovers(tx: Transaction, page: Page, wish: Wish) -> tuple[Sequence[Row[Any]], str]:
    rows = list_store.listed(tx, page, wish)
    return page.cut(rows, lambda row: {"at": row.opened_at.isoformat(), "id": row.handover_id})


def list_items(tx: Transaction, handover_id: str, page: Page, wish: ItemWish, policy: CompletenessPolicy) -> Items:
    """Raises HandoverNotFound."""
    handover = list_store.load(tx, handover_id)
    rows, token = page.cut(list_store.items(tx, handover, page, wish), lambda row: {"position": row.position})
    customers = [row.subject_id for row in rows if row.kind == "customer"]
    return Items(handover, rows, token, completeness_of(tx, customers, policy))
