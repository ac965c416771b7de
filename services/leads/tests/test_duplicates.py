"""Leads that are probably the same: suggested after they came in, merged and parted again by a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.errors import CloseloopError
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.testing.clock import TUESDAY_AT_TEN
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.activity.v1 import events_pb2 as activity_events
from closeloop.leads.v1 import duplicate_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1 import lead_service_pb2 as lead_pb
from closeloop.leads.v1.duplicate_service_pb2_grpc import DuplicateServiceStub
from leads.jobs import JOBS
from leads.lead import store
from leads.lead.rules import Command, State
from leads.pool.release_lead import into_the_pool

from .company import UNIT, Company, stamp
from .test_capture import CODE, OTHER_CODE
from .test_import import line, run, state, table
from .test_pool import without_etag

OPEN, MERGED = pb.SUGGESTION_STATE_OPEN, lead_pb2.LEAD_STATE_MERGED


def door(company: Company, as_: Identity | None = None) -> DuplicateServiceStub:
    return DuplicateServiceStub(company.rpc(company.service, as_=as_ or as_hq()))


def hear(company: Company) -> None:
    """The service hears its own events."""
    deliver(company.service, *(each.message for each in company.events("leads.captured")))


def suggestions(company: Company, as_: Identity | None = None, **wish: Any) -> list[pb.Suggestion]:
    return list(door(company, as_).ListSuggestions(pb.ListSuggestionsRequest(**wish)).suggestions)


def capture(company: Company, name: str, number: int, **changes: Any) -> lead_pb2.Lead:
    return company.capture(name, phone=f"138{number:08d}", **{"city": "杭州"} | changes).lead  # type: ignore[no-any-return]


def merge(company: Company, kept: str, merged: str, as_: Identity | None = None) -> pb.MergeLeadsResponse:
    request = pb.MergeLeadsRequest(request_id=new_id(), lead_id=kept, merged_lead_id=merged, reason="同一家")
    return door(company, as_).MergeLeads(request)


def part(company: Company, merge_id: str) -> pb.UnmergeLeadResponse:
    request = pb.UnmergeLeadRequest(request_id=new_id(), merge_id=merge_id, reason="看错了")
    return door(company).UnmergeLead(request)


def fails(call: Any, *arguments: Any) -> str:
    with pytest.raises(CloseloopError) as refused:
        call(*arguments)
    return refused.value.reason


def rows(company: Company, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with company.service.runtime.database.connect() as conn:
        return [tuple(row) for row in conn.execute(text(query), values)]


@pytest.mark.spec("LD1.4")
def test_a_name_nearly_that_of_a_known_lead_in_the_city_is_suggested(company: Company) -> None:
    known = capture(company, "杭州云启信息科技有限公司", 1)
    alike = capture(company, "杭州雲啟信息技术科技有限公司", 2)
    near = capture(company, "杭州云启信息技有限公司", 3)
    capture(company, "杭州云启信息科技有限公司", 4, city="宁波")
    capture(company, "杭州海天医疗器械有限公司", 5)
    hear(company)
    found = suggestions(company)
    assert [(each.lead_id, each.other_lead_id, each.state) for each in found] == [(near.lead_id, known.lead_id, OPEN)]
    assert found[0].score == pytest.approx(93.3)
    assert alike.lead_id not in {each.lead_id for each in found}
    # Nobody is told of anything else, and heard twice it is suggested once.
    hear(company)
    assert len(suggestions(company)) == 1
    assert company.get(near.lead_id).state == lead_pb2.LEAD_STATE_QUEUED


@pytest.mark.spec("LD1.4", "LD7.1")
def test_leads_that_were_there_before_are_compared_and_found_after_the_night(company: Company) -> None:
    known, near = capture(company, "杭州云启信息科技有限公司", 1), capture(company, "杭州云启信息技有限公司", 2)
    assert suggestions(company) == []
    nightly = next(each for each in JOBS if each.name == "leads.index")
    nightly.run(company.app)
    assert [(each.lead_id, each.other_lead_id) for each in suggestions(company)] == [(near.lead_id, known.lead_id)]
    assert rows(company, "SELECT count(*) FROM lead_words") == [(2,)]


@pytest.mark.spec("LD1.4")
def test_long_names_are_compared_with_all_long_ones_of_the_city(company: Company) -> None:
    name = "杭州云启信息科技与医疗器械国际贸易服务"
    known = capture(company, f"{name}有限公司", 1)
    capture(company, f"{name[2:]}上海有限公司", 2)
    near = capture(company, f"{name[:-1]}有限公司", 3)
    hear(company)
    assert [(each.lead_id, each.other_lead_id) for each in suggestions(company)] == [(near.lead_id, known.lead_id)]


@pytest.mark.spec("LD1.4")
def test_a_person_accepts_or_refuses_and_is_not_asked_again(company: Company) -> None:
    company.hire("E1")
    older, newer = (capture(company, "杭州云启信息科技有限公司", n) for n in (1, 2))
    third = capture(company, "杭州云启信息科技有限公司", 3)
    hear(company)
    first, second = suggestions(company)
    request = pb.AcceptSuggestionRequest(request_id=new_id(), suggestion_id=first.suggestion_id, reason="同一家")
    accepted = door(company).AcceptSuggestion(request)
    assert (accepted.lead.lead_id, accepted.lead.touches) == (older.lead_id, 2)
    assert company.get(newer.lead_id).merged_into == older.lead_id
    refusal = pb.RefuseSuggestionRequest(request_id=new_id(), suggestion_id=second.suggestion_id, reason="两家")
    door(company).RefuseSuggestion(refusal)
    assert suggestions(company) == []
    assert [each.lead_id for each in suggestions(company, state=pb.SUGGESTION_STATE_REFUSED)] == [third.lead_id]
    again = pb.RefuseSuggestionRequest(request_id=new_id(), suggestion_id=second.suggestion_id, reason="两家")
    assert fails(door(company).RefuseSuggestion, again) == "SUGGESTION_ANSWERED"


@pytest.mark.spec("LD1.4", "P1.4")
def test_a_suggestion_is_for_who_sees_both_leads(company: Company) -> None:
    company.hire("E1")
    for n in (1, 2):
        capture(company, "杭州云启信息科技有限公司", n)
    hear(company)
    (found,) = suggestions(company, as_manager())
    abroad = as_manager("M9", "/HQ/WEST/CD1/")
    assert suggestions(company, abroad) == []
    request = pb.AcceptSuggestionRequest(request_id=new_id(), suggestion_id=found.suggestion_id, reason="x")
    assert fails(door(company, abroad).AcceptSuggestion, request) == "SUGGESTION_NOT_FOUND"


@pytest.mark.spec("LD1.4", "LD1.6")
def test_an_import_shows_how_many_of_its_leads_are_suggested_and_a_dry_run_does_too(company: Company) -> None:
    capture(company, "杭州云启信息科技有限公司", 900)
    hear(company)
    content = table([line(1, name="杭州云启信息技有限公司"), line(2, name="杭州海天医疗器械有限公司")])
    tried = run(company, content, dry_run=True)
    assert (tried.created, tried.suggested) == (2, 1)
    done = run(company, content)
    hear(company)
    assert state(company, done.import_id).suggested == 1
    assert len(suggestions(company, import_id=done.import_id)) == 1


@pytest.mark.spec("LD1.3")
def test_a_branch_knows_its_parent_whichever_came_first(company: Company) -> None:
    early = capture(company, "海天塑机有限公司宁波分公司", 1, city="宁波")
    hear(company)
    parent = capture(company, "海天塑机有限公司", 2)
    late = capture(company, "海天塑机有限公司上海分公司", 3, city="上海")
    hear(company)
    assert company.get(early.lead_id).parent_lead_id == parent.lead_id
    assert company.get(late.lead_id).parent_lead_id == parent.lead_id
    assert company.get(parent.lead_id).parent_lead_id == ""
    assert fails(merge, company, parent.lead_id, late.lead_id) == "BRANCH_AND_PARENT"


@pytest.mark.spec("LD1.3")
def test_two_codes_are_never_merged(company: Company) -> None:
    one = capture(company, "杭州云启科技有限公司", 1, uscc=CODE)
    other = capture(company, "杭州云启科技有限公司", 2, uscc=OTHER_CODE)
    hear(company)
    assert suggestions(company) == []
    assert fails(merge, company, one.lead_id, other.lead_id) == "TWO_FIRMS"


@pytest.mark.spec("LD1.4")
def test_a_merge_keeps_every_touch_and_follow_up_and_frees_the_other_owner(company: Company) -> None:
    company.hire("E1", "E2")
    one, other = capture(company, "云启科技", 1), capture(company, "杭州云启", 2, contact_name="王芳", need="采购")
    capture(company, "杭州云启", 2)
    company.accept(company.get(other.lead_id))
    answer = merge(company, one.lead_id, other.lead_id)
    whole = answer.lead
    assert (whole.touches, whole.contact_name, whole.need) == (3, "王芳", "采购")
    assert (whole.phone, whole.owner_id) == ("+8613800000001", one.owner_id)
    gone = company.get(other.lead_id)
    assert (gone.state, gone.owner_id, gone.merged_into) == (MERGED, "", one.lead_id)
    kinds = company.timeline(one.lead_id)
    assert sorted(kinds) == ["accepted", "assigned", "assigned", "captured", "captured", "merged", "touched"]
    assert rows(company, "SELECT sum(open_a + open_b + open_c) FROM rep") == [(1,)]
    running = rows(company, "SELECT DISTINCT subject_id FROM deadline WHERE state = 'pending'")
    assert running == [(one.lead_id,)]
    told = company.events("leads.merged")[0].message
    assert (told.lead_id, told.into_lead_id, told.previous_owner_id) == (other.lead_id, one.lead_id, other.owner_id)
    # A follow-up written for the merged lead is one of the lead that goes on.
    report = activity_events.FollowUpRecorded(
        follow_up_id=new_id(), lead_id=other.lead_id, channel="call", direction="outbound", outcome="connected",
        author_id=one.owner_id, occurred_at=stamp(company.clock.now()),
    )  # fmt: skip
    deliver(company.service, report)
    assert company.get(one.lead_id).state == lead_pb2.LEAD_STATE_CONTACTED


@pytest.mark.spec("LD1.4")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kept=st.sampled_from(["assigned", "contacted"]),
    merged=st.sampled_from(["queued", "assigned", "accepted", "contacted", "recycled"]),
    known=st.fixed_dictionaries({}, optional={"contact_name": st.just("王芳"), "uscc": st.just(CODE)}),
    hours=st.integers(0, 48),
)
def test_merged_and_parted_again_both_are_as_they_were(
    company: Company, kept: str, merged: str, known: dict[str, str], hours: int
) -> None:
    with company.service.runtime.database.begin() as conn:
        conn.execute(text("TRUNCATE lead, assignment, decision, deadline, lead_merge CASCADE"))
        conn.execute(text("UPDATE rep SET open_a = 0, open_b = 0, open_c = 0"))
    company.clock.set(TUESDAY_AT_TEN)
    company.hire("E1", "E2")
    one = brought_to(company, capture(company, "云启科技", 1), kept)
    other = brought_to(company, capture(company, "杭州云启科技", 2, **known), merged)
    before = whole_state(company)
    answer = merge(company, one, other)
    assert whole_state(company) != before
    company.clock.advance(timedelta(hours=hours))
    parted = part(company, answer.merge_id)
    assert (parted.lead.lead_id, parted.parted.lead_id) == (one, other)
    assert whole_state(company) == before


def brought_to(company: Company, lead: lead_pb2.Lead, wanted: str) -> str:
    if wanted in ("queued", "recycled"):
        with company.service.uow.begin(as_hq()) as tx:
            pooled = into_the_pool(tx, store.lock(tx, lead.lead_id), Command.RELEASE, "x", "x")
            if wanted == "queued":
                store.save(tx, pooled, state=State.QUEUED)
            tx.commit()
    if wanted == "accepted":
        company.accept(lead)
    if wanted == "contacted":
        report = activity_events.FollowUpRecorded(
            follow_up_id=new_id(), lead_id=lead.lead_id, channel="wechat", direction="outbound", outcome="sent",
            author_id=lead.owner_id, occurred_at=stamp(company.clock.now()),
        )  # fmt: skip
        deliver(company.service, report)
    return lead.lead_id


def whole_state(company: Company) -> list[Any]:
    """Leads but for their versions, who has them, what each rep carries, and the clocks that run."""
    leads = rows(company, "SELECT to_jsonb(lead) - 'version' FROM lead ORDER BY lead_id")
    owners = rows(company, "SELECT lead_id, employee_id FROM assignment WHERE ended_at IS NULL ORDER BY lead_id")
    loads = rows(company, "SELECT employee_id, open_a, open_b, open_c FROM rep ORDER BY employee_id")
    clocks = rows(
        company,
        "SELECT subject_id, kind, due_at, payload FROM deadline WHERE state = 'pending' ORDER BY subject_id, kind",
    )
    return [leads, owners, loads, clocks]


@pytest.mark.spec("LD1.4", "LD7.1")
def test_what_a_merge_changed_the_lead_is_found_and_compared_by(company: Company) -> None:
    found_by = """
        SELECT words.names, words.phone, name.city, EXISTS (SELECT FROM lead_form WHERE lead_id = :id)
        FROM lead_words AS words JOIN lead_name AS name USING (lead_id) WHERE lead_id = :id
    """
    one = company.capture("云启科技", uscc=CODE).lead
    other = capture(company, "杭州云启科技", 2, contact_name="王芳")
    hear(company)
    alone = [("云启科技", "", "", False)]
    assert rows(company, found_by, id=one.lead_id) == alone
    merged = merge(company, one.lead_id, other.lead_id)
    assert rows(company, found_by, id=one.lead_id) == [("云启科技 王芳", "13800000002", "杭州", True)]
    part(company, merged.merge_id)
    assert rows(company, found_by, id=one.lead_id) == alone


@pytest.mark.spec("LD1.4")
def test_a_merged_lead_that_was_not_compared_yet_still_is(company: Company) -> None:
    known = capture(company, "杭州云启信息科技有限公司", 1)
    near, other = capture(company, "杭州云启信息技有限公司", 2), capture(company, "杭州海天医疗器械有限公司", 3)
    merge(company, near.lead_id, other.lead_id)
    hear(company)
    assert [(each.lead_id, each.other_lead_id) for each in suggestions(company)] == [(near.lead_id, known.lead_id)]


@pytest.mark.spec("LD1.4", "LD4.1")
def test_a_former_owner_who_is_gone_gets_nothing_back(company: Company) -> None:
    company.hire("E1", "E2")
    one, other = capture(company, "云启科技", 1), capture(company, "杭州云启", 2)
    answer = merge(company, one.lead_id, other.lead_id)
    company.directory.status[other.owner_id] = "departed"
    company.hire(other.owner_id, version=2, status="departed")
    parted = part(company, answer.merge_id).parted
    assert (parted.state, parted.owner_id, parted.merged_into) == (lead_pb2.LEAD_STATE_NEW, "", "")
    assert company.events("leads.unmerged")[0].message.owner_id == ""


@pytest.mark.spec("LD1.4")
def test_touches_that_came_since_stay_with_the_lead_that_went_on(company: Company) -> None:
    company.hire("E1")
    one, other = capture(company, "云启科技", 1), capture(company, "杭州云启", 2)
    answer = merge(company, one.lead_id, other.lead_id)
    capture(company, "云启科技", 1)
    assert company.get(one.lead_id).touches == 3
    part(company, answer.merge_id)
    assert [company.get(each.lead_id).touches for each in (one, other)] == [2, 1]
    assert fails(part, company, answer.merge_id) == "MERGE_UNDONE"


@pytest.mark.spec("LD1.4")
def test_merges_are_undone_from_the_last_to_the_first_within_thirty_days(company: Company) -> None:
    company.hire("E1")
    first, second, third = (capture(company, f"云启{n}", n) for n in range(1, 4))
    inner = merge(company, second.lead_id, third.lead_id)
    outer = merge(company, first.lead_id, second.lead_id)
    assert company.timeline(first.lead_id).count("captured") == 3
    assert fails(part, company, inner.merge_id) == "MERGED_ON"
    part(company, outer.merge_id)
    merges = door(company).ListMerges(pb.ListMergesRequest(lead_id=second.lead_id)).merges
    assert [(each.merge_id, each.HasField("undone_at")) for each in merges] == [
        (outer.merge_id, True),
        (inner.merge_id, False),
    ]
    company.clock.advance(timedelta(days=30, seconds=1))
    assert fails(part, company, inner.merge_id) == "TOO_LATE_TO_UNMERGE"
    assert without_etag(company.get(third.lead_id)).merged_into == second.lead_id


@pytest.mark.spec("LD1.4", "P1.4")
def test_only_who_sees_both_merges(company: Company) -> None:
    company.hire("E1", "E2")
    one, other = capture(company, "云启科技", 1), capture(company, "杭州云启", 2)
    assert {one.owner_id, other.owner_id} == {"E1", "E2"}
    assert fails(merge, company, one.lead_id, other.lead_id, as_rep(one.owner_id, UNIT)) == "LEAD_NOT_FOUND"
    assert merge(company, one.lead_id, other.lead_id, as_manager()).lead.lead_id == one.lead_id
    audited = rows(company, "SELECT actor, why FROM audit_row WHERE action = 'lead.merge'")
    assert audited == [(as_manager().subject, "同一家")]
    assert company.leads().ListLeads(lead_pb.ListLeadsRequest(states=[MERGED])).leads[0].lead_id == other.lead_id
