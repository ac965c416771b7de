"""Lines of a customer's dynamics (客户动态), in words for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.kernel.money import Money


class Kind(StrEnum):
    TENDER = "tender"
    REGISTRY = "registry"
    SIGN_UP = "sign_up"
    ORDER = "order"
    TICKET = "ticket"


@dataclass(frozen=True)
class Dynamic:
    """`reference` and `version` tell one word from another: the same twice is one line."""

    customer_id: str
    kind: Kind
    reference: str
    version: int
    at: datetime
    text: str
    text_zh: str
    url: str = ""


# What happened to a service call (工单), in the order in which it happens.
_TICKET_STEPS = {
    "reported": ("Service call: {subject}.", "报修：{subject}。"),
    "responded": ("Service call answered: {subject}.", "工单已响应：{subject}。"),
    "closed": ("Service call closed: {subject}.", "工单已关闭：{subject}。"),
}


@dataclass(frozen=True)
class FieldChange:
    """What the company register says now of a field. Of branches: those that are gone, and those that are new."""

    field: str
    before: str
    after: str


_FIELDS = {
    "name": ("name", "企业名称"),
    "legal_person": ("legal person", "法定代表人"),
    "address": ("registered address", "注册地址"),
    "state": ("registration state", "登记状态"),
    "capital": ("registered capital", "注册资本"),
    "parent": ("parent company", "母公司"),
}


def order_words(number: str, amount: Money, *, cancelled: bool, migrated: bool) -> tuple[str, str]:
    """One line per order, as it is now."""
    en, zh = (
        f"Order {number}, {amount.currency} {amount.yuan:,.2f}",
        f"订单 {number}，{amount.currency} {amount.yuan:,.2f}",
    )
    en, zh = (en + ", brought along", zh + "，历史迁入") if migrated else (en, zh)
    return (en + ", cancelled since.", zh + "，后已取消。") if cancelled else (en + ".", zh + "。")


def ticket_words(step: str, subject: str) -> tuple[str, str]:
    """`step`: reported, responded, closed."""
    en, zh = _TICKET_STEPS[step]
    return en.format(subject=subject), zh.format(subject=subject)


def registry_words(changes: Iterable[FieldChange]) -> tuple[str, str]:
    told = [_words(each) for each in changes]
    return "; ".join(en for en, _ in told) + ".", "；".join(zh for _, zh in told) + "。"


def _words(change: FieldChange) -> tuple[str, str]:
    if change.field == "branches":
        gone = [("branches closed: " + change.before, "注销分支机构：" + change.before)] if change.before else []
        opened = [("branches opened: " + change.after, "新设分支机构：" + change.after)] if change.after else []
        told = gone + opened
        return "; ".join(en for en, _ in told), "；".join(zh for _, zh in told)
    en, zh = _FIELDS.get(change.field, (change.field, change.field))
    before, before_zh = change.before or "none", change.before or "无"
    return f"{en}: {before} → {change.after}", f"{zh}：{before_zh} → {change.after}"
