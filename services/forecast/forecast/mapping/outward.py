"""What the features speak → contract messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.kernel.money import Money
from chassis.kernel.provenance import Provenance
from closeloop.common.v1.money_pb2 import Money as MoneyMessage
from closeloop.common.v1.provenance_pb2 import Provenance as ProvenanceMessage
from closeloop.forecast.v1 import evidence_service_pb2 as evidence_pb
from closeloop.forecast.v1 import opportunity_service_pb2 as opportunity_pb
from closeloop.forecast.v1 import submission_service_pb2 as submission_pb
from forecast.credibility.rules import Deal, Worth, formula
from forecast.credibility.weigh_person import Record
from forecast.policy import ITEMS
from forecast.rollup.rules import Line


def money(amount: Money) -> MoneyMessage:
    return MoneyMessage(fen=amount.fen, currency=amount.currency)


def stage(word: str) -> opportunity_pb.Stage.ValueType:
    return opportunity_pb.Stage.Value("STAGE_" + word.upper())


def missing(items: Sequence[str]) -> list[opportunity_pb.MissingItem]:
    return [opportunity_pb.MissingItem(item=item, text=ITEMS[item][0], text_zh=ITEMS[item][1]) for item in items]


def quote(row: Row[Any]) -> opportunity_pb.Quote:
    message = opportunity_pb.Quote(
        quote_id=row.quote_id,
        opportunity_id=row.opportunity_id,
        amount=money(Money(row.amount_fen)),
        author_id=row.author_id,
        approval_needed=row.approval_needed,
        approved_by=row.approved_by,
    )
    message.created_at.FromDatetime(row.created_at)
    if row.approved_at is not None:
        message.approved_at.FromDatetime(row.approved_at)
    return message


def opportunity(
    row: Row[Any], quotes: Sequence[Row[Any]] = (), still_missing: Sequence[str] = ()
) -> opportunity_pb.Opportunity:
    message = opportunity_pb.Opportunity(
        opportunity_id=row.opportunity_id,
        name=row.name,
        stage=stage(row.stage),
        lead_id=row.lead_id,
        customer_id=row.whole_customer_id,
        customer_name=row.whole_customer_name,
        owner_id=row.owner_id,
        unit=row.unit,
        amount=money(Money(row.amount_fen)),
        expected_close=row.expected_close.isoformat(),
        contract_number=row.contract_number,
        evidence_level=row.evidence_level,
        submitted=None if row.submitted is None else float(row.submitted),
        adjusted=None if row.adjusted is None else float(row.adjusted),
        collected=money(Money(int(row.collected_fen))),
        missing=missing(still_missing),
        quotes=[quote(each) for each in quotes],
        erp_order_id=row.erp_order_id or "",
        etag=str(row.version),
    )
    message.created_at.FromDatetime(row.created_at)
    message.stage_since.FromDatetime(row.stage_since)
    return message


def step(row: Row[Any]) -> opportunity_pb.StageStep:
    message = opportunity_pb.StageStep(to=stage(row.after), actor=row.actor, passed=row.passed)
    # `from` is a word of Python.
    setattr(message, "from", stage(row.before))
    message.at.FromDatetime(row.at)
    message.missing.extend(missing(row.missing))
    return message


def owner_step(row: Row[Any]) -> opportunity_pb.OwnerStep:
    message = opportunity_pb.OwnerStep(
        before=row.before,
        before_unit=row.before_unit,
        after=row.after,
        after_unit=row.after_unit,
        handover_id=row.handover_id,
    )
    message.at.FromDatetime(row.at)
    return message


def evidence(row: Row[Any]) -> evidence_pb.Evidence:
    message = evidence_pb.Evidence(
        evidence_id=row.evidence_id,
        opportunity_id=row.opportunity_id,
        level=row.level,
        file_id=row.file_id,
        note=row.note,
        added_by=row.added_by,
        state=row.state,
        reason=row.reason,
        contract_number=row.contract_number,
    )
    message.added_at.FromDatetime(row.added_at)
    if row.signed_at is not None:
        message.signed_at.FromDatetime(row.signed_at)
    return message


def submission(row: Row[Any]) -> submission_pb.Submission:
    en, zh = formula(row.submitted, row.accuracy, row.evidence_level, Worth(row.adjusted, row.cap))
    amount = Money(row.amount_fen)
    message = submission_pb.Submission(
        submission_id=row.submission_id,
        opportunity_id=row.opportunity_id,
        rep_id=row.rep_id,
        submitted=float(row.submitted),
        accuracy=float(row.accuracy),
        accuracy_n=row.accuracy_n,
        accuracy_won=row.accuracy_won,
        cap=float(row.cap),
        evidence_level=row.evidence_level,
        adjusted=float(row.adjusted),
        calibrated=float(row.calibrated),
        formula=en,
        formula_zh=zh,
        amount=money(amount),
        weighted=money(amount.times(row.adjusted)),
        policy_version=row.policy_version,
    )
    message.at.FromDatetime(row.at)
    return message


def credibility(record: Record) -> submission_pb.GetCredibilityResponse:
    return submission_pb.GetCredibilityResponse(
        accuracy=float(record.accuracy.rate),
        n=record.accuracy.n,
        won=record.accuracy.won,
        smoothed=record.accuracy.smoothed,
        team_rate=float(record.accuracy.team_rate),
        deals=[_deal(each) for each in record.counted],
    )


def _deal(deal: Deal) -> submission_pb.CredibilityDeal:
    message = submission_pb.CredibilityDeal(
        deal_id=deal.deal_id,
        name=deal.name,
        last_claim=float(deal.last_claim or 0),
        won=deal.won,
        overdue=deal.overdue,
    )
    message.closed_at.FromDatetime(deal.ended_at)
    return message


def line(each: Line) -> submission_pb.RollUpLine:
    return submission_pb.RollUpLine(
        level=each.level,
        subject=each.subject,
        name=each.name,
        deals=each.deals,
        pipeline=money(each.pipeline),
        submitted=money(each.submitted),
        adjusted=money(each.adjusted),
        won=money(each.won),
        collected=money(each.collected),
    )


def provenance(each: Provenance) -> ProvenanceMessage:
    message = ProvenanceMessage(definition=each.definition, provisional=each.provisional, note=each.note)
    if each.complete_until is not None:
        message.complete_until.FromDatetime(each.complete_until)
    return message
