"""Strategy hints: whom a lead is like, and what was done before those were won."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import NotFound
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_rep
from closeloop.activity.v1.events_pb2 import FollowUpRecorded
from closeloop.common.v1.money_pb2 import Money
from closeloop.forecast.v1.events_pb2 import OpportunityWon
from closeloop.leads.v1 import assignment_service_pb2 as assignment_pb
from closeloop.leads.v1 import customer_service_pb2 as customer_pb
from closeloop.leads.v1 import hint_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1.hint_service_pb2_grpc import HintServiceStub
from leads.hints.likeness_rules import Profile, likeness
from leads.hints.policy import HintPolicy
from leads.hints.sequence_rules import collapsed, next_steps, paths

from .company import Company, stamp

WEIGHTS = HintPolicy().weights
HOSPITAL = Profile("医院", "200k", "浙江", "采购超声影像设备", ("院长", "设备科长"))

profiles = st.builds(
    Profile,
    industry=st.sampled_from(["", "医院", "高校"]),
    size=st.sampled_from(["", "0", "50k", "200k", "1m"]),
    region=st.sampled_from(["", "浙江", "江苏"]),
    need=st.sampled_from(["", "采购超声影像设备", "超声设备维保", "实验室耗材"]),
    roles=st.lists(st.sampled_from(["院长", "设备科长", "采购"]), unique=True).map(tuple),
)
walks = st.lists(st.sampled_from(["call", "message", "visit", "reply"]), max_size=9).map(tuple)


@pytest.mark.spec("LD12.1")
@given(profiles, profiles)
def test_likeness_is_the_same_from_both_sides_and_never_beyond_one(one: Profile, other: Profile) -> None:
    value = likeness(one, other, WEIGHTS)
    assert value == likeness(other, one, WEIGHTS)
    assert 0 <= value <= 1 + 1e-9


@pytest.mark.spec("LD12.1")
def test_what_is_not_known_on_both_sides_is_left_out() -> None:
    assert likeness(HOSPITAL, HOSPITAL, WEIGHTS) == 1
    assert likeness(HOSPITAL, Profile("医院", region="浙江"), WEIGHTS) == 1
    assert likeness(HOSPITAL, Profile("医院"), WEIGHTS) == 0  # one trait is too little to say it
    half = likeness(Profile("医院", "200k"), Profile("医院", "1m"), WEIGHTS)
    assert half == pytest.approx((0.3 * 1 + 0.2 * 0.5) / 0.5)


@pytest.mark.spec("LD12.1")
def test_needs_are_alike_by_the_words_they_share() -> None:
    def near(need: str) -> float:
        return likeness(HOSPITAL, Profile("医院", need=need), {**dict.fromkeys(WEIGHTS, 0.0), "need": 1.0})

    assert near("采购超声影像设备") == 1
    assert near("超声设备维保") > near("实验室耗材") == 0


def has(steps: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return path in set(combinations(collapsed(steps), len(path)))


@pytest.mark.spec("LD12.1")
@given(st.lists(walks, min_size=3, max_size=12), st.lists(walks, max_size=12))
def test_each_path_is_counted_once_for_each_lead_that_has_it(
    won: list[tuple[str, ...]], lost: list[tuple[str, ...]]
) -> None:
    for path in paths(won, lost, longest=3, share=0.2, told=50):
        assert path.won == sum(has(steps, path.steps) for steps in won) >= max(2, 0.2 * len(won))
        assert path.lost == sum(has(steps, path.steps) for steps in lost)
        assert path.lift > 0


@pytest.mark.spec("LD12.1")
def test_what_winners_did_and_losers_did_not_comes_first_and_its_parts_are_not_repeated() -> None:
    won = [("call", "visit", "reply")] * 8 + [("message",)] * 2
    lost = [("call", "message")] * 9 + [("call", "visit", "reply")]
    [best] = paths(won, lost, longest=3, share=0.2, told=5)
    assert (best.steps, best.won, best.lost) == (("call", "visit", "reply"), 8, 1)
    assert best.lift == pytest.approx(0.8 - 0.1)
    assert next_steps(("call", "call"), [best]) == ["visit"]
    assert next_steps(("call", "visit", "reply"), [best]) == []


@pytest.mark.spec("LD12.1")
def test_five_calls_in_a_row_are_calling() -> None:
    assert collapsed(["call"] * 5 + ["visit", "call"]) == ("call", "visit", "call")


# -- through the service's doors ---------------------------------------------------------------------------------------


def hints(company: Company, lead_id: str, as_: Any = None) -> pb.Hints:
    stub = HintServiceStub(company.rpc(company.service, as_=as_ or as_hq()))
    return stub.GetLeadHints(pb.GetLeadHintsRequest(lead_id=lead_id)).hints


def closed(company: Company, count: int, *kinds: str, won: bool = True, care: Sequence[str] = (), **known: Any) -> None:
    """Leads of the past of another system that wanted the same, with what was done before their end, and after it."""
    at = company.clock.now() - timedelta(days=60)
    facts = {"channel": "expo", "industry": "医院", "province": "浙江", "need": "采购超声影像设备"} | known
    steps = [assignment_pb.ClosedLeadStep(kind=kind, at=stamp(at + timedelta(days=n))) for n, kind in enumerate(kinds)]
    end = at + timedelta(days=30)
    steps += [
        assignment_pb.ClosedLeadStep(kind=each, at=stamp(end + timedelta(days=n + 1))) for n, each in enumerate(care)
    ]
    rows = [
        assignment_pb.ClosedLead(
            external_id=f"OLD-{new_id()}",
            owner_id="E1",
            grade=lead_pb2.GRADE_A,
            won=won,
            closed_at=stamp(end),
            facts=assignment_pb.ClosedLeadFacts(steps=steps, **facts),
        )
        for _ in range(count)
    ]
    company.assignment().ImportClosedLeads(assignment_pb.ImportClosedLeadsRequest(request_id=new_id(), leads=rows))


def wanting(company: Company, name: str = "杭州市第一医院", **more: Any) -> lead_pb2.Lead:
    known = {"industry": "医院", "province": "浙江省", "need": "采购超声影像设备"} | more
    lead: lead_pb2.Lead = company.capture(name, **known).lead
    return lead


@pytest.mark.spec("LD12.1")
def test_a_lead_is_told_what_won_its_like_with_counts_and_what_comes_next(company: Company) -> None:
    company.hire("E1")
    closed(company, 12, "call", "visit", "reply")
    closed(company, 3, "message")
    closed(company, 9, "call", "message", won=False)
    closed(company, 40, "message", industry="高校", province="广东", need="实验室耗材")
    lead = wanting(company)
    called = FollowUpRecorded(
        follow_up_id=new_id(),
        lead_id=lead.lead_id,
        author_id=lead.owner_id,
        channel="call",
        direction="outbound",
        outcome="connected",
        occurred_at=stamp(company.clock.now()),
    )
    deliver(company.service, called, times=2)
    said = hints(company, lead.lead_id)
    assert (said.won, said.lost, said.why) == (15, 9, "")
    [best] = said.paths
    assert [each.kind for each in best.steps] == ["call", "visit", "reply"]
    assert (best.won, best.of_won, best.lost, best.of_lost) == (12, 15, 0, 9)
    assert [each.label_zh for each in said.next_steps] == ["拜访或会议"]
    assert {each.likeness for each in said.similar} == {1.0}


@pytest.mark.spec("LD12.1")
def test_what_was_done_after_the_win_did_not_win_it(company: Company) -> None:
    company.hire("E1")
    closed(company, 12, "call", "visit", care=["reply"])
    closed(company, 9, "message", won=False)
    closed(company, 4, care=["visit", "reply"])
    said = hints(company, wanting(company).lead_id)
    assert [[each.kind for each in path.steps] for path in said.paths] == [["call", "visit"]]
    assert (said.won, said.paths[0].of_won) == (16, 12)


@pytest.mark.spec("LD12.1")
def test_thin_history_is_said_to_be_thin(company: Company) -> None:
    company.hire("E1")
    closed(company, 9, "call", "visit")
    lead = wanting(company)
    said = hints(company, lead.lead_id)
    assert (said.won, list(said.paths)) == (9, [])
    assert said.why == "History is too thin: 9 won leads are like this one, 10 are needed."
    assert said.why_zh == "历史数据不足：与之相似的赢单仅 9 条，至少需要 10 条。"


@pytest.mark.spec("LD12.1")
def test_won_leads_without_known_steps_teach_no_path(company: Company) -> None:
    company.hire("E1")
    closed(company, 20)
    closed(company, 4, "call", "visit")
    said = hints(company, wanting(company).lead_id)
    assert (said.won, list(said.paths)) == (24, [])
    assert "4 won leads like this one have known steps" in said.why


@pytest.mark.spec("LD12.1", "P1.4")
def test_a_win_is_named_for_those_who_may_see_it_and_for_nobody_else(company: Company) -> None:
    company.hire("E1")
    closed(company, 10, "call", "visit")
    won = wanting(company, "宁波市医院", phone="13900000002")
    deliver(company.service, *(each.message for each in company.events("leads.captured")))
    at = stamp(company.clock.now())
    deliver(company.service, OpportunityWon(opportunity_id=new_id(), lead_id=won.lead_id, owner_id="E1", won_at=at))
    company.hire("E5", unit="/HQ/SOUTH/", manager_id="M5")
    foreign = wanting(company, "广州市医院", phone="13900000003")
    assert foreign.owner_id == "E5"

    def named(lead: lead_pb2.Lead, as_: Any) -> set[tuple[str, str]]:
        return {(each.company_name, each.need) for each in hints(company, lead.lead_id, as_).similar}

    assert named(foreign, as_hq()) == {("", ""), ("宁波市医院", "采购超声影像设备")}
    assert named(foreign, as_rep("E5", "/HQ/SOUTH/")) == {("", "")}
    with pytest.raises(NotFound):
        hints(company, won.lead_id, as_rep("E5", "/HQ/SOUTH/"))


@pytest.mark.spec("LD12.1")
def test_a_customer_is_compared_by_what_its_newest_lead_wants(company: Company) -> None:
    company.hire("E1")
    closed(company, 12, "visit", "reply", budget=Money(fen=30_000_000, currency="CNY"))
    row = customer_pb.CustomerRow(customer_code="C1", name="杭州市第一医院", phone="13900000001")
    company.customers().ImportCustomers(customer_pb.ImportCustomersRequest(request_id=new_id(), customers=[row]))
    wanting(company, phone="13900000001")
    stub = HintServiceStub(company.rpc(company.service, as_=as_hq()))
    [customer] = company.customers().ListCustomers(customer_pb.ListCustomersRequest()).customers
    said = stub.GetCustomerHints(pb.GetCustomerHintsRequest(customer_id=customer.customer_id)).hints
    assert (said.won, [step.kind for step in said.paths[0].steps]) == (12, ["visit", "reply"])
