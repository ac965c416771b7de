"""The doors of budgets."""

from __future__ import annotations

from datetime import date

import grpc

from chassis.errors import InvalidInput, Violation
from chassis.kernel.money import Money
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.common.v1.page_pb2 import PageInfo
from closeloop.incentives.v1 import budget_service_pb2 as pb
from closeloop.incentives.v1 import budget_service_pb2_grpc as budget_grpc
from incentives.api import encode_terms
from incentives.awards.store import figures
from incentives.budgets.decide_budget import reject_budget
from incentives.budgets.propose_budget import Proposal, propose_budget
from incentives.budgets.store import approved, lock_change
from incentives.budgets.view_budgets import view_budgets
from incentives.deals.apply_budget import apply_budget
from incentives.ledger.rules import YEARS

Context = grpc.ServicerContext


class BudgetService(Servicer, budget_grpc.BudgetServiceServicer):
    def ListBudgets(self, request: pb.ListBudgetsRequest, context: Context) -> pb.ListBudgetsResponse:
        page, on = Page.of(request.page), _day(request.on, "on")

        def query(tx: Transaction) -> pb.ListBudgetsResponse:
            found, token = view_budgets(tx, page, request.rule_id, request.group, on)
            budgets = approved(tx)
            shown = [encode_terms.budget(each, figures(tx, each.span, budgets)) for each in found]
            return pb.ListBudgetsResponse(budgets=shown, page=PageInfo(next_token=token))

        return self.read(request, query)

    def ProposeBudget(self, request: pb.ProposeBudgetRequest, context: Context) -> pb.ProposeBudgetResponse:
        said = Proposal(
            request.rule_id,
            request.group,
            encode_terms.PERIODS.get(request.period),
            _day(request.starts_on, "starts_on"),
            request.onward,
            Money(request.amount.fen, request.amount.currency or "CNY"),
            request.reason,
        )

        def decide(tx: Transaction) -> pb.ProposeBudgetResponse:
            row = lock_change(tx, propose_budget(tx, said))
            return pb.ProposeBudgetResponse(change=None if row is None else encode_terms.change(row))

        return self.change(request, decide)

    def ApproveBudget(self, request: pb.ApproveBudgetRequest, context: Context) -> pb.ApproveBudgetResponse:
        def decide(tx: Transaction) -> pb.ApproveBudgetResponse:
            return pb.ApproveBudgetResponse(change=encode_terms.change(apply_budget(tx, request.change_id)))

        return self.change(request, decide)

    def RejectBudget(self, request: pb.RejectBudgetRequest, context: Context) -> pb.RejectBudgetResponse:
        def decide(tx: Transaction) -> pb.RejectBudgetResponse:
            return pb.RejectBudgetResponse(change=encode_terms.change(reject_budget(tx, request.change_id)))

        return self.change(request, decide)


def _day(text: str, field: str) -> date | None:
    """Raises InvalidInput for what looks like a day and is none, and for one in which nothing is reckoned."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput.of(Violation(field, "is no day of the calendar", "不是有效日期")) from None
    if day is not None and day.year not in YEARS:
        raise InvalidInput.of(
            Violation(field, f"is of the years {YEARS[0]} to {YEARS[-1]}", f"年份须在 {YEARS[0]} 至 {YEARS[-1]} 之间")
        )
    return day
