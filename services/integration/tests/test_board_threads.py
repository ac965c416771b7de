"""One page for a contract: its whole way from the lead on, as far as somebody knows it (N5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chassis.errors import NotFound
from chassis.identity import Identity
from chassis.testing.identity import Keys, as_rep, as_service
from chassis.testing.rpc import Rpc, channel_to, rpc_server
from closeloop.forecast.v1 import opportunity_service_pb2 as opportunity_pb
from closeloop.forecast.v1 import opportunity_service_pb2_grpc as opportunity_grpc
from closeloop.integration.v1 import three_way_service_pb2 as pb
from closeloop.integration.v1 import three_way_service_pb2_grpc as pb_grpc
from integration.api.three_way import ThreeWayService
from integration.clients.forecast import GrpcOrigins
from integration.connectors.erp_schedules import ErpSchedules
from integration.connectors.erp_service_calls import ErpServiceCalls
from integration.jobs import App
from integration.mapping.three_way import with_origin
from integration.tables import bank_entry
from services.integration.tests.board_desk import YELLOW, board, deliver, enter_one, judged, thread
from services.integration.tests.conftest import World
from services.integration.tests.erp_samples import as_finance, delivery, schedule, service_visit
from services.integration.tests.test_erp_documents import offer
from services.integration.tests.world import instant, receivable

OPPORTUNITY = "01a2052f-4cf6-7733-a1f1-f780d4662b54"


@pytest.mark.spec("N5.1")
def test_one_page_tells_the_whole_way_of_an_order(staffed: World, rpc: Rpc) -> None:
    enter_one(staffed)
    offer(staffed, ErpSchedules, "Schedules", schedule())
    offer(staffed, ErpServiceCalls, "ServiceCalls", service_visit())
    judged(staffed)
    told = thread(staffed, rpc)
    kinds = [
        (pb.ThreadStepKind.Name(each.kind).removeprefix("THREAD_STEP_KIND_"), each.id, each.day) for each in told.steps
    ]
    receipt = staffed.rows(bank_entry)[0].id
    assert kinds == [
        ("CONTRACT", "SO-1", "2026-03-10"), ("SCHEDULE", "P-1", "2026-03-20"), ("DELIVERY", "D-1", "2026-03-08"),
        ("RECEIVABLE", "AR-1", "2026-03-10"), ("RECEIPT", receipt, "2026-03-10"), ("INVOICE", "F-1", "2026-03-09"),
        ("SERVICE_CALL", "W-1", "2026-03-10"),
    ]  # fmt: skip
    assert told.steps[4].link == f"/api/v1/receipts/{receipt}"
    assert list(told.rows) == list(board(staffed, rpc).rows), "the page and the board say the same"
    assert not told.origin_known, "no forecast service is set up here"
    assert thread(staffed, rpc, who=as_rep()).steps == told.steps
    with pytest.raises(NotFound):
        thread(staffed, rpc, who=as_rep("E00002", "/HQ/EAST/HZ2/"))


@pytest.mark.spec("N5.1")
def test_a_contract_that_nobody_entered_has_its_page_too(staffed: World, rpc: Rpc) -> None:
    staffed.owe(receivable(ContractNo="合同/2026 第1号", DueOn="2026-03-10"))

    def page(who: Identity) -> pb.Thread:
        stub = pb_grpc.ThreeWayServiceStub(rpc(staffed.service, as_=who))
        found: pb.Thread = stub.GetContractThread(pb.GetContractThreadRequest(contract_number="合同/2026 第1号")).thread
        return found

    assert [row.colour for row in page(as_finance()).rows] == [YELLOW]
    assert page(as_rep()).steps == page(as_finance()).steps
    with pytest.raises(NotFound) as unseen:
        page(as_rep("E00002", "/HQ/EAST/HZ2/"))
    assert unseen.value.reason == "THREAD_NOT_FOUND"


class Forecast(opportunity_grpc.OpportunityServiceServicer):
    """A neighbour with one opportunity."""

    def ListOpportunities(self, request: Any, context: Any) -> opportunity_pb.ListOpportunitiesResponse:
        found = [opportunity_pb.Opportunity(opportunity_id=OPPORTUNITY)] if request.contract_number == "HT-1" else []
        return opportunity_pb.ListOpportunitiesResponse(opportunities=found)

    def GetOpportunity(self, request: Any, context: Any) -> opportunity_pb.GetOpportunityResponse:
        quote = opportunity_pb.Quote(quote_id="Q-1", amount={"fen": 8}, approval_needed=True)
        quote.created_at.FromDatetime(instant("2026-01-20T17:00:00+00:00"))
        told = opportunity_pb.Opportunity(
            opportunity_id=OPPORTUNITY, name="影像", lead_id="L-1", stage=opportunity_pb.STAGE_WON, amount={"fen": 9},
            created_at=instant("2026-01-05T00:00:00+00:00"),
            quotes=[quote],
        )  # fmt: skip
        return opportunity_pb.GetOpportunityResponse(opportunity=told)


@pytest.fixture
def origins(keys: Keys) -> Iterator[GrpcOrigins]:
    registration = (opportunity_grpc.add_OpportunityServiceServicer_to_server, Forecast())
    with (
        rpc_server([registration], keys, name="forecast") as server,
        channel_to(server, keys, as_service("integration"), deadline=2.0) as channel,
    ):
        yield GrpcOrigins(channel)


@pytest.mark.spec("N5.1")
def test_where_a_contract_came_from_is_asked_of_forecast(origins: GrpcOrigins) -> None:
    known = origins.of_contract("HT-1")
    told = with_origin(pb.Thread(steps=[pb.ThreadStep(id="SO-1")]), known)
    assert [(each.id, each.day, each.state, each.amount.fen) for each in told.steps] == [
        ("L-1", "2026-01-05", "converted", 0), (OPPORTUNITY, "2026-01-05", "won", 9),
        ("Q-1", "2026-01-21", "waiting", 8), ("SO-1", "", "", 0),
    ]  # fmt: skip
    assert told.origin_known
    assert origins.of_contract("HT-2") == []
    unknown = with_origin(pb.Thread(), None)
    assert (list(unknown.steps), unknown.origin_known) == ([], False)


@pytest.mark.spec("N5.1")
def test_a_contract_that_nobody_entered_has_an_origin_and_a_customer_alone_has_none(
    staffed: World, rpc: Rpc, origins: GrpcOrigins
) -> None:
    long = "HT-2" + "0" * 70
    staffed.owe(receivable(ContractNo="HT-1"))
    deliver(staffed, delivery(OrderId="", ContractNo=""), delivery("D-2", OrderId="", ContractNo=long))
    app: App = staffed.service.app
    service = ThreeWayService(staffed.service.uow, lambda: app.three_way()[1], origins)
    served = [(pb_grpc.add_ThreeWayServiceServicer_to_server, service)]
    stub = pb_grpc.ThreeWayServiceStub(rpc(served, as_=as_finance()))

    def page(number: str) -> tuple[bool, list[str]]:
        told = stub.GetContractThread(pb.GetContractThreadRequest(contract_number=number)).thread
        assert told.contract_number == ""
        return told.origin_known, [each.id for each in told.steps]

    assert page("HT-1") == (True, ["L-1", OPPORTUNITY, "Q-1", "AR-1"])
    assert page(long) == (True, ["D-2"]), "forecast knows none by so long a number"
    assert page("customer:C0001") == (False, ["D-1"]), "nothing could be asked"
