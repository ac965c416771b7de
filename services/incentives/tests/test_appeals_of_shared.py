"""Whoever shares in an order decides nothing about it (I3.2)."""

from __future__ import annotations

from io import BytesIO

import pytest

from chassis.errors import FailedPrecondition
from chassis.kernel.ids import new_id
from chassis.service import Service
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import appeal_service_pb2 as pb
from closeloop.incentives.v1 import slip_service_pb2 as slip_pb
from closeloop.incentives.v1.slip_service_pb2_grpc import SlipServiceStub

from .terms_world import approve, messages, propose, publish_terms, record_split, split
from .test_appeals import DIRECTOR, FINANCE, HQ, MANAGER, PNG, REJECTED, REP, UPHELD, Desk
from .world import fire_clocks, order, slips

R = "ten-percent"


class SharedDesk(Desk):
    """E1's slip of an order that pays others too."""

    def __init__(self, rpc: Rpc, service: Service) -> None:
        self.rpc, self.service = rpc, service
        self.slip_id = next(each.slip_id for each in slips(rpc, service) if each.beneficiary_id == "E1")
        self.file_id = service.runtime.files.put(BytesIO(PNG), "page.png", 1 << 20).id


def shared_with(rpc: Rpc, service: Service, **points: int) -> SharedDesk:
    publish_terms(rpc, service, R, split(owner=10_000 - sum(points.values()), **points))
    deliver(service, order(fen=1_000_00))
    return SharedDesk(rpc, service)


@pytest.mark.spec("I3.2", "I2.2")
def test_a_manager_who_shares_in_the_order_is_skipped(rpc: Rpc, staffed: Service) -> None:
    desk = shared_with(rpc, staffed, manager=1_000)
    appeal = desk.appeal()
    assert (appeal.level, appeal.decider_id) == (pb.APPEAL_LEVEL_DIRECTOR, "E900")
    assert desk.refused(FailedPrecondition, lambda: desk.decide(MANAGER, REJECTED)).reason == "OWN_PAY"
    assert desk.refused(
        FailedPrecondition, lambda: desk.do(HQ, "AssignAppeal", decider_id="E100", reason="出差")
    ).reason == "NO_SUCH_DECIDER"  # fmt: skip
    assert desk.decide(DIRECTOR, UPHELD).state == "upheld"
    assert desk.do(FINANCE, "AdjustSlip").state == "pending"


@pytest.mark.spec("I3.2", "I2.2")
def test_when_all_leaders_share_headquarters_decides(rpc: Rpc, staffed: Service) -> None:
    desk = shared_with(rpc, staffed, manager=1_000, director=500)
    appeal = desk.appeal()
    assert (appeal.level, appeal.decider_id) == (pb.APPEAL_LEVEL_HEADQUARTERS, "")
    assert desk.refused(FailedPrecondition, lambda: desk.decide(DIRECTOR, REJECTED)).reason == "OWN_PAY"
    paid_hq = as_hq("E900")
    assert desk.refused(FailedPrecondition, lambda: desk.decide(paid_hq, REJECTED)).reason == "OWN_PAY"
    assert desk.decide(HQ, REJECTED).state == "rejected"


@pytest.mark.spec("I3.2", "I2.2")
def test_a_manager_who_gets_a_share_while_the_appeal_lies_with_them_decides_it_no_more(
    rpc: Rpc, staffed: Service
) -> None:
    publish_terms(rpc, staffed, R, {"splitByDeal": True})
    publish_terms(rpc, staffed, "fixed", {}, percent=5)
    deliver(staffed, order(fen=1_000_00))
    desk = SharedDesk(rpc, staffed)
    desk.slip_id = next(each.slip_id for each in slips(rpc, staffed) if each.rule_id == "fixed")
    assert desk.appeal().decider_id == "E100"
    record_split(rpc, staffed, "CL-1", E1=8_000, E100=2_000)
    fire_clocks(staffed)
    assert {each.beneficiary_id for each in slips(rpc, staffed) if each.rule_id == R} == {"E1", "E100"}
    assert desk.refused(FailedPrecondition, lambda: desk.decide(MANAGER, UPHELD)).reason == "OWN_PAY"
    assert desk.do(HQ, "AssignAppeal", decider_id="E900", reason="回避").decider_id == "E900"
    assert desk.decide(DIRECTOR, REJECTED).state == "rejected"


@pytest.mark.spec("I3.2", "I2.2", "I2.5")
def test_nobody_approves_a_budget_that_holds_their_own_slips(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, split(owner=9_000, director=1_000))
    approve(rpc, staffed, propose(rpc, staffed, 0, rule_id=R).change_id)
    deliver(staffed, order(fen=1_000_00))
    assert {each.state for each in slips(rpc, staffed)} == {slip_pb.SLIP_STATE_HELD}
    raised = propose(rpc, staffed, 100_00, rule_id=R)
    with pytest.raises(FailedPrecondition) as refused:
        approve(rpc, staffed, raised.change_id, as_hq("E900"))
    assert refused.value.reason == "BUDGET_PAYS_YOU"
    approve(rpc, staffed, raised.change_id)
    fire_clocks(staffed)
    assert {each.state for each in slips(rpc, staffed)} == {slip_pb.SLIP_STATE_PENDING}
    assert len(messages(staffed, "slip_created")) == 2
    mine = next(each for each in slips(rpc, staffed) if each.beneficiary_id == "E1")
    SlipServiceStub(rpc(staffed, as_=REP)).ConfirmSlip(
        slip_pb.ConfirmSlipRequest(request_id=new_id(), slip_id=mine.slip_id)
    )
