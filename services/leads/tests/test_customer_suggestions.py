"""Customers that are probably one: by phone, or by names nearly the same in one city; a person judges."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_manager, as_service
from chassis.testing.locks import until_blocked
from closeloop.leads.v1 import customer_merge_service_pb2 as pb
from closeloop.leads.v1 import duplicate_service_pb2 as lead_pb
from leads.customer_merge.near_rules import Known, Why, suggested
from leads.customer_merge.suggest_customers import suggest_customers
from leads.duplicates.near_rules import Named
from leads.duplicates.policy import DuplicatePolicy
from leads.jobs import JOBS

from .company import UNIT, Company
from .merging import PHONE, door, merge, part
from .test_capture import CODE, OTHER_CODE
from .test_duplicates import fails
from .test_from_outside import customer
from .test_purchases import created

NAME, NEAR = "杭州云启信息科技有限公司", "杭州云启信息技有限公司"
REFUSED = lead_pb.SUGGESTION_STATE_REFUSED


def made(company: Company, name: str = NAME, **changes: Any) -> str:
    """A customer the service has heard of."""
    customer_id = customer(company, name, **{"city": "杭州", "owner_id": "E1", "unit": UNIT} | changes)
    created(company, customer_id)
    return customer_id


def suggestions(company: Company, as_: Identity | None = None, **wish: Any) -> list[pb.CustomerSuggestion]:
    return list(door(company, as_).ListCustomerSuggestions(pb.ListCustomerSuggestionsRequest(**wish)).suggestions)


def said(company: Company) -> list[tuple[str, str, str]]:
    return [(each.customer_id, each.other_customer_id, each.why) for each in suggestions(company)]


@pytest.mark.spec("LD1.4")
def test_a_name_nearly_that_of_a_known_customer_in_the_city_is_suggested_once(company: Company) -> None:
    known, near = made(company), made(company, NEAR)
    made(company, city="宁波")
    made(company, "杭州海天医疗器械有限公司")
    assert said(company) == [(near, known, "name")]
    assert suggestions(company)[0].score == pytest.approx(93.3)
    created(company, known, updated=True)
    created(company, near)
    assert len(suggestions(company)) == 1


@pytest.mark.spec("LD1.4", "P7.1")
def test_two_that_come_in_at_once_are_compared_with_each_other(company: Company) -> None:
    first, second = (customer(company, name, city="杭州") for name in (NAME, NEAR))
    uow, policy = company.service.uow, DuplicatePolicy()

    def hear_of(customer_id: str) -> None:
        with uow.begin(as_service("leads")) as tx:
            suggest_customers(tx, [customer_id], policy)
            tx.commit()

    with ThreadPoolExecutor(1) as other:
        with uow.begin(as_service("leads")) as tx:
            suggest_customers(tx, [first], policy)
            done = other.submit(hear_of, second)
            until_blocked(company.service.runtime.database, unless=done.done)
            tx.commit()
        done.result()
    assert said(company) == [(second, first, "name")]


@pytest.mark.spec("LD1.3", "LD1.4")
def test_one_phone_is_suggested_and_two_credit_codes_are_a_hint_and_no_more(company: Company) -> None:
    known = made(company, "甲", phone=PHONE, uscc=CODE)
    same, firm = made(company, "乙", phone=PHONE), made(company, "丙", phone=PHONE, uscc=OTHER_CODE)
    assert said(company) == [(same, known, "phone"), (firm, same, "phone"), (firm, known, "two_firms")]
    hint = suggestions(company)[-1]
    request = pb.AcceptCustomerSuggestionRequest(request_id=new_id(), suggestion_id=hint.suggestion_id, reason="x")
    assert fails(door(company).AcceptCustomerSuggestion, request) == "TWO_CREDIT_CODES"


@pytest.mark.spec("LD1.3")
def test_a_branch_is_not_suggested_for_its_parent(company: Company) -> None:
    made(company, "云启科技有限公司", phone=PHONE)
    made(company, "云启科技有限公司杭州分公司", phone=PHONE)
    assert suggestions(company) == []


@pytest.mark.spec("LD1.4")
def test_customers_that_were_there_before_are_compared_in_the_night(company: Company) -> None:
    known, near = (customer(company, name, city="杭州") for name in (NAME, NEAR))
    nightly = next(each for each in JOBS if each.name == "leads.index")
    nightly.run(company.app)
    assert said(company) == [(near, known, "name")]


@pytest.mark.spec("LD1.4")
def test_a_person_accepts_or_refuses_and_is_not_asked_again(company: Company) -> None:
    company.hire("E1")
    numbered, twin, third = made(company), made(company, customer_code="C-1"), made(company, "乙", phone=PHONE)
    made(company, "丙", phone=PHONE)
    first, second = suggestions(company)
    request = pb.AcceptCustomerSuggestionRequest(
        request_id=new_id(), suggestion_id=first.suggestion_id, reason="同一家"
    )
    accepted = door(company).AcceptCustomerSuggestion(request)
    assert accepted.customer.customer_id == twin, "the one with a number in the ERP goes on"
    refusal = pb.RefuseCustomerSuggestionRequest(request_id=new_id(), suggestion_id=second.suggestion_id, reason="两家")
    door(company).RefuseCustomerSuggestion(refusal)
    again = pb.RefuseCustomerSuggestionRequest(request_id=new_id(), suggestion_id=second.suggestion_id, reason="两家")
    assert fails(door(company).RefuseCustomerSuggestion, again) == "CUSTOMER_SUGGESTION_ANSWERED"
    part(company, accepted.merge_id)
    for each in (numbered, twin, third):
        created(company, each, updated=True)
    assert suggestions(company) == []
    assert len(suggestions(company, state=REFUSED)) == 2


@pytest.mark.spec("LD1.4")
def test_what_a_person_merged_and_parted_by_hand_is_not_suggested_after(company: Company) -> None:
    one, other = (customer(company, name, city="杭州") for name in (NAME, NEAR))
    part(company, merge(company, one, other).merge_id)
    for each in (one, other):
        created(company, each)
    assert suggestions(company) == []


@pytest.mark.spec("LD1.4", "P1.4")
def test_a_suggestion_is_for_who_sees_both_customers(company: Company) -> None:
    made(company)
    made(company, NEAR)
    (found,) = suggestions(company, as_manager())
    abroad = as_manager("M9", "/HQ/WEST/CD1/")
    assert suggestions(company, abroad) == []
    request = pb.AcceptCustomerSuggestionRequest(request_id=new_id(), suggestion_id=found.suggestion_id, reason="x")
    assert fails(door(company, abroad).AcceptCustomerSuggestion, request) == "CUSTOMER_SUGGESTION_NOT_FOUND"


knowns = st.builds(
    Known,
    st.builds(
        Named,
        st.sampled_from("abcdef"),
        st.sampled_from(["", "杭州", "宁波"]),
        st.text("云启信息科技", min_size=1, max_size=6),
        st.none(),
        st.sampled_from(["", CODE, OTHER_CODE]),
    ),
    st.sampled_from(["", PHONE]),
)


@pytest.mark.spec("LD1.3", "LD1.4")
@given(knowns, knowns)
def test_a_pair_is_the_same_from_either_side_and_never_two_firms_by_name(one: Known, other: Known) -> None:
    found = suggested(one, [other], 92)
    assert found == suggested(other, [one], 92)
    for each in found:
        assert each.customer_id > each.other_id
        two = {one.named.uscc, other.named.uscc} == {CODE, OTHER_CODE}
        assert two == (each.why is Why.TWO_FIRMS)
