"""People, customers, rules and orders of the tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from google.protobuf.json_format import ParseDict

from chassis.clock import FixedClock
from chassis.deadline_runner import DeadlineRunner
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.service import Service
from chassis.testing.events import recorded_events
from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from closeloop.common.v1.money_pb2 import Money
from closeloop.forecast.v1.events_pb2 import EvidenceAdded, EvidenceWithdrawn
from closeloop.incentives.v1 import rule_service_pb2 as rule_pb
from closeloop.incentives.v1 import slip_service_pb2 as pb
from closeloop.incentives.v1.rule_service_pb2_grpc import RuleServiceStub
from closeloop.incentives.v1.slip_service_pb2_grpc import SlipServiceStub
from closeloop.integration.v1.events_pb2 import EmployeeChanged, OrderChanged, OrderFacts, OrderReceived
from closeloop.leads.v1.events_pb2 import CustomerCreated, CustomerFacts
from incentives.bootstrap import CATALOG

SIGNED = datetime(2026, 3, 10, 1, 40, tzinfo=UTC)
KA, NEWCOMER = "ka-first-order", "newcomer-first-order"
EXAMPLES = Path(__file__).parent.parent / "examples"
PEOPLE = {
    "E1": ("李娜", "/HQ/EAST/HZ1/", "E100", "2026-02-01"),
    "E2": ("张伟", "/HQ/EAST/HZ2/", "E200", "2020-05-06"),
    "E100": ("王经理", "/HQ/EAST/HZ1/", "E900", "2018-01-01"),
    "E900": ("赵总监", "/HQ/EAST/", "", "2015-01-01"),
}
CUSTOMERS = {"C1": ("浙大二院", "KA"), "C2": ("滨江诊所", "B")}


def employee(employee_id: str, *, version: int = 1, hired_on: str = "") -> EmployeeChanged:
    name, unit, manager, hired = PEOPLE[employee_id]
    return EmployeeChanged(
        employee_id=employee_id,
        version=version,
        name=name,
        status="active",
        unit=unit,
        manager_id=manager,
        position="sales_rep",
        hired_on=hired_on or hired,
    )


def customer(code: str, *, version: int = 1, customer_class: str = "") -> CustomerCreated:
    name, held = CUSTOMERS[code]
    facts = CustomerFacts(
        customer_id=f"id-{code}",
        version=version,
        customer_code=code,
        name=name,
        customer_class=customer_class or held,
        industry="医疗",
    )
    return CustomerCreated(customer=facts, customer_id=facts.customer_id)


def example_rule(name: str) -> rule_pb.DraftRuleRequest:
    """A shipped rule as the demo posts it."""
    body = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return ParseDict({**body, "requestId": new_id()}, rule_pb.DraftRuleRequest())


def publish(rpc: Rpc, service: Service, name: str, starts: str = "2026-02-28T16:00:00Z") -> rule_pb.RuleVersion:
    stub = RuleServiceStub(rpc(service, as_=as_hq()))
    draft = stub.DraftRule(example_rule(name)).rule
    request = rule_pb.PublishRuleRequest(request_id=new_id(), rule_id=draft.rule_id, version=draft.version)
    request.effective_from.FromJsonString(starts)
    return stub.PublishRule(request).rule


def order(
    order_id: str = "SO-1",
    *,
    version: int = 1,
    fen: int = 52_000_00,
    rep: str = "E1",
    customer: str = "C1",
    contract: str = "CL-1",
    signed: datetime = SIGNED,
    technical: bool = True,
    cancelled: datetime | None = None,
) -> OrderReceived | OrderChanged:
    """The ERP's order: received as version 1, changed later. KA customer and newcomer unless said otherwise."""
    made = OrderFacts(
        order_id=order_id,
        version=version,
        contract_number=contract,
        customer_code=customer,
        customer_name=CUSTOMERS[customer][0] if customer in CUSTOMERS else "",
        salesperson_id=rep,
        amount=Money(fen=fen, currency="CNY"),
        state="cancelled" if cancelled else "active",
        technical_service=technical,
    )
    made.signed_at.FromDatetime(signed)
    if cancelled:
        made.cancelled_at.FromDatetime(cancelled)
    return (OrderReceived if version == 1 else OrderChanged)(order_id=order_id, order=made)


def evidence(contract: str = "CL-1", *, level: int = 5, fen: int = 52_000_00, customer: str = "C1") -> EvidenceAdded:
    made = EvidenceAdded(
        opportunity_id="01a20316-080d-70dc-8f00-a55c6b9c0ee0",
        evidence_id="EV-1",
        level=level,
        owner_id="E1",
        customer_id=f"id-{customer}",
        customer_name=CUSTOMERS[customer][0],
        contract_number=contract,
        amount=Money(fen=fen, currency="CNY"),
    )
    made.signed_at.FromDatetime(SIGNED)
    return made


def withdrawal(evidence_id: str = "EV-1", *, level: int = 5) -> EvidenceWithdrawn:
    return EvidenceWithdrawn(
        opportunity_id="01a20316-080d-70dc-8f00-a55c6b9c0ee0", evidence_id=evidence_id, level=level, reason="doubted"
    )


def slips(rpc: Rpc, service: Service, as_: Identity | None = None) -> list[pb.Slip]:
    stub = SlipServiceStub(rpc(service, as_=as_ or as_hq()))
    return list(stub.ListSlips(pb.ListSlipsRequest(page={"size": 200})).slips)  # type: ignore[arg-type]


OPEN = {pb.SLIP_STATE_PENDING, pb.SLIP_STATE_CONFIRMED}


def standing(rpc: Rpc, service: Service) -> set[tuple[str, str, str, int]]:
    """Deal, rule, beneficiary and fen of the slips that stand."""
    return {
        (each.deal_key, each.rule_id, each.beneficiary_id, each.amount.fen)
        for each in slips(rpc, service)
        if each.state in OPEN
    }


def earned(rpc: Rpc, service: Service, employee_id: str = "E1", at: datetime | None = None) -> int:
    request = pb.GetBalanceRequest(employee_id=employee_id)
    if at:
        request.at.FromDatetime(at)
    return SlipServiceStub(rpc(service, as_=as_hq())).GetBalance(request).earned.fen


def waiting(rpc: Rpc, service: Service) -> dict[str, list[str]]:
    stub = SlipServiceStub(rpc(service, as_=as_hq()))
    found = stub.ListWaitingDeals(pb.ListWaitingDealsRequest()).deals
    return {each.deal_key: [reason.code for reason in each.reasons] for each in found}


def told(service: Service, *types: str) -> list[str]:
    """Events of these types that left, oldest first."""
    with service.uow.database.connect() as conn:
        return [event.type for event in recorded_events(conn, CATALOG) if event.type in types]


def fire_clocks(service: Service, later: timedelta = timedelta(0)) -> None:
    """Everything that is due now, through the real runner."""
    clock = service.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.advance(later)
    runner = DeadlineRunner(service.uow, service.deadlines)
    while runner.turn():
        pass
