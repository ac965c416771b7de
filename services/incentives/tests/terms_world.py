"""Rules with terms, budgets and what is seen of them through the doors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from google.protobuf.json_format import ParseDict

from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.service import Service
from chassis.testing.events import recorded_events
from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import budget_service_pb2 as budget_pb
from closeloop.incentives.v1 import deal_service_pb2 as deal_pb
from closeloop.incentives.v1 import rule_service_pb2 as rule_pb
from closeloop.incentives.v1 import slip_service_pb2 as slip_pb
from closeloop.incentives.v1.budget_service_pb2_grpc import BudgetServiceStub
from closeloop.incentives.v1.deal_service_pb2_grpc import DealServiceStub
from closeloop.incentives.v1.rule_service_pb2_grpc import RuleServiceStub
from incentives.bootstrap import CATALOG

from .models import expression
from .world import fire_clocks, slips

FINANCE = as_hq("E950", "finance")
MONTH = budget_pb.BUDGET_PERIOD_MONTH
STARTS = "2026-02-28T16:00:00Z"
MINUTE = timedelta(minutes=1)


def percent_of_order(percent: int) -> Mapping[str, Any]:
    return expression(f"string(round(deal.amountFen * {percent} / 100))")


def drafted(
    rule_id: str, terms: Mapping[str, Any], percent: int = 10, model: Mapping[str, Any] | None = None
) -> rule_pb.DraftRuleRequest:
    """A rule that gives so much of each order, or what the model says."""
    words = {"name": rule_id, "nameZh": rule_id, "words": rule_id, "wordsZh": rule_id}
    body = {
        "requestId": new_id(),
        "ruleId": rule_id,
        **words,
        "model": model or percent_of_order(percent),
        "terms": terms,
    }
    return ParseDict(body, rule_pb.DraftRuleRequest())


def publish_terms(
    rpc: Rpc,
    service: Service,
    rule_id: str,
    terms: Mapping[str, Any],
    percent: int = 10,
    *,
    starts: str = STARTS,
    model: Mapping[str, Any] | None = None,
) -> rule_pb.RuleVersion:
    stub = RuleServiceStub(rpc(service, as_=as_hq()))
    draft = stub.DraftRule(drafted(rule_id, terms, percent, model)).rule
    request = rule_pb.PublishRuleRequest(request_id=new_id(), rule_id=rule_id, version=draft.version)
    request.effective_from.FromJsonString(starts)
    return stub.PublishRule(request).rule


def split(**points: int) -> dict[str, Any]:
    return {"split": [{"role": role, "basisPoints": each} for role, each in points.items()]}


def caps(**fen: int) -> dict[str, Any]:
    return {"caps": {name: {"fen": str(each)} for name, each in fen.items()}}


def group(policy: str, priority: int = 0, name: str = "g") -> dict[str, Any]:
    return {"group": {"name": name, "policy": f"COMBINE_POLICY_{policy}", "priority": priority}}


def propose(
    rpc: Rpc, service: Service, fen: int, *, as_: Identity | None = None, **said: Any
) -> budget_pb.BudgetChange:
    stub = BudgetServiceStub(rpc(service, as_=as_ or as_hq("E800", "ops")))
    fields: dict[str, Any] = {"period": MONTH, "onward": True, "reason": "第一季度活动", **said}
    return stub.ProposeBudget(
        budget_pb.ProposeBudgetRequest(request_id=new_id(), amount={"fen": fen}, **fields)  # type: ignore[arg-type]
    ).change


def approve(rpc: Rpc, service: Service, change_id: str, as_: Identity = FINANCE) -> budget_pb.BudgetChange:
    stub = BudgetServiceStub(rpc(service, as_=as_))
    return stub.ApproveBudget(budget_pb.ApproveBudgetRequest(request_id=new_id(), change_id=change_id)).change


def give_budget(rpc: Rpc, service: Service, fen: int, **said: Any) -> None:
    """Proposed, approved by another, and settled."""
    approve(rpc, service, propose(rpc, service, fen, **said).change_id)
    fire_clocks(service)


def budgets(rpc: Rpc, service: Service, **said: Any) -> list[budget_pb.Budget]:
    stub = BudgetServiceStub(rpc(service, as_=FINANCE))
    return list(stub.ListBudgets(budget_pb.ListBudgetsRequest(**said)).budgets)


def seen_deal(rpc: Rpc, service: Service, key: str, as_: Identity | None = None) -> deal_pb.Deal:
    return DealServiceStub(rpc(service, as_=as_ or as_hq())).GetDeal(deal_pb.GetDealRequest(deal_key=key)).deal


def record_split(rpc: Rpc, service: Service, key: str, as_: Identity | None = None, **points: int) -> deal_pb.Deal:
    stub = DealServiceStub(rpc(service, as_=as_ or as_hq("E800", "ops")))
    shares = [deal_pb.DealShare(employee_id=who, basis_points=each) for who, each in points.items()]
    request = deal_pb.RecordDealSplitRequest(request_id=new_id(), deal_key=key, shares=shares, reason="联合签约")
    return stub.RecordDealSplit(request).deal


def states(rpc: Rpc, service: Service) -> dict[tuple[str, str, str], tuple[int, bool]]:
    """Fen of each slip that stands, and whether it is held."""
    gone = {slip_pb.SLIP_STATE_CANCELLED, slip_pb.SLIP_STATE_SETTLED}
    return {
        (each.deal_key, each.rule_id, each.beneficiary_id): (each.amount.fen, each.state == slip_pb.SLIP_STATE_HELD)
        for each in slips(rpc, service)
        if each.state not in gone and not each.original_slip_id
    }


def messages(service: Service, type_: str) -> list[Any]:
    with service.uow.database.connect() as conn:
        return [each.message for each in recorded_events(conn, CATALOG) if each.type == f"incentives.{type_}"]
