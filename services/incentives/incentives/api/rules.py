"""The doors of rules."""

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
from incentives import mapping
from incentives.deals.apply_rule import apply_rule
from incentives.deals.settle_deals import Settlement
from incentives.rule_library import store as rules
from incentives.rule_library.draft_rule import draft_rule, find_in_terms
from incentives.rule_library.publish_rule import find_version
from incentives.rule_library.rules import is_superseded
from incentives.rule_library.validate_rule import validate_rule

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
        terms = mapping.terms_in(request.terms)

        def query(tx: Transaction) -> rule_pb.ValidateRuleResponse:
            found = [*find_in_terms(tx, request.rule_id, terms), *findings]
            return rule_pb.ValidateRuleResponse(findings=[mapping.finding(each) for each in found])

        return self.read(request, query)

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
