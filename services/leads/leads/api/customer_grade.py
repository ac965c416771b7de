"""Grades of customers, a person's word on them, and the policy they follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from google.protobuf import json_format
from sqlalchemy import Row

from chassis import policy_versions
from chassis.policy import Policies, PolicySpec
from chassis.policy_versions import PolicyVersion
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.leads.v1 import customer_grade_service_pb2 as pb
from closeloop.leads.v1 import customer_grade_service_pb2_grpc as pb_grpc
from closeloop.leads.v1 import lead_pb2, policy_service_pb2
from leads.customer_grades.mark_customers import mark_all
from leads.customer_grades.override_grade import override_grade, withdraw_override
from leads.customer_grades.policy import CustomerGradePolicy
from leads.customer_grades.read_grade import list_changes, read_grade, why_none
from leads.customer_grades.standing_rules import LABELS, Override, Standing
from leads.customer_grades.store import parts_of
from leads.lead.rules import Grade
from leads.mapping import common as mapping


class CustomerGradeService(Servicer, pb_grpc.CustomerGradeServiceServicer):
    def __init__(self, uow: UnitOfWork, policies: Policies, spec: PolicySpec[CustomerGradePolicy]) -> None:
        super().__init__(uow)
        self._policies = policies
        self._spec = spec

    def GetCustomerGrade(self, request: pb.GetCustomerGradeRequest, context: Any) -> pb.GetCustomerGradeResponse:
        return self.read(request, lambda tx: pb.GetCustomerGradeResponse(grade=_read(tx, request.customer_id)))

    def ListCustomerGradeChanges(
        self, request: pb.ListCustomerGradeChangesRequest, context: Any
    ) -> pb.ListCustomerGradeChangesResponse:
        def answer(tx: Transaction) -> pb.ListCustomerGradeChangesResponse:
            rows, token = list_changes(tx, request.customer_id, Page.of(request.page))
            return pb.ListCustomerGradeChangesResponse(changes=map(_change, rows), page=mapping.page(token))

        return self.read(request, answer)

    def OverrideCustomerGrade(
        self, request: pb.OverrideCustomerGradeRequest, context: Any
    ) -> pb.OverrideCustomerGradeResponse:
        policy = self._policies.current(self._spec)[1]
        until = request.until.ToDatetime(UTC) if request.HasField("until") else None

        def answer(tx: Transaction) -> pb.OverrideCustomerGradeResponse:
            grade = mapping.grade(request.grade)
            override_grade(tx, request.customer_id, grade, request.reason, until, policy)
            return pb.OverrideCustomerGradeResponse(grade=_read(tx, request.customer_id))

        return self.change(request, answer)

    def WithdrawGradeOverride(
        self, request: pb.WithdrawGradeOverrideRequest, context: Any
    ) -> pb.WithdrawGradeOverrideResponse:
        def answer(tx: Transaction) -> pb.WithdrawGradeOverrideResponse:
            withdraw_override(tx, request.customer_id, request.reason)
            return pb.WithdrawGradeOverrideResponse(grade=_read(tx, request.customer_id))

        return self.change(request, answer)

    def RegradeCustomers(self, request: pb.RegradeCustomersRequest, context: Any) -> pb.RegradeCustomersResponse:
        return self.change(request, lambda tx: pb.RegradeCustomersResponse(customers=mark_all(tx, request.reason)))

    def DraftCustomerGradePolicy(
        self, request: pb.DraftCustomerGradePolicyRequest, context: Any
    ) -> pb.DraftCustomerGradePolicyResponse:
        body = json_format.MessageToDict(request.body)

        def answer(tx: Transaction) -> pb.DraftCustomerGradePolicyResponse:
            drafted = policy_versions.draft(tx, self._spec, body, request.reason)
            return pb.DraftCustomerGradePolicyResponse(policy=_policy(drafted))

        return self.change(request, answer)

    def PublishCustomerGradePolicy(
        self, request: pb.PublishCustomerGradePolicyRequest, context: Any
    ) -> pb.PublishCustomerGradePolicyResponse:
        def answer(tx: Transaction) -> pb.PublishCustomerGradePolicyResponse:
            published = policy_versions.publish(tx, self._spec, request.version)
            mark_all(tx, f"policy version {published.version}")
            return pb.PublishCustomerGradePolicyResponse(policy=_policy(published))

        return self.change(request, answer)


def _read(tx: Transaction, customer_id: str) -> pb.CustomerGrade:
    standing = read_grade(tx, customer_id)
    verdict, why = standing.verdict, why_none(standing)
    return pb.CustomerGrade(
        customer_id=standing.customer_id,
        grade=mapping.grade_shown(standing.grade),
        computed=mapping.grade_shown(standing.computed),
        declared=mapping.grade_shown(standing.declared),
        score=verdict.score if verdict else None,
        known=verdict.known if verdict else 0.0,
        parts=_parts(parts_of(standing)),
        policy_version=standing.policy_version,
        computed_at=mapping.instant(standing.computed_at),
        override=_override(standing),
        why=why[0],
        why_zh=why[1],
    )


def _override(standing: Standing) -> pb.GradeOverride | None:
    own: Override | None = standing.override
    if own is None:
        return None
    return pb.GradeOverride(
        grade=mapping.grade_shown(own.grade),
        reason=own.reason,
        by=own.by,
        at=mapping.instant(own.at),
        until=mapping.instant(own.until),
    )


def _change(row: Row[Any]) -> pb.CustomerGradeChange:
    return pb.CustomerGradeChange(
        at=mapping.instant(row.at),
        kind=row.kind,
        before=_letter(row.before),
        after=_letter(row.after),
        computed_before=_letter(row.computed_before),
        computed_after=_letter(row.computed_after),
        parts_before=_parts(row.parts_before),
        parts_after=_parts(row.parts_after),
        text=row.text,
        text_zh=row.text_zh,
        actor=row.actor,
        policy_version=row.policy_version,
    )


def _parts(kept: Iterable[Mapping[str, Any]] | None) -> Iterable[pb.CustomerGradePart]:
    for each in kept or ():
        yield pb.CustomerGradePart(label=LABELS[each["name"]][0], label_zh=LABELS[each["name"]][1], **each)


def _letter(letter: str) -> lead_pb2.Grade.ValueType:
    return mapping.grade_shown(Grade(letter) if letter else None)


def _policy(version: PolicyVersion) -> policy_service_pb2.Policy:
    message = policy_service_pb2.Policy(
        name=version.name,
        version=version.version,
        state=policy_service_pb2.PolicyState.Value(f"POLICY_STATE_{version.state.upper()}"),
        author=version.author,
        publisher=version.publisher,
        reason=version.reason,
        drafted_at=mapping.instant(version.drafted_at),
        effective_from=mapping.instant(version.effective_at),
    )
    json_format.ParseDict(dict(version.body), message.body)
    return message
