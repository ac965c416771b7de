"""What a draft policy would have done with the leads of the past, beside the live one."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import NotFound
from chassis.identity import Identity, of_service
from chassis.kernel.calendar import BusinessCalendar
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1 import lead_service_pb2 as lead_pb
from closeloop.leads.v1 import policy_service_pb2 as policy_pb
from closeloop.leads.v1 import replay_service_pb2 as pb
from closeloop.leads.v1.policy_service_pb2_grpc import PolicyServiceStub
from closeloop.leads.v1.replay_service_pb2_grpc import ReplayServiceStub
from leads.assignment.input_rules import Reps, Wanted
from leads.assignment.policy import AssignmentPolicy, Weights
from leads.assignment.rules import Place
from leads.lead.rules import Grade, Position
from leads.policies import ASSIGNMENT
from leads.replay import store
from leads.replay.past_rules import Past
from leads.replay.play import play
from leads.replay.report_rules import Played, report
from leads.replay.run_replays import run_replays

from .company import UNIT, Company
from .test_assignment_rules import HANGZHOU, SHAOXING, columns, plain
from .test_duplicates import merge
from .test_import import line, run, table
from .test_import_revert import revert

AT = datetime(2026, 3, 10, 2, tzinfo=UTC)  # Tuesday, 10:00 in Shanghai
ALWAYS = AssignmentPolicy(shift="always_on", newcomer_quota=0)
NEARBY = ALWAYS.model_copy(update={"weights": Weights(load=0.0, conversion=0.0, region=1.0)})


def lead(minutes: float, grade: Grade = Grade.B, held: timedelta | None = None, **more: Any) -> Past:
    place = Place(Position(*more.pop("near", HANGZHOU)), "浙江", "杭州")
    wanted = Wanted(new_id(), grade, more.pop("industry", ""), place)
    return Past(wanted, AT + timedelta(minutes=minutes), held, more.pop("owner", ""), more.pop("fixed", False))


def two(**more: Any) -> Reps:
    """E1 in Hangzhou, E2 in Shaoxing."""
    return columns([plain("E1", centre=HANGZHOU, **more), plain("E2", centre=SHAOXING, **more)])


def until(past: list[Past], days: float = 1) -> datetime:
    return past[-1].at + timedelta(days=days)


@pytest.mark.spec("LD3.11")
def test_the_policy_decides_who_would_have_got_what() -> None:
    past = [lead(n) for n in range(10)]
    shared, near = play(two(), past, ALWAYS, until(past)), play(two(), past, NEARBY, until(past))
    assert near.owner == ["E1"] * 10
    assert set(shared.owner) == {"E1", "E2"}
    assert near.peak[0] == pytest.approx(10 * 0.60 / 8)
    assert near.peak[1] == 0


@pytest.mark.spec("LD3.11", "LD3.2")
def test_what_a_rep_carried_ends_when_it_ended_in_truth() -> None:
    day = timedelta(days=1)
    past = [lead(n * 24 * 60, Grade.A, held=day / 2) for n in range(12)]
    played = play(two(), past, NEARBY, until(past))
    assert played.owner == ["E1"] * 12
    assert max(played.peak) == 0.13  # 1 / 8, two decimals (LD3.2)


@pytest.mark.spec("LD3.11", "LD3.8")
def test_who_finds_nobody_waits_until_somebody_has_room_the_better_grade_first() -> None:
    hour = timedelta(hours=1)
    full = [lead(n, Grade.A, held=hour if n == 0 else None) for n in range(8)]
    alone = columns([plain("E1", centre=HANGZHOU)])
    past = [*full, lead(20, Grade.C), lead(21, Grade.A)]
    played = play(alone, past, ALWAYS.model_copy(update={"a_leads_per_day": 20}), until(past, 0.5))
    assert played.owner == ["E1"] * 8 + ["", "E1"]
    assert played.wait[9] == timedelta(minutes=39)
    assert max(played.peak) <= 1


@pytest.mark.spec("LD3.11", "LD3.6")
def test_a_lead_of_the_night_waits_for_the_shift() -> None:
    night = lead(60 * 12)
    played = play(two(), [night], AssignmentPolicy(newcomer_quota=0), until([night]))
    assert played.wait == [timedelta(hours=11)]


@pytest.mark.spec("LD3.11")
def test_what_was_given_by_hand_stays_where_it_was_and_weighs() -> None:
    past = [lead(0, owner="E2", fixed=True), lead(1, owner="GONE", fixed=True), lead(2, near=SHAOXING)]
    played = play(two(), past, NEARBY, until(past))
    assert played.owner == ["E2", "GONE", "E2"]
    assert played.wait[:2] == [None, None]
    assert played.peak == [0.0, pytest.approx(2 * 0.60 / 8)]


@pytest.mark.spec("LD3.11")
def test_nobody_gets_a_lead_from_before_the_own_first_day() -> None:
    past = [lead(0), lead(24 * 60 * 20)]
    hired_since = columns([plain("E1", centre=HANGZHOU, tenure_days=-10), plain("E2", centre=SHAOXING)])
    assert play(hired_since, past, NEARBY, until(past)).owner == ["E2", "E1"]


@pytest.mark.spec("LD3.11", "LD3.9")
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 3, 12]))
def test_nobody_ever_carries_too_much_and_every_lead_has_one_end(seed: int, size: int) -> None:
    chance = random.Random(seed)
    roster = columns([plain(f"E{n:02d}", centre=HANGZHOU, closed=10, won=chance.randrange(8)) for n in range(size)])
    minutes = sorted(chance.uniform(0, 60 * 24 * 14) for _ in range(120))
    held = [None if chance.random() < 0.1 else timedelta(hours=chance.uniform(1, 200)) for _ in minutes]
    past = [lead(at, chance.choice(list(Grade)), each) for at, each in zip(minutes, held, strict=True)]
    policy = AssignmentPolicy()
    before = roster.copy()
    played = play(roster, past, policy, until(past))
    assert max(played.peak) <= 1 + 1e-9
    assert len(played.owner) == len(played.wait) == len(past)
    for owner, wait, each in zip(played.owner, played.wait, past, strict=True):
        assert (owner == "") == (wait is None)
        assert wait is None or BusinessCalendar().in_shift(each.at + wait)
    assert np.array_equal(before.open_a, roster.open_a)  # the board's own columns are not played with
    again = play(roster, past, policy, until(past))
    assert (again.owner, again.peak, again.wins) == (played.owner, played.peak, played.wins)


@pytest.mark.spec("LD3.11", "LD3.7")
def test_fairness_is_judged_by_the_last_days_of_the_play() -> None:
    past = [lead(n * 60, held=timedelta(minutes=30)) for n in range(24 * 40)]
    equal = columns([plain(f"E{n}", centre=HANGZHOU) for n in range(4)])
    played = play(equal, past, ALWAYS, until(past, 0))
    assert all(each is not None and each < 0.05 for each in played.drift)


def side_of(owner: list[str], **more: Any) -> Played:
    wait: list[timedelta | None] = [timedelta(minutes=n) if each else None for n, each in enumerate(owner)]
    return Played(owner, wait, peak=[0.5, 0.75], drift=[0.3, None], **more)


@pytest.mark.spec("LD3.11")
def test_the_report_puts_both_side_by_side_in_words() -> None:
    truth, contested = ["E1", "E2", "E1", "E2"], [True, True, True, False]
    live = side_of(["E1", "E1", "", "E2"], wins=0.4, mean_load=0.2, to_newcomers=1, contested_a=4)
    draft = side_of(["E1", "E2", "E2", "E2"], wins=0.9, mean_load=0.3)
    told = report(["E1", "E2"], truth, contested, (live, 0.25), (draft, 0.35))
    assert (told.leads, told.contested, told.moved) == (4, 3, 2)
    assert (told.live.assigned, told.live.unassigned, told.live.newcomer_share, told.live.drifted) == (2, 1, 0.25, 1)
    assert (told.draft.unassigned, told.draft.newcomer_share, told.draft.drifted) == (0, None, 0)
    assert [(each.employee_id, each.truth, each.live, each.draft) for each in told.reps] == [
        ("E2", 2, 1, 3),
        ("E1", 2, 2, 1),
    ]
    assert told.words[0] == "2 of 3 leads (67%) would go to somebody else."
    assert told.words_zh[1] == "A 级线索预计赢单：现行策略 0.4，草案 0.9（+0.5）。"


# -- through the service's doors ---------------------------------------------------------------------------------------


def replays(company: Company) -> ReplayServiceStub:
    return ReplayServiceStub(company.rpc(company.service, as_=as_hq()))


@pytest.mark.spec("LD3.11")
def test_a_draft_is_played_over_the_company_s_own_leads_and_changes_nothing(company: Company) -> None:
    company.hire("E1", "E2")
    for employee_id, (latitude, longitude) in (("E1", HANGZHOU), ("E2", SHAOXING)):
        centre = lead_pb2.Position(latitude=latitude, longitude=longitude, datum=lead_pb2.DATUM_WGS84)
        company.profile(employee_id, territory_centre=centre)
    for at in range(6):
        company.capture(f"第{at}公司", phone=f"1390000{at:04d}", city="杭州")
        company.clock.advance(timedelta(minutes=20))
    before = [company.get(each.lead_id) for each in company.leads().ListLeads(lead_pb.ListLeadsRequest()).leads]
    version = draft(company, {"weights": {"load": 0.0, "conversion": 0.0, "region": 1.0}})
    started = replays(company).StartReplay(pb.StartReplayRequest(request_id=new_id(), version=version)).replay
    assert (started.state, started.days, started.HasField("report")) == ("running", 90, False)
    assert run_replays(company.app.assigner, ASSIGNMENT) == 1
    assert run_replays(company.app.assigner, ASSIGNMENT) == 0
    done = replays(company).GetReplay(pb.GetReplayRequest(replay_id=started.replay_id)).replay
    assert (done.state, done.draft_version, done.live_version) == ("done", version, 0)
    assert (done.report.leads, done.report.contested, done.report.live.assigned) == (6, 6, 6)
    truth = {each.employee_id: each.truth for each in done.report.reps}
    assert truth == {each: sum(lead.owner_id == each for lead in before) for each in ("E1", "E2")}
    assert {each.name for each in done.report.reps} == {"员工E1", "员工E2"}
    assert "of 6 leads" in done.report.words[0]
    assert [company.get(each.lead_id) for each in before] == before
    [listed] = replays(company).ListReplays(pb.ListReplaysRequest()).replays
    assert listed.replay_id == started.replay_id


@pytest.mark.spec("LD3.11", "LD1.4", "LD1.6")
def test_only_leads_that_somebody_had_to_work_on_are_played(company: Company) -> None:
    """Disqualified before anybody had it, one would be carried for ever."""

    def refuse(lead: lead_pb2.Lead, as_: Identity) -> None:
        request = lead_pb.DisqualifyLeadRequest(request_id=new_id(), lead_id=lead.lead_id, reason="空号")
        company.leads(as_).DisqualifyLead(request)

    refuse(company.capture("无人公司", phone="13900000009").lead, as_manager())
    company.hire("E1")
    kept, twin, refused = (company.capture(f"第{n}公司", phone=f"1390000000{n}").lead for n in range(3))
    merge(company, kept.lead_id, twin.lead_id)
    revert(company, run(company, table([line(n) for n in range(1, 4)])).import_id)
    refuse(refused, as_rep("E1", UNIT))
    with company.service.uow.read(of_service("leads")) as tx:
        played = store.past(tx, AT - timedelta(days=30), company.clock.now())
    still_open = {str(each.wanted.lead_id): each.held is None for each in played}
    assert still_open == {kept.lead_id: True, refused.lead_id: False}


@pytest.mark.spec("LD3.11")
def test_a_version_that_does_not_exist_is_not_played(company: Company) -> None:
    with pytest.raises(NotFound):
        replays(company).StartReplay(pb.StartReplayRequest(request_id=new_id(), version=7))
    with pytest.raises(NotFound):
        replays(company).GetReplay(pb.GetReplayRequest(replay_id=new_id()))


def draft(company: Company, body: dict[str, Any]) -> int:
    stub = PolicyServiceStub(company.rpc(company.service, as_=as_hq("E00700", "ops")))
    request = policy_pb.DraftPolicyRequest(request_id=new_id(), name="assignment", reason="更看重距离")
    request.body.update(body)
    return stub.DraftPolicy(request).policy.version
