"""A salesperson goes, and the account with them: what they did and knew of customers stays, and stays readable."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_director, as_hq, as_manager, as_rep, as_service
from closeloop.activity.v1.events_pb2 import FollowUpRecorded
from closeloop.integration.v1.events_pb2 import RegistryFieldChange
from closeloop.leads.v1 import churn_service_pb2 as churn_pb
from closeloop.leads.v1 import customer_dynamics_service_pb2 as dynamics_pb
from closeloop.leads.v1 import customer_file_service_pb2 as file_pb
from closeloop.leads.v1 import customer_grade_service_pb2 as grade_pb
from closeloop.leads.v1 import customer_service_pb2 as customer_pb
from closeloop.leads.v1 import lead_service_pb2 as lead_pb
from closeloop.leads.v1.churn_service_pb2_grpc import ChurnServiceStub
from closeloop.leads.v1.customer_dynamics_service_pb2_grpc import CustomerDynamicsServiceStub
from closeloop.leads.v1.customer_file_service_pb2_grpc import CustomerFileServiceStub
from closeloop.leads.v1.customer_grade_service_pb2_grpc import CustomerGradeServiceStub
from leads import tables
from leads.lead.rules import Grade

from .company import UNIT, Company, stamp
from .customer_grading import BIG, override, regraded
from .handing_over import leave, wait_for_the_move
from .test_from_outside import AT, changed, customer
from .test_purchases import order

# Work that ends when it is done: who is looked for, marked or indexed again is no history.
_WORK = {"customer_grade_due", "lead_words", "lead_form", "lead_name", "lead_suggestion", "load_told", "wait_told"}


@pytest.fixture
def told(company: Company) -> tuple[str, str]:
    """E1's customer and lead, with touches, a visit, orders, a grade of its own and what the register says."""
    company.hire("E1", "E2")
    lead_id = company.capture_a("杭州第一医院", need="超声探头").lead_id
    known = customer(company, customer_code="C-1", owner_id="E1", unit=UNIT, grade=Grade.C)
    with company.service.uow.begin(as_service("leads")) as tx:
        tx.execute(update(tables.lead).where(tables.lead.c.lead_id == lead_id).values(customer_id=known))
        tx.commit()
    company.capture("杭州第一医院", need="再次咨询")
    deliver(
        company.service,
        order(amount=BIG), order("SO-2", at=AT - timedelta(days=45)),
        FollowUpRecorded(
            follow_up_id=new_id(), lead_id=lead_id, customer_id=known, author_id="E1", channel="visit",
            direction="outbound", outcome="connected", need="院长关心交期", occurred_at=stamp(AT)),
        changed(known, 1, RegistryFieldChange(field="legal_person", before="张三", after="李四")),
    )  # fmt: skip
    regraded(company)
    override(company, known, reason="E1 力荐")
    return known, lead_id


def readable(company: Company, known: str, lead_id: str, as_: Any) -> dict[str, Any]:
    """Everything that the customer's doors tell."""
    channel = company.rpc(company.service, as_=as_)
    file, grades = CustomerFileServiceStub(channel), CustomerGradeServiceStub(channel)
    dynamics, churn = CustomerDynamicsServiceStub(channel), ChurnServiceStub(channel)
    of = {"customer_id": known}
    return {
        "name": company.customers(as_).GetCustomer(customer_pb.GetCustomerRequest(**of)).customer.name,
        "purchases": list(file.ListPurchases(file_pb.ListPurchasesRequest(**of)).purchases),
        "interactions": list(file.ListInteractions(file_pb.ListInteractionsRequest(**of)).interactions),
        "grade": grades.GetCustomerGrade(grade_pb.GetCustomerGradeRequest(**of)).grade,
        "changes": list(grades.ListCustomerGradeChanges(grade_pb.ListCustomerGradeChangesRequest(**of)).changes),
        "dynamics": list(dynamics.ListCustomerDynamics(dynamics_pb.ListCustomerDynamicsRequest(**of)).dynamics),
        "lead": company.get(lead_id, as_hq()).need,
        "bought": [each.last_bought_on for each in churn.ListChurnRows(
            churn_pb.ListChurnRowsRequest(days=30, what="buyers")).rows],
    }  # fmt: skip


def keys(company: Company) -> dict[str, set[tuple[Any, ...]]]:
    """The keys of every row of the service's own tables."""
    with company.service.uow.read(as_service("leads")) as tx:
        return {
            table.name: {tuple(row) for row in tx.execute(select(*table.primary_key))}
            for table in tables.metadata.sorted_tables
            if table.name not in _WORK
        }


def rows(company: Company) -> int:
    """Rows of purchases, contacts and grades' changes that name the employee."""
    bought, met, graded = tables.purchase.c, tables.interaction.c, tables.customer_grade_change.c
    with company.service.uow.read(as_service("leads")) as tx:
        counted = (
            select(func.count()).where(column == value)
            for column, value in ((bought.salesperson_id, "E1"), (met.by, "E1"), (graded.text_zh, graded.text_zh))
        )
        return sum(tx.execute(each).scalar_one() for each in counted)


@pytest.mark.spec("LD9.2")
def test_a_departed_reps_history_stays_and_is_read_by_who_comes_after(company: Company, told: tuple[str, str]) -> None:
    known, lead_id = told
    before, kept = readable(company, known, lead_id, as_manager("M1", UNIT)), keys(company)
    named = rows(company)
    assert len(before["purchases"]) == 2
    assert len(before["changes"]) == 2
    assert any(each.need == "院长关心交期" for each in before["interactions"])
    leave(company, "E1")
    assert wait_for_the_move(company) >= 1
    successor = company.customers(as_hq()).GetCustomer(customer_pb.GetCustomerRequest(customer_id=known)).customer
    assert successor.owner_id == "E2"
    for reader in (as_rep("E2", UNIT), as_manager("M1", UNIT), as_director("D1", "/HQ/EAST/"), as_hq()):
        after = readable(company, known, lead_id, reader)
        assert after["purchases"] == before["purchases"]
        assert after["interactions"][-len(before["interactions"]) :] == before["interactions"]
        assert (after["grade"], after["changes"]) == (before["grade"], before["changes"])
        assert (after["dynamics"], after["lead"], after["bought"]) == (
            before["dynamics"], before["lead"], before["bought"],
        )  # fmt: skip
    now = keys(company)
    assert {name: found - now[name] for name, found in kept.items() if found - now[name]} == {}
    assert rows(company) >= named


@pytest.mark.spec("LD9.2")
def test_the_account_is_removed_and_who_did_it_still_has_a_name(company: Company, told: tuple[str, str]) -> None:
    known, lead_id = told
    kept = keys(company)
    leave(company, "E1")
    # HR forgets the person: no unit, no manager, no account any more.
    gone = {"unit": "", "manager_id": "", "duties": [], "email": "", "wecom_user_id": ""}
    deliver(company.service, company.employee("E1", version=3, status="departed", **gone))
    file = CustomerFileServiceStub(company.rpc(company.service, as_=as_hq()))
    bought = file.ListPurchases(file_pb.ListPurchasesRequest(customer_id=known)).purchases
    assert {each.salesperson_id for each in bought} == {"E1"}
    churn = ChurnServiceStub(company.rpc(company.service, as_=as_hq()))
    [row] = churn.ListChurnRows(churn_pb.ListChurnRowsRequest(days=30, what="buyers")).rows
    assert (row.owner_id, row.owner_name) == ("E1", "员工E1")
    entries = company.leads().ListTimeline(lead_pb.ListTimelineRequest(lead_id=lead_id)).entries
    assert {"captured", "contacted"} <= {each.kind for each in entries}
    now = keys(company)
    assert {name: found - now[name] for name, found in kept.items() if found - now[name]} == {}
