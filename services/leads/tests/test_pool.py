"""The public pool: found, claimed, held on to, given back, handed out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.message import Message
from sqlalchemy import text

from chassis.errors import CloseloopError, FailedPrecondition, InvalidInput, NotFound, PermissionDenied
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.common.v1.page_pb2 import PageRequest
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1 import pool_service_pb2 as pb
from closeloop.leads.v1.pool_service_pb2_grpc import PoolServiceStub
from leads.policies import POOL
from leads.pool.index_leads import index_missing
from leads.pool.undo_bulk_assign import TooLateToUndo

from .company import UNIT, Company
from .waiting import publish

POOLED, ASSIGNED = lead_pb2.LEAD_STATE_RECYCLED, lead_pb2.LEAD_STATE_ASSIGNED


def pool(company: Company, as_: Identity | None = None) -> PoolServiceStub:
    return PoolServiceStub(company.rpc(company.service, as_=as_ or as_hq()))


def rep(number: str) -> Identity:
    return as_rep(number, UNIT)


def claim(company: Company, lead_id: str, by: str = "E1") -> pb.ClaimLeadResponse:
    return pool(company, rep(by)).ClaimLead(pb.ClaimLeadRequest(request_id=new_id(), lead_id=lead_id))


def release(company: Company, lead_id: str, by: str) -> pb.ReleaseLeadResponse:
    request = pb.ReleaseLeadRequest(request_id=new_id(), lead_id=lead_id, reason="不是目标客户")
    return pool(company, rep(by)).ReleaseLead(request)


def extend(company: Company, lead_id: str, by: str = "E1") -> pb.ExtendProtectionResponse:
    request = pb.ExtendProtectionRequest(request_id=new_id(), lead_id=lead_id)
    return pool(company, rep(by)).ExtendProtection(request)


def pooled(company: Company, count: int = 1, **changes: Any) -> list[str]:
    """Leads of E0, who let them go cold: they lie in the pool now."""
    company.hire("E0")
    company.profile("E0", baseline=1000)
    found = [
        company.capture(f"杭州第{n}科技有限公司", phone=f"138{n:08d}", city="杭州", **changes).lead.lead_id
        for n in range(count)
    ]
    company.pass_time(company.clock.now() + timedelta(days=2))
    assert {company.get(each).state for each in found} == {POOLED}
    with company.service.uow.begin(as_hq()) as tx:
        assert index_missing(tx) == count
        tx.commit()
    company.hire("E1", "E2", "E3")
    return found


def listed(company: Company, as_: Identity | None = None, **wish: Any) -> list[str]:
    request = pb.ListPoolRequest(filter=pb.PoolFilter(**wish))
    return [each.company_name for each in pool(company, as_ or rep("E1")).ListPool(request).leads]


def fails(call: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(CloseloopError) as refused:
        call(*arguments, **more)
    return refused.value.reason


@pytest.mark.spec("LD7.1")
def test_who_claims_first_has_the_lead_and_the_other_hears_who(company: Company) -> None:
    (lead_id,) = pooled(company)
    claimed = claim(company, lead_id, "E1")
    assert (claimed.lead.owner_id, claimed.lead.state) == ("E1", ASSIGNED)
    assert (claimed.claims_left, claimed.held_left) == (9, 29)
    with pytest.raises(FailedPrecondition) as refused:
        claim(company, lead_id, "E2")
    assert refused.value.reason == "LEAD_CLAIMED_ALREADY"
    assert "员工E1" in refused.value.text_zh
    told = company.events("leads.claimed")[0].message
    assert (told.owner_id, told.protected_until) == ("E1", claimed.protected_until)
    assert company.events("leads.assigned")[-1].message.how == "claimed"
    assert company.timeline(lead_id)[-1] == "assigned"


@pytest.mark.spec("LD7.1", "P7.1")
def test_of_two_hundred_clicks_at_once_one_wins(company: Company) -> None:
    (lead_id,) = pooled(company)
    doors = [pool(company, rep(each)) for each in ("E1", "E2", "E3")]

    def click(number: int) -> str:
        try:
            doors[number % 3].ClaimLead(pb.ClaimLeadRequest(request_id=new_id(), lead_id=lead_id))
        except CloseloopError as refused:
            return refused.reason
        return "won"

    with ThreadPoolExecutor(16) as clicks:
        outcomes = list(clicks.map(click, range(200)))
    assert outcomes.count("won") == 1
    assert set(outcomes) == {"won", "LEAD_CLAIMED_ALREADY"}
    with company.service.runtime.database.connect() as conn:
        assert conn.scalar(text("SELECT count(*) FROM pool_claim")) == 1
        assert conn.scalar(text("SELECT count(*) FROM assignment WHERE ended_at IS NULL")) == 1


@pytest.mark.spec("LD7.1")
def test_ten_a_day_and_more_the_next_day(company: Company) -> None:
    leads = pooled(company, 12)
    for each in leads[:10]:
        claim(company, each)
    assert fails(claim, company, leads[10]) == "DAILY_CLAIMS_USED"
    assert company.get(leads[10]).state == POOLED
    company.clock.advance(timedelta(days=1))
    assert claim(company, leads[10]).claims_left == 9


@pytest.mark.spec("LD7.1", "P7.1")
def test_the_limit_holds_when_all_is_clicked_at_once(company: Company) -> None:
    leads = pooled(company, 14)
    door = pool(company, rep("E1"))

    def click(lead_id: str) -> str:
        try:
            door.ClaimLead(pb.ClaimLeadRequest(request_id=new_id(), lead_id=lead_id))
        except CloseloopError as refused:
            return refused.reason
        return "won"

    with ThreadPoolExecutor(8) as clicks:
        outcomes = list(clicks.map(click, leads))
    assert (outcomes.count("won"), outcomes.count("DAILY_CLAIMS_USED")) == (10, 4)


@pytest.mark.spec("LD7.1")
def test_thirty_held_by_claim_are_the_limit(company: Company) -> None:
    publish(company, POOL, {"claims_per_day": 100, "held": 2})
    leads = pooled(company, 3)
    claim(company, leads[0])
    assert claim(company, leads[1]).held_left == 0
    assert fails(claim, company, leads[2]) == "TOO_MANY_HELD"
    release(company, leads[0], "E1")
    assert claim(company, leads[2]).lead.owner_id == "E1"


@pytest.mark.spec("LD7.1")
def test_who_had_a_lead_waits_72_hours_for_it_and_others_do_not(company: Company) -> None:
    (lead_id,) = pooled(company)
    claim(company, lead_id, "E1")
    released = release(company, lead_id, "E1").lead
    assert (released.reason, company.get(lead_id).state) == ("不是目标客户", POOLED)
    assert fails(claim, company, lead_id, "E1") == "COOLING_DOWN"
    company.clock.advance(timedelta(hours=72) - timedelta(seconds=1))
    assert fails(claim, company, lead_id, "E1") == "COOLING_DOWN"
    company.clock.advance(timedelta(seconds=1))
    assert claim(company, lead_id, "E1").lead.owner_id == "E1"
    release(company, lead_id, "E1")
    assert claim(company, lead_id, "E2").lead.owner_id == "E2"


@pytest.mark.spec("LD7.1")
def test_a_release_has_its_reason_counts_no_bounce_and_only_the_owner_may(company: Company) -> None:
    (lead_id,) = pooled(company)
    before = company.get(lead_id)
    claim(company, lead_id, "E1")
    assert fails(release, company, lead_id, "E2") == "LEAD_NOT_FOUND"
    release(company, lead_id, "E1")
    after = company.get(lead_id)
    assert (after.bounces, after.owner_id) == (before.bounces, "")
    assert company.events("leads.recycled")[-1].message.reason == "不是目标客户"
    assert company.next_due() is None
    with company.service.runtime.database.connect() as conn:
        assert conn.scalar(text("SELECT open_c FROM rep WHERE employee_id = 'E1'")) == 0
        why = conn.scalar(text("SELECT why FROM audit_row WHERE action = 'lead.release'"))
    assert why == "不是目标客户"


@pytest.mark.spec("LD7.1", "LD6.1")
def test_protection_lasts_a_day_is_extended_twice_and_ends_in_the_pool(company: Company) -> None:
    (lead_id,) = pooled(company)
    start = company.clock.now()
    claimed = claim(company, lead_id)
    assert claimed.protected_until.ToDatetime(start.tzinfo) == start + timedelta(hours=24)
    assert claimed.lead.recycle_due_at == claimed.protected_until
    assert extend(company, lead_id).extensions_left == 1
    extended = extend(company, lead_id)
    # From Friday over the weekend to Tuesday.
    assert (extended.extensions_left, extended.protected_until.ToDatetime(UTC)) == (
        0,
        datetime(2026, 3, 17, 2, tzinfo=UTC),
    )
    assert fails(extend, company, lead_id) == "EXTENSIONS_USED"
    until = extended.protected_until.ToDatetime(start.tzinfo)
    company.pass_time(until - timedelta(seconds=1))
    assert company.get(lead_id).state == ASSIGNED
    company.pass_time(until)
    assert company.get(lead_id).state == POOLED


@pytest.mark.spec("LD7.1")
def test_only_a_claimed_lead_is_protected(company: Company) -> None:
    company.hire("E1")
    lead = company.capture().lead
    assert fails(extend, company, lead.lead_id) == "NOT_CLAIMED"


@pytest.mark.spec("LD7.1", "LD4.1", "LD4.2")
def test_a_claim_goes_through_the_probe(company: Company) -> None:
    (lead_id,) = pooled(company)
    company.directory.status["E1"] = "frozen"
    assert fails(claim, company, lead_id) == "REP_NOT_AVAILABLE"
    company.directory.status.clear()
    company.directory.away = True
    assert fails(claim, company, lead_id, "E2") == "ACCOUNT_NOT_VERIFIED"
    company.directory.away = False
    assert company.get(lead_id).state == POOLED
    assert claim(company, lead_id, "E3").lead.owner_id == "E3"


@pytest.mark.spec("LD7.1", "P1.4")
def test_what_is_not_in_the_pool_is_nobodys_to_claim(company: Company) -> None:
    company.hire("E1", "E9")
    mine = company.capture().lead
    other = next(each for each in ("E1", "E9") if each != mine.owner_id)
    assert fails(claim, company, mine.lead_id, mine.owner_id) == "LEAD_NOT_IN_POOL"
    assert fails(claim, company, mine.lead_id, other) == "LEAD_NOT_FOUND"
    assert fails(claim, company, new_id()) == "LEAD_NOT_FOUND"
    with pytest.raises(PermissionDenied):
        pool(company, as_hq()).ClaimLead(pb.ClaimLeadRequest(request_id=new_id(), lead_id=mine.lead_id))


@pytest.mark.spec("LD7.1")
@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("云启", ["杭州云启科技有限公司"]),
        ("雲啟", ["杭州云启科技有限公司"]),
        ("yunqi", ["杭州云启科技有限公司"]),
        ("unqik", ["杭州云启科技有限公司"]),
        ("yqkj", ["杭州云启科技有限公司"]),
        ("yq", ["杭州云启科技有限公司"]),
        ("zhou", ["杭州云启科技有限公司", "杭州Alpha医疗有限公司", "杭州LG电子有限公司"]),
        ("杭州 医疗", ["杭州Alpha医疗有限公司"]),
        ("ALPHA", ["杭州Alpha医疗有限公司"]),
        ("LG", ["杭州LG电子有限公司"]),
        ("lg 电子", ["杭州LG电子有限公司"]),
        ("8000001", ["宁波海天塑机有限公司"]),
        ("王芳", ["宁波海天塑机有限公司"]),
        ("启云", []),
        ("!", []),
        ("'; DROP", []),
    ],
)
def test_the_pool_is_searched_by_part_of_a_name_by_pinyin_and_by_phone(
    company: Company, sought: str, found: list[str]
) -> None:
    company.hire("E0")
    company.capture("杭州云启科技有限公司", phone="13900000009")
    company.capture("杭州Alpha医疗有限公司", phone="13900000008")
    company.capture("杭州LG电子有限公司", phone="13900000007")
    company.capture("宁波海天塑机有限公司", phone="13800000018", contact_name="王芳")
    company.capture("宁波海天塑机有限公司", phone="13818000001", contact_name="王芳")
    company.pass_time(company.clock.now() + timedelta(days=2))
    with company.service.uow.begin(as_hq()) as tx:
        index_missing(tx)
        tx.commit()
    assert sorted(set(listed(company, text=sought))) == sorted(found)


@pytest.mark.spec("LD7.1")
def test_a_lead_is_found_as_soon_as_its_own_event_was_heard(company: Company) -> None:
    (lead_id,) = pooled(company)
    with company.service.runtime.database.begin() as conn:
        conn.execute(text("DELETE FROM lead_words"))
    assert listed(company, text="dykj") == []
    deliver(company.service, company.events("leads.captured")[0].message, times=2)
    assert listed(company, text="keji") == [company.get(lead_id).company_name]


@pytest.mark.spec("LD7.1", "P1.1")
def test_the_best_grade_comes_first_page_by_page_and_contact_data_is_masked(company: Company) -> None:
    company.hire("E0")
    company.profile("E0", baseline=1000)
    company.capture("丙公司", phone="13800000003", channel="expo", industry="医疗")
    company.capture("丁公司", phone="13800000004")
    company.capture_a("甲公司", phone="13800000001", channel="expo")
    company.pass_time(company.clock.now() + timedelta(days=2))
    assert listed(company) == ["甲公司", "丙公司", "丁公司"]
    assert listed(company, channels=["expo"], grades=[0]) == ["丙公司"]
    assert listed(company, industries=["医疗"]) == ["丙公司"]
    door, page, names = pool(company, rep("E1")), PageRequest(size=2), []
    while True:
        answer = door.ListPool(pb.ListPoolRequest(page=page))
        names += [each.company_name for each in answer.leads]
        if not answer.page.next_token:
            break
        page = PageRequest(size=2, token=answer.page.next_token)
    assert names == ["甲公司", "丙公司", "丁公司"]
    assert door.ListPool(pb.ListPoolRequest()).leads[0].phone == "138****0001"


@pytest.mark.spec("LD7.1")
def test_filters_are_saved_by_name_for_each_person(company: Company) -> None:
    door = pool(company, rep("E1"))
    wish = pb.PoolFilter(text="云启", grades=[lead_pb2.GRADE_A], cities=["杭州"])
    for each in (pb.PoolFilter(text="old"), wish):
        door.SavePoolFilter(
            pb.SavePoolFilterRequest(request_id=new_id(), saved=pb.SavedPoolFilter(name="重点", filter=each))
        )
    assert list(door.ListPoolFilters(pb.ListPoolFiltersRequest()).saved) == [
        pb.SavedPoolFilter(name="重点", filter=wish)
    ]
    other = pool(company, rep("E2"))
    assert list(other.ListPoolFilters(pb.ListPoolFiltersRequest()).saved) == []
    with pytest.raises(NotFound):
        other.DeletePoolFilter(pb.DeletePoolFilterRequest(request_id=new_id(), name="重点"))
    door.DeletePoolFilter(pb.DeletePoolFilterRequest(request_id=new_id(), name="重点"))
    assert list(door.ListPoolFilters(pb.ListPoolFiltersRequest()).saved) == []


def hand_out(company: Company, leads: list[str], employees: list[str]) -> pb.BulkAssignResponse:
    request = pb.BulkAssignRequest(request_id=new_id(), lead_ids=leads, employee_ids=employees, reason="片区调整")
    return pool(company, as_manager()).BulkAssign(request)


def undo(company: Company, batch_id: str, as_: Identity | None = None) -> pb.UndoBulkAssignResponse:
    request = pb.UndoBulkAssignRequest(request_id=new_id(), batch_id=batch_id)
    return pool(company, as_ or as_manager()).UndoBulkAssign(request)


@pytest.mark.spec("LD7.1", "LD4.1")
def test_a_manager_hands_out_in_turn_and_what_cannot_be_given_is_named(company: Company) -> None:
    leads = pooled(company, 5)
    company.directory.status["E2"] = "disabled"
    claim(company, leads[4], "E3")
    answer = hand_out(company, leads, ["E1", "E2"])
    assert [(each.employee_id, each.done) for each in answer.leads] == [
        ("E1", True),
        ("E2", False),
        ("E1", True),
        ("E2", False),
        ("E1", False),
    ]
    assert "inactive" in answer.leads[1].why
    assert answer.leads[4].why == "The lead is not in the pool any more."
    assert [company.get(each).owner_id for each in leads] == ["E1", "", "E1", "", "E3"]
    assert fails(hand_out, company, leads[1:2], ["E404"]) == "EMPLOYEE_NOT_FOUND"


@pytest.mark.spec("LD7.1")
def test_an_undo_puts_back_what_nobody_has_touched_exactly_as_it_was(company: Company) -> None:
    leads = pooled(company, 3)
    before = [company.get(each) for each in leads]
    answer = hand_out(company, leads, ["E1"])
    company.accept(company.get(leads[2]), rep("E1"))
    undone = undo(company, answer.batch_id)
    assert {each.lead_id: each.done for each in undone.leads} == {leads[0]: True, leads[1]: True, leads[2]: False}
    for lead_id, was in zip(leads[:2], before[:2], strict=True):
        assert without_etag(company.get(lead_id)) == without_etag(was)
    assert company.get(leads[2]).owner_id == "E1"
    with company.service.runtime.database.connect() as conn:
        assert conn.scalar(text("SELECT open_c FROM rep WHERE employee_id = 'E1'")) == 1
    assert fails(undo, company, answer.batch_id) == "BULK_ASSIGN_UNDONE"


@pytest.mark.spec("LD7.1", "P1.4")
def test_an_undo_is_for_a_day_and_for_the_own_team(company: Company) -> None:
    leads = pooled(company, 1)
    answer = hand_out(company, leads, ["E1"])
    assert fails(undo, company, answer.batch_id, as_manager("M9", "/HQ/WEST/CD1/")) == "BATCH_NOT_FOUND"
    company.clock.advance(timedelta(hours=24, seconds=1))
    assert fails(undo, company, answer.batch_id) == "TOO_LATE_TO_UNDO"
    assert "24" in TooLateToUndo(hours=24).text_en


@pytest.mark.spec("LD13.1")
def test_a_bulk_assignment_names_each_lead_once(company: Company) -> None:
    twice = new_id()
    request = pb.BulkAssignRequest(request_id=new_id(), lead_ids=[twice, twice], employee_ids=["E1"], reason="x")
    with pytest.raises(InvalidInput):
        pool(company, as_manager()).BulkAssign(request)


def without_etag(lead: Message) -> Message:
    bare = type(lead)()
    bare.CopyFrom(lead)
    bare.ClearField("etag")
    return bare
