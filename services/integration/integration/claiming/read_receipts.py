"""Receipts for screens: with their claims and, while they wait, the ranked candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.book import arrived, load_candidates
from integration.claiming.decision_rules import decide
from integration.claiming.errors import ReceiptNotFound
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.ranking_rules import Candidate, rank
from integration.claiming.rules import Match
from integration.receipts import store as receipts


@dataclass(frozen=True)
class ReceiptView:
    receipt: Row[Any]
    claims: Sequence[Row[Any]] = ()
    candidates: Sequence[Candidate] = ()
    suggestions: Sequence[Match] = ()
    matures_on: date | None = None


def get_receipt(tx: Transaction, receipt_id: str, policy: ClaimingPolicy) -> ReceiptView:
    """Raises ReceiptNotFound. Candidates are ranked over what is open at this moment."""
    row = receipts.receipt(tx, receipt_id)
    if row is None:
        raise ReceiptNotFound(receipt_id=receipt_id)
    draft = store.draft_of(tx, receipt_id)
    view = ReceiptView(row, store.of_receipt(tx, receipt_id), matures_on=draft.matures_on if draft else None)
    if row.state == "claimed":
        return view
    book = load_candidates(tx, arrived(row), policy)
    candidates = rank(arrived(row), book, policy)
    return replace(view, candidates=candidates, suggestions=decide(arrived(row), book, policy).suggestions)


def list_receipts(
    tx: Transaction, page: Page, states: Sequence[str], month: str, text: str
) -> tuple[Sequence[ReceiptView], str]:
    """A page without claims and candidates, and the next page's token. `month`: YYYY-MM or empty."""
    days = days_of(month) if month else None
    rows = receipts.receipts(tx, page, states=states, days=days, text=text)
    kept, token = page.cut(rows, lambda row: {"on": row.booked_on.isoformat(), "id": row.id})
    return [ReceiptView(row) for row in kept], token


def days_of(month: str) -> tuple[date, date]:
    """First day of the month and of the next one."""
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, 1), date(year + number // 12, number % 12 + 1, 1)
