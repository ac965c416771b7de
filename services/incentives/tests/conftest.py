from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.protobuf.json_format import ParseDict

from chassis.clock import FixedClock
from chassis.config import Mode
from chassis.database import Database
from chassis.kernel.ids import new_id
from chassis.service import Runtime, Service
from chassis.testing.events import deliver
from chassis.testing.identity import Keys, as_hq
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import rule_service_pb2 as rule_pb
from closeloop.incentives.v1.rule_service_pb2_grpc import RuleServiceStub
from closeloop.integration.v1.events_pb2 import EmployeeChanged
from closeloop.leads.v1.events_pb2 import CustomerCreated, CustomerFacts
from incentives.bootstrap import CATALOG, SPECS, wire
from incentives.evaluation.evaluator import Evaluator
from incentives.settings import IncentivesSettings

EXAMPLES = Path(__file__).parent.parent / "examples"
PEOPLE = {
    "E1": ("李娜", "/HQ/EAST/HZ1/", "E100", "2026-02-01"),
    "E2": ("张伟", "/HQ/EAST/HZ2/", "E200", "2020-05-06"),
    "E100": ("王经理", "/HQ/EAST/HZ1/", "E900", "2018-01-01"),
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


@pytest.fixture
def service(service_database: Callable[[str], Database], clock: FixedClock, keys: Keys) -> Iterator[Service]:
    """Incentives on its own fresh database, without people, customers and rules."""
    settings = IncentivesSettings(mode=Mode.LOCAL)
    runtime = Runtime(
        "incentives",
        settings,
        CATALOG,
        SPECS,
        clock=clock,
        database=service_database("incentives"),
        keyring=keys.of("incentives"),
    )
    yield wire(runtime, settings)
    runtime.close()


@pytest.fixture
def staffed(service: Service) -> Service:
    deliver(service, *(employee(each) for each in PEOPLE), *(customer(each) for each in CUSTOMERS))
    return service


@pytest.fixture
def ruled(rpc: Rpc, staffed: Service) -> Service:
    """With both shipped rules, in force since the first of March."""
    publish(rpc, staffed, "ka-first-order")
    publish(rpc, staffed, "newcomer-first-order")
    return staffed


@pytest.fixture(scope="session")
def evaluator() -> Iterator[Evaluator]:
    made = Evaluator(seconds=0.08, memory_mb=512)
    yield made
    made.close()
