"""Money that went back: put to its receipt where there is only one, shown to people where not (N4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row

from chassis.kernel.calendar import local_date
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.errors import RefundAlreadyUsed, RefundExceedsReceipt
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.refund_receipt import refund_receipt
from integration.claiming.refund_rules import Moved, given_back, is_payee
from integration.receipts import store as receipts

AT_ONCE = 1000
SHOWN = 10


@dataclass(frozen=True)
class RefundView:
    refund: Row[Any]
    receipt_ids: Sequence[str]


def match_refunds(tx: Transaction, policy: ClaimingPolicy) -> int:
    """How many were put to their receipt. One that a person put to it meanwhile is left as it is."""
    since = local_date(tx.now) - timedelta(days=policy.refund_days)
    count = 0
    refunds = store.open_refunds(tx, AT_ONCE, since=since, for_rules=True)
    receipts.lock_entries(tx, {found for refund in refunds if (found := _receipt_of(tx, refund, policy))})
    for refund in refunds:
        receipt_id = _receipt_of(tx, refund, policy)
        if receipt_id is not None:
            with suppress(RefundAlreadyUsed, RefundExceedsReceipt):
                refund_receipt(tx, receipt_id, refund.id)
                count += 1
    return count


def _receipt_of(tx: Transaction, refund: Row[Any], policy: ClaimingPolicy) -> str | None:
    candidates = store.receipts_to_give_back(tx, refund, policy.refund_days)
    return given_back(_moved(refund), map(_moved, candidates))


def list_refunds(tx: Transaction, page: Page, policy: ClaimingPolicy) -> tuple[list[RefundView], str]:
    """A page of those put to no receipt, and the next page's token."""
    until = (date.fromisoformat(page.after["on"]), page.after["id"]) if page.after else None
    rows = store.open_refunds(tx, page.limit, until=until)
    kept, token = page.cut(rows, lambda row: {"on": row.booked_on.isoformat(), "id": row.id})
    return [RefundView(row, _candidates(tx, row, policy)) for row in kept], token


def _candidates(tx: Transaction, refund: Row[Any], policy: ClaimingPolicy) -> list[str]:
    candidates = store.receipts_to_give_back(tx, refund, policy.refund_days)
    return [row.id for row in candidates if is_payee(_moved(refund), _moved(row))][:SHOWN]


def _moved(row: Row[Any]) -> Moved:
    return Moved(row.id, row.amount_fen, row.currency, row.payer_name, row.payer_account)
