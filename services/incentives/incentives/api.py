"""The doors: decode, call, encode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.common.v1.page_pb2 import PageInfo
from closeloop.incentives.v1 import rule_service_pb2 as rule_pb
from closeloop.incentives.v1 import rule_service_pb2_grpc as rule_grpc
from closeloop.incentives.v1 import slip_service_pb2 as slip_pb
from closeloop.incentives.v1 import slip_service_pb2_grpc as slip_grpc
from incentives import mapping
from incentives.deals.apply_rule import apply_rule
from incentives.deals.settle_deals import Settlement
from incentives.deals.store import list_open
from incentives.ledger.store import list_entries
from incentives.rule_library import store as rules
from incentives.rule_library.draft_rule import draft_rule
from incentives.rule_library.publish_rule import find_version
from incentives.rule_library.rules import is_superseded
from incentives.rule_library.validate_rule import validate_rule
from incentives.slips import store as slips
from incentives.slips.confirm_slip import confirm_slip, find_slip
from incentives.slips.view_balance import may_see_balance, view_balance

Context = grpc.ServicerContext


class RuleService(Servicer, rule_grpc.RuleServiceServicer):
    """`settlement` has the worker for checks, so that a hostile draft holds up no order."""

    def __init__(self, uow: UnitOfWork, settlement: Settlement) -> None:
        super().__init__(uow)
        self._settlement = settlement

    def ListRules(self, request: rule_pb.ListRulesRequest, context: Context) -> rule_pb.ListRulesResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> rule_pb.ListRulesResponse:
            rows, token = page.cut(rules.list_newest(tx, page), lambda row: {"id": row.rule_id})
            return rule_pb.ListRulesResponse(rules=_versions(tx, rows), page=PageInfo(next_token=token))

        return self.read(request, query)

    def GetRule(self, request: rule_pb.GetRuleRequest, context: Context) -> rule_pb.GetRuleResponse:
        wanted = request.version if request.HasField("version") else None

        def query(tx: Transaction) -> rule_pb.GetRuleResponse:
            found = find_version(tx, request.rule_id, wanted)
            history = _versions(tx, rules.versions(tx, request.rule_id))
            return rule_pb.GetRuleResponse(rule=_versions(tx, [found])[0], history=history)

        return self.read(request, query)

    def DraftRule(self, request: rule_pb.DraftRuleRequest, context: Context) -> rule_pb.DraftRuleResponse:
        draft = mapping.draft_in(request)

        def decide(tx: Transaction) -> rule_pb.DraftRuleResponse:
            version = draft_rule(tx, self._settlement.evaluator, draft)
            return rule_pb.DraftRuleResponse(rule=_versions(tx, [find_version(tx, draft.rule_id, version)])[0])

        return self.change(request, decide)

    def ValidateRule(self, request: rule_pb.ValidateRuleRequest, context: Context) -> rule_pb.ValidateRuleResponse:
        examples = [mapping.example_in(each) for each in request.examples]
        findings = validate_rule(self._settlement.evaluator, mapping.model_in(request.model), examples)
        return rule_pb.ValidateRuleResponse(findings=[mapping.finding(each) for each in findings])

    def PublishRule(self, request: rule_pb.PublishRuleRequest, context: Context) -> rule_pb.PublishRuleResponse:
        starts = mapping.instant_in(request.effective_from)
        ends = mapping.instant_in(request.effective_to) if request.HasField("effective_to") else None

        def decide(tx: Transaction) -> rule_pb.PublishRuleResponse:
            rule_id, version = request.rule_id, request.version
            apply_rule(tx, self._settlement, rule_id=rule_id, version=version, starts=starts, ends=ends)
            return rule_pb.PublishRuleResponse(rule=_versions(tx, [find_version(tx, rule_id, version)])[0])

        return self.change(request, decide)


def _versions(tx: Transaction, rows: Sequence[Row[Any]]) -> list[rule_pb.RuleVersion]:
    spans = rules.published_spans(tx, [row.rule_id for row in rows])

    def superseded(row: Row[Any]) -> bool:
        others = [each for each in spans if each.rule_id == row.rule_id]
        return row.state == "published" and is_superseded(row, others, tx.now)

    return [mapping.rule(row, superseded=superseded(row)) for row in rows]


class SlipService(Servicer, slip_grpc.SlipServiceServicer):
    def ListSlips(self, request: slip_pb.ListSlipsRequest, context: Context) -> slip_pb.ListSlipsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> slip_pb.ListSlipsResponse:
            found = slips.list_slips(
                tx,
                page,
                states=mapping.states_in(request.states),
                beneficiary_id=request.beneficiary_id,
                contract_number=request.contract_number,
            )
            rows, token = page.cut(found, lambda row: {"id": row.slip_id})
            return slip_pb.ListSlipsResponse(slips=[mapping.slip(row) for row in rows], page=PageInfo(next_token=token))

        return self.read(request, query)

    def GetSlip(self, request: slip_pb.GetSlipRequest, context: Context) -> slip_pb.GetSlipResponse:
        return self.read(request, lambda tx: slip_pb.GetSlipResponse(slip=mapping.slip(find_slip(tx, request.slip_id))))

    def ConfirmSlip(self, request: slip_pb.ConfirmSlipRequest, context: Context) -> slip_pb.ConfirmSlipResponse:
        def decide(tx: Transaction) -> slip_pb.ConfirmSlipResponse:
            return slip_pb.ConfirmSlipResponse(slip=mapping.slip(confirm_slip(tx, request.slip_id, request.etag)))

        return self.change(request, decide)

    def GetBalance(self, request: slip_pb.GetBalanceRequest, context: Context) -> slip_pb.GetBalanceResponse:
        at = mapping.instant_in(request.at) if request.HasField("at") else None
        return self.read(request, lambda tx: mapping.balance(view_balance(tx, request.employee_id, at)))

    def ListLedger(self, request: slip_pb.ListLedgerRequest, context: Context) -> slip_pb.ListLedgerResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> slip_pb.ListLedgerResponse:
            may_see_balance(tx, request.employee_id)
            rows, token = page.cut(
                list_entries(tx, request.employee_id, page),
                lambda row: {"at": row.effective_at.isoformat(), "id": row.entry_id},
            )
            return slip_pb.ListLedgerResponse(
                entries=[mapping.entry(row) for row in rows], page=PageInfo(next_token=token)
            )

        return self.read(request, query)

    def ListWaitingDeals(
        self, request: slip_pb.ListWaitingDealsRequest, context: Context
    ) -> slip_pb.ListWaitingDealsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> slip_pb.ListWaitingDealsResponse:
            rows, token = page.cut(list_open(tx, page), lambda row: {"key": row.deal_key})
            return slip_pb.ListWaitingDealsResponse(
                deals=[mapping.waiting(row) for row in rows], page=PageInfo(next_token=token)
            )

        return self.read(request, query)
