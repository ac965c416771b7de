"""Notices of money entered by hand (N6.1)."""

from __future__ import annotations

from typing import Any

from integration.notifications.rules import Notice
from integration.notifications.said import money, values


def backfill_waits(said: Any) -> list[Notice]:
    """To all who may approve it."""
    told = values(said, "back_entry_id", "voucher_number", "payer_name", "booked_on", "author_id")
    told["amount"] = money(said.amount)
    return [Notice("backfill_waits", f"{said.back_entry_id}:{said.duty}", told, duties=(said.duty,))]


def backfill_approved(said: Any) -> list[Notice]:
    told = values(said, "back_entry_id", "voucher_number", "payer_name") | {"amount": money(said.amount)}
    told["how"] = "linked to what the bank told meanwhile" if said.linked else "posted"
    told["how_zh"] = "银行数据已到，已关联" if said.linked else "已入账"
    return [Notice("backfill_approved", said.back_entry_id, told, (said.author_id,))]


def backfill_confirmed(said: Any) -> list[Notice]:
    """Only where the bank says otherwise; to who vouched for it."""
    if not said.differences:
        return []
    told = values(said, "back_entry_id", "receipt_id", "voucher_number")
    told["differences"] = [f"{each.field} {each.entered} → {each.told}" for each in said.differences]
    people = (said.author_id, said.finance_approver_id, said.sales_approver_id)
    return [Notice("backfill_differs", said.back_entry_id, told, people)]
