"""Contract messages → what the features speak."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.events import Incoming
from chassis.kernel.money import Money
from closeloop.common.v1.money_pb2 import Money as MoneyMessage
from closeloop.forecast.v1 import evidence_service_pb2 as evidence_pb
from closeloop.forecast.v1 import opportunity_service_pb2 as opportunity_pb
from closeloop.forecast.v1 import submission_service_pb2 as submission_pb
from closeloop.integration.v1.events_pb2 import EmployeeChanged
from closeloop.leads.v1.events_pb2 import CustomerMerged, CustomerUnmerged, LeadConverted
from forecast.evidence.add_evidence import Proof
from forecast.opportunities.open_opportunity import Converted
from forecast.opportunities.rules import Stage, read_day
from forecast.roster.rules import EmployeeFacts
from forecast.submissions.rules import exact
from forecast.submissions.submit_forecast import Claim


def instant(message: Timestamp) -> datetime:
    return message.ToDatetime(tzinfo=UTC)


def money(message: MoneyMessage) -> Money:
    return Money(message.fen, message.currency or "CNY")


def stage(number: opportunity_pb.Stage.ValueType) -> Stage:
    """STAGE_NEED_CONFIRMED → need_confirmed"""
    return Stage(opportunity_pb.Stage.Name(number).removeprefix("STAGE_").lower())


def employee(event: EmployeeChanged) -> EmployeeFacts:
    return EmployeeFacts(event.employee_id, event.version, event.name, event.unit, event.unit_name, event.region_name)


def merged_customer(event: CustomerMerged | CustomerUnmerged) -> dict[str, Any]:
    into, since = (event.kept_id, instant(event.merged_at)) if isinstance(event, CustomerMerged) else (None, None)
    return {
        "customer_id": event.merged_id,
        "merged_into": into,
        "merged_at": since,
        "merge_version": event.version,
    }


def owner_change(event: Incoming) -> dict[str, Any]:
    names = ("customer_id", "version", "before", "after", "unit", "handover_id")
    return {name: getattr(event.message, name) for name in names} | {"event_id": event.id, "at": event.time}


def converted(event: LeadConverted) -> Converted:
    return Converted(
        lead_id=event.lead_id,
        opportunity_id=event.opportunity_id,
        name=event.opportunity_name,
        customer_id=event.customer_id,
        customer_code=event.customer_code,
        customer_name=event.customer_name,
        owner_id=event.owner_id,
        unit=event.unit,
        amount=money(event.expected_amount),
        expected_close=event.expected_close,
        contract_number=event.contract_number,
        converted_at=instant(event.converted_at),
    )


def proof(request: evidence_pb.AddEvidenceRequest) -> Proof:
    return Proof(
        level=request.level,
        file_id=request.file_id,
        note=request.note,
        contract_number=request.contract_number,
        signed_at=instant(request.signed_at) if request.HasField("signed_at") else None,
        contract_amount=money(request.contract_amount) if request.HasField("contract_amount") else None,
    )


def claim(request: submission_pb.SubmitForecastRequest) -> Claim:
    return Claim(
        probability=exact(request.probability),
        amount=money(request.amount) if request.HasField("amount") else None,
        expected_close=read_day(request.expected_close, "expected_close") if request.expected_close else None,
        note=request.note,
    )


def past_deal(deal: opportunity_pb.PastDeal, at: int) -> dict[str, Any]:
    return {
        "external_id": deal.external_id,
        "owner_id": deal.owner_id,
        "customer_code": deal.customer_code,
        "name": deal.name,
        "amount_fen": deal.amount.fen,
        "won": deal.won,
        "closed_at": instant(deal.closed_at),
        "last_claim": exact(deal.last_claim) if deal.HasField("last_claim") else None,
        "expected_close": read_day(deal.expected_close, f"deals[{at}].expected_close") if deal.expected_close else None,
        "contract_number": deal.contract_number,
    }
