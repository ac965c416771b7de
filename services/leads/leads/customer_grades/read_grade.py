"""Where a customer stands, and why (LD2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.customer_grades import store
from leads.customer_grades.standing_rules import Standing, seen
from leads.customers import store as customers


def read_grade(tx: Transaction, customer_id: str) -> Standing:
    """Raises CustomerNotFound, also for a customer that is not the caller's to see."""
    customer = customers.load(tx, customer_id)
    whole_id = customer.customer_id
    return seen(store.standings(tx, [whole_id]).get(whole_id), whole_id, customer.grade)


def why_none(standing: Standing) -> tuple[str, str]:
    """Why nothing is computed; empty when something is."""
    if standing.verdict is None:
        return "The customer is about to be graded.", "客户即将评级。"
    if standing.verdict.grade is None:
        known = f"{standing.verdict.known:.0%}"
        return f"Too little is known: {known} of the weights.", f"已知信息仅占权重的 {known}，不足以评级。"
    return "", ""


def list_changes(tx: Transaction, customer_id: str, page: Page) -> tuple[Sequence[Row[Any]], str]:
    """Raises CustomerNotFound, also for a customer that is not the caller's to see."""
    customer_id = customers.load(tx, customer_id).customer_id
    return page.cut(store.history(tx, customer_id, page), lambda row: {"id": row.id})
