"""A person's word on a customer's grade: kept apart from what is computed, and it ends (LD2.2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from chassis.errors import FailedPrecondition, InvalidInput, NotFound, PermissionDenied
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_manager, as_rep, as_service
from closeloop.leads.v1 import customer_grade_service_pb2 as pb
from closeloop.leads.v1.events_pb2 import CustomerFacts, CustomerUpdated
from leads import tables
from leads.lead.rules import Grade

from .company import UNIT, Company, stamp
from .customer_grading import BIG, A, B, C, changes, door, grade, override, regraded, told
from .test_purchases import order


@pytest.mark.spec("LD2.2")
def test_a_persons_grade_is_kept_apart_and_ends(company: Company, known: str) -> None:
    found = override(company, known)
    assert (found.grade, found.override.by, found.override.reason) == (A, "M1", "重点培育")
    ends = company.clock.now() + timedelta(days=90)
    assert found.override.until == stamp(ends)
    deliver(company.service, order(amount=BIG))
    regraded(company)
    beneath = grade(company, known)
    assert (beneath.grade, beneath.computed, beneath.declared) == (A, B, C)
    company.pass_time(ends - timedelta(seconds=1))
    assert grade(company, known).grade == A
    company.pass_time(ends)
    assert (grade(company, known).grade, grade(company, known).HasField("override")) == (B, False)
    assert [each.kind for each in changes(company, known)] == ["expired", "computed", "overridden"]
    assert [(each.kind, each.before, each.after) for each in told(company)] == [
        ("overridden", "C", "A"), ("expired", "A", "B"),
    ]  # fmt: skip


@pytest.mark.spec("LD2.2")
def test_a_second_word_replaces_the_first_and_its_end(company: Company, known: str) -> None:
    override(company, known, until=stamp(company.clock.now() + timedelta(days=1)))
    override(company, known, grade=B, until=stamp(company.clock.now() + timedelta(days=5)))
    company.pass_time(company.clock.now() + timedelta(days=4))
    assert grade(company, known).grade == B
    company.pass_time(company.clock.now() + timedelta(days=1))
    assert grade(company, known).grade == C


@pytest.mark.spec("LD2.2")
def test_a_word_is_taken_back(company: Company, known: str) -> None:
    override(company, known)
    request = pb.WithdrawGradeOverrideRequest(request_id=new_id(), customer_id=known, reason="客户已转型")
    manager = door(company, as_manager("M1", UNIT))
    assert manager.WithdrawGradeOverride(request).grade.grade == C
    assert company.next_due() is None
    with pytest.raises(FailedPrecondition):
        manager.WithdrawGradeOverride(pb.WithdrawGradeOverrideRequest(
            request_id=new_id(), customer_id=known, reason="再次"))  # fmt: skip


@pytest.mark.spec("LD2.2")
@pytest.mark.parametrize("days", [-1, 0, 366])
def test_a_word_ends_within_a_year(company: Company, known: str, days: int) -> None:
    with pytest.raises(InvalidInput):
        override(company, known, until=stamp(company.clock.now() + timedelta(days=days)))


@pytest.mark.spec("LD2.2")
def test_who_may_not_see_a_customer_may_not_grade_it_and_a_rep_grades_nobody(company: Company, known: str) -> None:
    with pytest.raises(NotFound):
        override(company, known, as_manager("M9", "/HQ/WEST/CD1/"))
    with pytest.raises(NotFound):
        grade(company, known, as_rep("E9", "/HQ/WEST/CD1/"))
    with pytest.raises(PermissionDenied):
        override(company, known, as_rep("E1", UNIT))


@pytest.mark.spec("LD2.2")
@pytest.mark.parametrize("declared", [Grade.B, Grade.C])
def test_an_import_does_not_take_the_place_of_what_is_computed(company: Company, known: str, declared: Grade) -> None:
    deliver(company.service, order(amount=BIG))
    override(company, known)
    regraded(company)
    with company.service.uow.begin(as_service("leads")) as tx:
        row = tables.customer
        tx.execute(update(row).where(row.c.customer_id == known).values(grade=declared.value))
        tx.commit()
    deliver(company.service, CustomerUpdated(customer_id=known, customer=CustomerFacts(customer_id=known)))
    regraded(company)
    found = grade(company, known)
    assert (found.grade, found.computed, found.declared) == (A, B, {Grade.B: B, Grade.C: C}[declared])
    assert company.events("customers.updated")[-1].message.customer.grade == "A"
    assert changes(company, known)[0].kind == "declared"
    assert len(told(company)) == 1
