"""Receivables for screens, with the payers known for their customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.receivables import store


def list_receivables(
    tx: Transaction, page: Page, contract_number: str, customer_code: str, *, open_only: bool
) -> tuple[Sequence[Row[Any]], dict[str, list[str]], str]:
    """A page, payer names by customer code, and the next page's token."""
    rows = store.receivables(
        tx, page, contract_number=contract_number, customer_code=customer_code, open_only=open_only
    )
    kept, token = page.cut(rows, lambda row: {"on": row.due_on.isoformat(), "id": row.receivable_id})
    return kept, store.payer_names(tx, [row.customer_code for row in kept]), token
