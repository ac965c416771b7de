"""Forecast's opportunities, by gRPC, as the caller may see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import DeadlineExceeded, ResourceExhausted, Unavailable
from chassis.kernel.calendar import local_date
from chassis.telemetry import logger
from closeloop.common.v1.page_pb2 import PageRequest
from closeloop.forecast.v1 import opportunity_service_pb2 as pb
from closeloop.forecast.v1 import opportunity_service_pb2_grpc as pb_grpc
from integration.board.origin_rules import Origin, Quoted

# A contract has one opportunity, seldom a second.
MOST = 5
# Forecast takes no longer contract number, so that no opportunity of it names one.
LONGEST = 60
log = logger()


class GrpcOrigins:
    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = pb_grpc.OpportunityServiceStub(channel)

    def of_contract(self, contract_number: str) -> Sequence[Origin] | None:
        """None while forecast is away: the page is shown without its beginning rather than not at all."""
        if len(contract_number) > LONGEST:
            return ()
        asked = pb.ListOpportunitiesRequest(contract_number=contract_number, page=PageRequest(size=MOST))
        try:
            found = [each.opportunity_id for each in self._stub.ListOpportunities(asked).opportunities]
            return [_origin(self._whole(each)) for each in found]
        except (Unavailable, DeadlineExceeded, ResourceExhausted) as failure:
            log.warning("board.origin_unknown", contract=contract_number, error=failure.reason)
            return None

    def _whole(self, opportunity_id: str) -> pb.Opportunity:
        """With its quotes."""
        return self._stub.GetOpportunity(pb.GetOpportunityRequest(opportunity_id=opportunity_id)).opportunity


class NoOrigins:
    """Where no forecast service is set up."""

    def of_contract(self, contract_number: str) -> Sequence[Origin] | None:
        return None


def _origin(told: pb.Opportunity) -> Origin:
    return Origin(
        opportunity_id=told.opportunity_id,
        name=told.name,
        stage=pb.Stage.Name(told.stage).removeprefix("STAGE_").lower(),
        fen=told.amount.fen,
        day=_day(told.created_at),
        lead_id=told.lead_id,
        quotes=tuple(_quote(each) for each in told.quotes),
    )


def _quote(told: pb.Quote) -> Quoted:
    approved = bool(told.approved_by) or not told.approval_needed
    return Quoted(told.quote_id, told.amount.fen, _day(told.created_at), approved)


def _day(at: Timestamp) -> date:
    return local_date(at.ToDatetime(UTC))
