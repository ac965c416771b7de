"""Strategy hints: won leads alike, and the steps before them."""

from __future__ import annotations

from typing import Any

from chassis.policy import Policies
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import UnitOfWork
from closeloop.leads.v1 import hint_service_pb2 as pb
from closeloop.leads.v1 import hint_service_pb2_grpc as pb_grpc
from leads.hints.find_hints import Alike, Hints, hints_for_customer, hints_for_lead
from leads.hints.policy import HintPolicy
from leads.hints.sequence_rules import Path
from leads.mapping import common as mapping
from leads.scoring.field_rules import in_words

_LABELS = {
    "call": ("call", "电话沟通"),
    "message": ("message", "发送消息"),
    "visit": ("visit or meeting", "拜访或会议"),
    "reply": ("customer's reply", "客户回复"),
}


class HintService(Servicer, pb_grpc.HintServiceServicer):
    def __init__(self, uow: UnitOfWork, policies: Policies) -> None:
        super().__init__(uow)
        self._policies = policies

    def GetLeadHints(self, request: pb.GetLeadHintsRequest, context: Any) -> pb.GetLeadHintsResponse:
        return self.read(
            request,
            lambda tx: pb.GetLeadHintsResponse(hints=_hints(hints_for_lead(tx, request.lead_id, self._policy()))),
        )

    def GetCustomerHints(self, request: pb.GetCustomerHintsRequest, context: Any) -> pb.GetCustomerHintsResponse:
        return self.read(
            request,
            lambda tx: pb.GetCustomerHintsResponse(
                hints=_hints(hints_for_customer(tx, request.customer_id, self._policy()))
            ),
        )

    def _policy(self) -> HintPolicy:
        policy: HintPolicy = self._policies.current("hints")[1]
        return policy


def _hints(found: Hints) -> pb.Hints:
    return pb.Hints(
        won=found.won,
        lost=found.lost,
        similar=map(_similar, found.alike),
        paths=[_path(each, found) for each in found.paths],
        next_steps=map(_step, found.next),
        why=found.why[0],
        why_zh=found.why[1],
    )


def _similar(each: Alike) -> pb.SimilarLead:
    known = each.closed.profile
    budget, budget_zh = in_words("budget", known.size) if known.size else ("", "")
    return pb.SimilarLead(
        company_name=each.name,
        likeness=each.likeness,
        industry=known.industry,
        province=known.region,
        budget=budget,
        budget_zh=budget_zh,
        # What a customer of another team wants is as much theirs as its name.
        need=known.need if each.name else "",
        closed_at=mapping.instant(each.closed.closed_at),
    )


def _path(each: Path, found: Hints) -> pb.WinningPath:
    return pb.WinningPath(
        steps=map(_step, each.steps),
        won=each.won,
        of_won=found.walked_won,
        lost=each.lost,
        of_lost=found.walked_lost,
    )


def _step(kind: str) -> pb.HintStep:
    label, label_zh = _LABELS[kind]
    return pb.HintStep(kind=kind, label=label, label_zh=label_zh)
