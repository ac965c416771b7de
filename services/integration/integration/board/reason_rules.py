"""Why a contract has its colour, in words for people (N5.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.kernel.money import Money

SIDES = {
    "contract": ("contract", "合同"),
    "due": ("amount due", "应收"),
    "delivery": ("delivery", "发货"),
    "receipt": ("receipt", "回款"),
    "invoice": ("invoice", "发票"),
}
UNENTERED = ("paid without a contract entered", "已回款但未录入合同")


def reason_of(
    missing: Sequence[str], differences: Sequence[Mapping[str, Any]], currency: str, *, paid_without_contract: bool
) -> tuple[str, str]:
    """English and Chinese; empty when everything matches."""
    told = [UNENTERED] if paid_without_contract else []
    told += [_difference(each, currency) for each in differences]
    if missing:
        en = ", ".join(SIDES[side][0] for side in missing)
        told.append((f"missing: {en}", f"缺少：{'、'.join(SIDES[side][1] for side in missing)}"))
    return "; ".join(en for en, _ in told), "；".join(zh for _, zh in told)


def _difference(each: Mapping[str, Any], currency: str) -> tuple[str, str]:
    (en, zh), fen = SIDES[each["side"]], int(each["fen"])
    amount = Money(abs(fen), currency)
    where_en, where_zh = ("order", "订单") if each["order_id"] else ("contract", "合同")
    order, more = (f" {each['order_id']}" if each["order_id"] else ""), fen > 0
    return (
        f"{en} {amount} {'above' if more else 'below'} the {where_en}{order}",
        f"{zh}比{where_zh}{order and f'{order} '}{'多' if more else '少'} {amount}",
    )
