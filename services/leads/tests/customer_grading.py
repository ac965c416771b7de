"""The doors of customer grades, as tests knock at them."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.kernel.ids import new_id
from chassis.testing.identity import as_hq, as_manager, as_service
from closeloop.common.v1.money_pb2 import Money
from closeloop.leads.v1 import customer_grade_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1.customer_grade_service_pb2_grpc import CustomerGradeServiceStub
from leads.customer_grades import store
from leads.customer_grades.regrade_customers import regrade_due
from leads.lead.rules import Grade
from leads.policies import CUSTOMER_GRADES

from .company import UNIT, Company
from .test_from_outside import customer

A, B, C = lead_pb2.GRADE_A, lead_pb2.GRADE_B, lead_pb2.GRADE_C
BIG = Money(fen=200_000_000, currency="CNY")


def door(company: Company, as_: Any = None) -> CustomerGradeServiceStub:
    return CustomerGradeServiceStub(company.rpc(company.service, as_=as_ or as_hq()))


def grade(company: Company, customer_id: str, as_: Any = None) -> pb.CustomerGrade:
    return door(company, as_).GetCustomerGrade(pb.GetCustomerGradeRequest(customer_id=customer_id)).grade


def changes(company: Company, customer_id: str) -> list[pb.CustomerGradeChange]:
    request = pb.ListCustomerGradeChangesRequest(customer_id=customer_id)
    return list(door(company).ListCustomerGradeChanges(request).changes)


def regraded(company: Company) -> int:
    """How many were."""
    return regrade_due(company.service.uow, CUSTOMER_GRADES)


def mark(company: Company, customer_id: str) -> None:
    with company.service.uow.begin(as_service("leads")) as tx:
        store.mark(tx, [customer_id])
        tx.commit()


def override(company: Company, customer_id: str, as_: Any = None, **more: Any) -> pb.CustomerGrade:
    values = {"request_id": new_id(), "grade": A, "reason": "重点培育"} | more
    request = pb.OverrideCustomerGradeRequest(customer_id=customer_id, **values)
    return door(company, as_ or as_manager("M1", UNIT)).OverrideCustomerGrade(request).grade


def told(company: Company) -> list[Any]:
    return [each.message for each in company.events("customers.graded")]


def parts(found: pb.CustomerGrade) -> dict[str, float | None]:
    return {each.name: each.value if each.HasField("value") else None for each in found.parts}


@pytest.fixture
def known(company: Company) -> str:
    """A customer of rep E1, known to the ERP, a C so far."""
    company.hire("E1")
    return customer(company, customer_code="C-1", owner_id="E1", unit=UNIT, grade=Grade.C)
