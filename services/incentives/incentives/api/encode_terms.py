"""Contract messages of terms, budgets and what an order comes to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from closeloop.incentives.v1 import budget_service_pb2 as budget_pb
from closeloop.incentives.v1 import deal_service_pb2 as deal_pb
from incentives.awards.rules import Item
from incentives.budgets.rules import Figures, Period, scope
from incentives.budgets.view_budgets import BudgetView
from incentives.deals.view_deal import DealView, OutcomeView, SplitView
from incentives.mapping import amount_line, money

PERIODS = {
    budget_pb.BUDGET_PERIOD_MONTH: Period.MONTH,
    budget_pb.BUDGET_PERIOD_QUARTER: Period.QUARTER,
    budget_pb.BUDGET_PERIOD_YEAR: Period.YEAR,
}
_PERIODS_OUT = {inner: outer for outer, inner in PERIODS.items()}
_STATES = {
    "proposed": budget_pb.BUDGET_CHANGE_STATE_PROPOSED,
    "approved": budget_pb.BUDGET_CHANGE_STATE_APPROVED,
    "rejected": budget_pb.BUDGET_CHANGE_STATE_REJECTED,
}


def change(row: Row[Any]) -> budget_pb.BudgetChange:
    rule, group = scope(row.budget_id)
    message = budget_pb.BudgetChange(
        change_id=row.change_id,
        rule_id=rule,
        group=group,
        period=_PERIODS_OUT[Period(row.period)],
        starts_on=row.starts_on.isoformat(),
        onward=row.onward,
        amount=money(row.amount_fen),
        state=_STATES[row.state],
        reason=row.reason,
        proposed_by=row.proposed_by,
        decided_by=row.decided_by,
    )
    message.proposed_at.FromDatetime(row.proposed_at)
    if row.decided_at is not None:
        message.decided_at.FromDatetime(row.decided_at)
    return message


def budget(view: BudgetView, figures: Figures) -> budget_pb.Budget:
    rule, group = scope(view.span.budget_id)
    message = budget_pb.Budget(
        rule_id=rule,
        group=group,
        period=_PERIODS_OUT[view.span.period],
        starts_on=view.span.starts_on.isoformat(),
        ends_on=view.span.last_day.isoformat(),
        used=money(figures.used_fen),
        held=money(figures.held_fen),
        held_orders=figures.held_orders,
        changes=[change(row) for row in view.changes],
    )
    if view.amount_fen is not None:
        message.amount.CopyFrom(money(view.amount_fen))
    if view.exhaustion is not None and view.exhaustion.exhausted_at is not None:
        message.exhausted_at.FromDatetime(view.exhaustion.exhausted_at)
    return message


def deal(view: DealView) -> deal_pb.Deal:
    row = view.deal
    message = deal_pb.Deal(
        deal_key=row.deal_key,
        contract_number=row.contract_number,
        erp_order_id=row.order_id,
        customer_name=row.customer_name,
        salesperson_id=row.salesperson_id,
        manager_id=row.manager_id,
        director_id=row.director_id,
        amount=money(row.amount_fen),
        outcomes=[_outcome(each) for each in view.outcomes],
    )
    for name in ("signed_at", "cancelled_at"):
        if getattr(row, name) is not None:
            getattr(message, name).FromDatetime(getattr(row, name))
    if view.split is not None:
        _split(message.split, view.split)
    return message


def _split(message: deal_pb.DealSplit, view: SplitView) -> None:
    row, message.hidden_shares = view.row, view.hidden
    for who in view.people:
        message.shares.add(employee_id=who, basis_points=row.shares[who])
    message.recorded_by, message.reason = row.recorded_by, row.reason
    message.recorded_at.FromDatetime(row.recorded_at)


def _outcome(view: OutcomeView) -> deal_pb.RuleOutcome:
    row = view.award
    message = deal_pb.RuleOutcome(
        rule_id=row.rule_id,
        rule_version=row.rule_version,
        group=row.group_name,
        entitlements=[_entitlement(row, view.item, person) for person in view.people],
        hidden_entitlements=view.hidden,
        is_result_hidden=not view.is_whole,
    )
    if view.is_whole:
        message.result.CopyFrom(money(row.result_fen))
        message.formula, message.formula_zh = row.formula, row.formula_zh
        message.lines.extend(amount_line(each) for each in row.lines)
    return message


def _entitlement(row: Row[Any], item: Item, person: str) -> deal_pb.Entitlement:
    share, granted, held = item.part(person)
    said = [*row.split_lines.get(person, ()), *row.cap_lines.get(person, ()), *row.budget_lines]
    return deal_pb.Entitlement(
        beneficiary_id=person,
        share=money(share),
        granted=money(granted),
        held=money(held),
        lines=[amount_line(each) for each in said],
    )
