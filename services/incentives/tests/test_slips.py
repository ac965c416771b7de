"""From an order event to slips and ledger, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chassis.service import Service
from chassis.testing.events import deliver, recorded_events
from chassis.testing.identity import as_hq, as_rep
from chassis.testing.rpc import Rpc
from closeloop.common.v1.money_pb2 import Money
from closeloop.incentives.v1 import slip_service_pb2 as pb
from closeloop.incentives.v1.slip_service_pb2_grpc import SlipServiceStub
from closeloop.integration.v1.events_pb2 import OrderChanged, OrderFacts, OrderReceived
from incentives.bootstrap import CATALOG


def facts(order_id: str = "SO-1", *, fen: int = 52_000_00, rep: str = "E1", customer: str = "C1", version: int = 1,
          contract: str = "CL-1", signed: datetime = datetime(2026, 3, 10, 1, 40, tzinfo=UTC), technical: bool = True,
          cancelled: bool = False) -> OrderFacts:  # fmt: skip
    made = OrderFacts(
        order_id=order_id,
        version=version,
        contract_number=contract,
        customer_code=customer,
        customer_name="浙大二院",
        salesperson_id=rep,
        amount=Money(fen=fen, currency="CNY"),
        state="cancelled" if cancelled else "active",
        technical_service=technical,
    )
    made.signed_at.FromDatetime(signed)
    return made


def received(made: OrderFacts) -> OrderReceived:
    return OrderReceived(order_id=made.order_id, order=made)


def changed(made: OrderFacts) -> OrderChanged:
    return OrderChanged(order_id=made.order_id, order=made)


def slips(rpc: Rpc, service: Service) -> list[pb.Slip]:
    stub = SlipServiceStub(rpc(service, as_=as_hq()))
    return list(stub.ListSlips(pb.ListSlipsRequest()).slips)


def told(service: Service, *types: str) -> list[str]:
    with service.uow.database.connect() as conn:
        return [event.type for event in recorded_events(conn, CATALOG) if event.type in types]


@pytest.mark.spec("I2.1", "I1.1")
def test_an_order_makes_exactly_one_slip_per_rule_however_often_it_is_told(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, received(facts()), times=2)
    deliver(ruled, received(facts()), changed(facts()))

    found = {slip.rule_id: slip for slip in slips(rpc, ruled)}

    assert {name: slip.amount.fen for name, slip in found.items()} == {
        "ka-first-order": 500_00,
        "newcomer-first-order": 200_00,
    }
    assert len(slips(rpc, ruled)) == 2
    assert told(ruled, "incentives.slip_created") == ["incentives.slip_created"] * 2
    slip = found["ka-first-order"]
    assert (slip.beneficiary_id, slip.beneficiary_name, slip.contract_number) == ("E1", "李娜", "CL-1")
    print(slip.formula, slip.formula_zh, slip.evidence)
    balance = SlipServiceStub(rpc(ruled, as_=as_rep("E1"))).GetBalance(pb.GetBalanceRequest(employee_id="E1"))
    assert (balance.earned.fen, balance.balance.fen) == (700_00, 700_00)
