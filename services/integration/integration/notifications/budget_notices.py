"""Notices of incentive budgets and of the slips that wait for one (I2.2)."""

from __future__ import annotations

from typing import Any

from integration.notifications.rules import Notice
from integration.notifications.said import money, values


def budget_exhausted(said: Any) -> list[Notice]:
    """To those who may propose more."""
    told = values(said, "starts_on", "ends_on", "held_orders")
    told |= {name: money(getattr(said, name)) for name in ("amount", "used", "held")}
    told["whose"] = said.rule_id or said.group
    once = f"{said.budget_id}:{said.starts_on}:{said.number}"
    return [Notice("budget_exhausted", once, told, duties=("finance", "ops"))]


def slip_held(said: Any) -> list[Notice]:
    told = values(said, "slip_id", "customer_name", "reason", "reason_zh") | {"amount": money(said.amount)}
    return [Notice("slip_held", said.slip_id, told, (said.beneficiary_id,))]
