"""Who gets a lead, on the real database and through the real door."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from chassis.errors import FailedPrecondition, InvalidInput, NotFound, PermissionDenied
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.leads.v1 import assignment_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from leads import tables
from leads.assignment import decision_store
from leads.assignment.assign_leads import assign_lead
from leads.assignment.drain_waiting import drain_waiting
from leads.assignment.explain_assignment import contest_then
from leads.assignment.measure_rules import measured
from leads.bootstrap import build
from leads.lead.rules import State
from leads.policies import ASSIGNMENT
from leads.settings import LeadsSettings

from .company import HANGZHOU, Company


def owners(company: Company) -> Counter[str]:
    with company.service.runtime.database.connect() as conn:
        rows = conn.execute(select(tables.lead.c.owner_id).where(tables.lead.c.owner_id != ""))
        return Counter(rows.scalars())


@pytest.mark.spec("LD3.1", "LD3.10", "LD1.1")
def test_a_captured_lead_has_its_owner_in_the_answer_and_the_reason_in_words(company: Company) -> None:
    company.hire("E1", name="李娜")
    company.hire("E2", name="张伟")
    company.profile("E1", city="杭州", province="浙江")
    company.profile("E2", city="上海", province="上海")
    lead = company.capture_a(city="杭州市", province="浙江省")
    assert (lead.owner_id, lead.owner_name, lead.state) == ("E1", "李娜", lead_pb2.LEAD_STATE_ASSIGNED)

    told = company.explain(lead.lead_id, why_not="E2")
    assert "李娜" in told.summary_zh
    assert "0.4×1.00" in told.summary
    assert told.decision.winner_id == "E1"
    assert [each.employee_id for each in told.decision.candidates] == ["E1", "E2"]
    assert {part.name: round(part.value, 2) for part in told.why_not.parts} == {
        "load": 1.0,
        "conversion": 0.5,
        "region": 0.0,
    }
    assert told.why_not_summary.startswith("张伟 scored 0.575, 0.250 below 李娜")
    assert "区域" in told.why_not_summary_zh
    assert told.decision.filtered == {"not_a_rep": 1}


@pytest.mark.spec("LD3.10")
def test_why_not_is_recomputed_from_the_inputs_as_they_were(company: Company) -> None:
    company.hire("E1", "E2", "E3")
    company.profile("E1", territory_centre=position(*HANGZHOU), territory_radius_km=5)
    company.profile("E2", territory_centre=position(30.4, 120.3), territory_radius_km=5)
    company.closed("E2", won=4, lost=6)
    company.capture_a("甲公司", phone="13800000001")
    lead = company.capture_a("乙公司", position=position(30.3, 120.2), phone="13800000002")
    company.profile("E3", territory_centre=position(*HANGZHOU), grades=[lead_pb2.GRADE_C], baseline=3)
    company.closed("E3", won=9, lost=1)
    company.hire("E2", version=2, status="departed", manager_id="M9")
    for number in range(5):
        company.capture(f"丙{number}公司", phone=f"1390000000{number}")

    with company.service.uow.read(as_hq()) as tx:
        row = decision_store.latest(tx, lead.lead_id)
        assert row is not None
        again = contest_then(tx, row, ASSIGNMENT)
        recomputed = [
            measured(again, at) | {"age_seconds": None}
            for at in (again.reps.find(each["employee_id"]) for each in row.body["candidates"])
            if at is not None
        ]
    stored = [each | {"age_seconds": None} for each in row.body["candidates"]]
    assert len(stored) == 3
    assert recomputed == stored
    assert (again.survey.mean_load, again.survey.filtered) == (row.body["mean_load"], row.body["filtered"])


@pytest.mark.spec("LD3.10")
def test_why_not_names_the_filter_with_its_figures(company: Company) -> None:
    company.hire("E1")
    company.hire("E2", status="on_leave")
    company.profile("E3", baseline=8)
    company.hire("E3")
    give_open_leads(company, "E3", open_a=7, open_c=1)
    lead = company.capture_a()
    assert company.explain(lead.lead_id, "E2").why_not_summary == "员工E2 was on leave."
    assert company.explain(lead.lead_id, "E3").why_not_summary == "员工E3 had no room: load 92%, 7.36 of 8."
    assert company.explain(lead.lead_id, "E3").why_not_summary_zh == "员工E3没有余量：负荷 92%（7.36 / 8）。"
    with pytest.raises(NotFound) as refused:
        company.explain(lead.lead_id, "E999")
    assert refused.value.reason == "EMPLOYEE_NOT_FOUND"


@pytest.mark.spec("LD3.6", "LD3.7")
def test_equal_reps_take_turns_and_nobody_drifts(company: Company) -> None:
    company.hire("E1", "E2", "E3", "E4")
    for number in range(12):
        company.clock.advance(timedelta(seconds=1))
        company.capture(f"第{number}公司")
    assert set(owners(company).values()) == {3}
    reps = company.assignment().ListRepLoads(pb.ListRepLoadsRequest()).reps
    assert [each.employee_id for each in reps] == ["E1", "E2", "E3", "E4"]
    assert [each.owed["C"] for each in reps] == pytest.approx([3.0] * 4)
    assert [each.received["C"] for each in reps] == [3.0] * 4
    assert [each.load for each in reps] == pytest.approx([0.14] * 4)


@pytest.mark.spec("LD3.7")
def test_fair_turns_are_the_same_for_a_process_that_starts_later(company: Company) -> None:
    company.hire("E1", "E2", "E3")
    for number in range(7):
        company.capture(f"第{number}公司")
    policy = company.app.assigner.policy()[1]
    now = company.clock.now()
    from leads.assignment.board import Board
    from leads.lead.rules import Grade

    fresh = Board(company.service.runtime.database).view(now, policy).reps
    known = company.app.assigner.board.view(now, policy).reps
    assert list(fresh.owed[Grade.C]) == pytest.approx(list(known.owed[Grade.C]))
    assert list(fresh.received[Grade.C]) == list(known.received[Grade.C])
    assert list(fresh.revision) == list(known.revision)


@pytest.mark.spec("LD3.5")
def test_high_load_weights_stay_until_the_mean_falls_below_75_percent(company: Company) -> None:
    company.hire("E1", "E2")
    give_open_leads(company, "E1", open_a=7)
    give_open_leads(company, "E2", open_a=6)
    first = company.capture_a("甲公司", phone="13800000001")
    decision = company.explain(first.lead_id).decision
    assert (decision.mean_load, decision.high_load_weights) == (pytest.approx(0.815), True)
    give_open_leads(company, "E1", open_a=6)
    give_open_leads(company, "E2", open_a=6)
    second = company.capture("乙公司", phone="13800000002").lead
    assert company.explain(second.lead_id).decision.high_load_weights is False, "C leads have a mode of their own"
    third = company.capture_a("丙公司", phone="13800000003")
    decision = company.explain(third.lead_id).decision
    assert (decision.mean_load >= 0.75, decision.high_load_weights) == (True, True)


@pytest.mark.spec("LD3.9", "P7.1")
def test_many_threads_on_two_replicas_never_overfill_a_rep_nor_share_a_lead(company: Company) -> None:
    company.hire("E1", "E2", "E3")
    company.profile("E1", baseline=3)
    company.directory.away = True
    leads = [company.capture_a(f"第{number}公司", phone=f"1380000{number:04d}").lead_id for number in range(30)]
    company.directory.away = False
    settings = LeadsSettings(files_url="/tmp")
    other = build(
        settings,
        clock=company.clock,
        database=company.service.runtime.database,
        keyring=company.service.runtime.keyring,
        directory=company.directory,
    )
    assigners = [company.app.assigner, other.app.assigner]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: assign_lead(assigners[n % 2], leads[n // 2]), range(len(leads) * 2)))
    other.runtime.policies.close()
    drain_waiting(company.app.assigner)
    assert owners(company) == {"E1": 3, "E2": 8, "E3": 8}
    with company.service.runtime.database.connect() as conn:
        most = conn.scalar(text("SELECT max(n) FROM (SELECT count(*) AS n FROM assignment GROUP BY lead_id) AS each"))
        counted = conn.execute(text("SELECT employee_id, open_a, a_taken FROM rep WHERE open_a > 0 ORDER BY 1")).all()
    assert most == 1
    assert [tuple(row) for row in counted] == [("E1", 3, 3), ("E2", 8, 8), ("E3", 8, 8)]
    assert len(company.events("leads.assigned")) == 19


@pytest.mark.spec("LD3.6", "LD3.8")
def test_when_everybody_is_full_leads_queue_and_drain_by_grade_then_time_when_room_comes(company: Company) -> None:
    company.hire("E1")
    company.profile("E1", baseline=1)
    first = company.capture_a("甲公司", phone="13800000001")
    c_lead = company.capture("乙公司").lead
    a_lead = company.capture_a("丙公司", phone="13800000002")
    assert (c_lead.state, a_lead.state) == (lead_pb2.LEAD_STATE_QUEUED,) * 2
    waiting = company.assignment().ListWaiting(pb.ListWaitingRequest()).waiting
    assert [each.lead.lead_id for each in waiting] == [a_lead.lead_id, c_lead.lead_id]
    assert waiting[0].reason == "Everybody is full or off shift."
    assert [each.message.reason for each in company.events("leads.assignment_held")] == ["no_capacity"] * 2

    assert drain_waiting(company.app.assigner) == 0
    assert len(company.events("leads.assignment_held")) == 2, "told once, not at every try"
    disqualify(company, first)
    assert drain_waiting(company.app.assigner) == 1
    assert company.get(a_lead.lead_id).owner_id == "E1"
    assert company.get(c_lead.lead_id).state == lead_pb2.LEAD_STATE_QUEUED


@pytest.mark.spec("LD3.13")
def test_a_rep_left_out_for_load_is_told_so_once_a_day(company: Company) -> None:
    company.hire("E1", "E2")
    give_open_leads(company, "E1", open_a=7, open_c=1)
    for number in range(3):
        company.capture_a(f"第{number}公司", phone=f"1380000000{number}")
    told = [each.message for each in company.events("leads.rep_passed_over")]
    assert [(each.employee_id, each.load, each.weighted, each.baseline) for each in told] == [("E1", 0.92, 7.36, 8)]
    company.clock.advance(timedelta(days=1))
    company.capture_a("后来公司", phone="13800000009")
    assert [each.message.day for each in company.events("leads.rep_passed_over")] == ["2026-03-10", "2026-03-11"]


@pytest.mark.spec("LD3.8")
def test_nobody_starves_behind_leads_that_nobody_can_take(company: Company) -> None:
    company.hire("E1")
    company.profile("E1", industries=["教育"])
    with company.service.runtime.database.begin() as conn:
        conn.execute(
            text("""
                INSERT INTO lead
                    (lead_id, state, company_name, name_key, channel, industry, captured_at, last_touch_at)
                SELECT gen_random_uuid(), CASE WHEN n = 700 THEN 'new' ELSE 'queued' END, 'x', 'x', 'expo',
                    CASE WHEN n < 700 THEN '制造' ELSE '教育' END, :at, :at
                FROM generate_series(1, 701) AS n
            """),
            {"at": company.clock.now()},
        )
    assert drain_waiting(company.app.assigner) == 2


@pytest.mark.spec("LD3.8")
def test_one_lead_that_cannot_be_decided_on_holds_up_nobody(company: Company) -> None:
    company.directory.away = True
    company.hire("E1")
    broken, good = company.capture("甲公司").lead, company.capture("乙公司").lead
    company.directory.away = False
    with company.service.runtime.database.begin() as conn:
        conn.execute(update(tables.lead).where(tables.lead.c.lead_id == broken.lead_id).values(grade="Z"))
    assert drain_waiting(company.app.assigner) == 1
    assert company.get(good.lead_id).owner_id == "E1"


@pytest.mark.spec("LD3.8")
def test_every_new_lead_learns_why_it_waits(company: Company) -> None:
    company.directory.away = True
    company.hire("E1")
    with company.service.runtime.database.begin() as conn:
        conn.execute(
            text(
                "INSERT INTO lead (lead_id, state, company_name, name_key, channel, captured_at, last_touch_at)"
                " SELECT gen_random_uuid(), 'new', 'x', 'x', 'expo', :at, :at FROM generate_series(1, 5)"
            ),
            {"at": company.clock.now()},
        )
    drain_waiting(company.app.assigner)
    assert [each.message.reason for each in company.events("leads.assignment_held")] == ["unverified"] * 5


@pytest.mark.spec("LD3.6")
def test_outside_the_shift_leads_queue_until_it_starts(company: Company) -> None:
    company.hire("E1")
    company.clock.set(company.clock.now() + timedelta(hours=10))  # 20:00
    lead = company.capture().lead
    assert lead.state == lead_pb2.LEAD_STATE_QUEUED
    company.clock.set(company.clock.now() + timedelta(hours=13))  # 09:00 of the next workday
    assert drain_waiting(company.app.assigner) == 1
    assert company.get(lead.lead_id).owner_id == "E1"


@pytest.mark.spec("LD3.6")
def test_nobody_gets_a_ninth_a_lead_of_the_day(company: Company) -> None:
    company.hire("E1")
    company.profile("E1", baseline=100)
    states = [company.capture_a(f"第{n}公司", phone=f"1380000000{n}").state for n in range(9)]
    assert Counter(states) == {lead_pb2.LEAD_STATE_ASSIGNED: 8, lead_pb2.LEAD_STATE_QUEUED: 1}
    company.clock.advance(timedelta(days=1))
    assert drain_waiting(company.app.assigner) == 1


@pytest.mark.spec("LD4.1", "LD4.2")
@pytest.mark.parametrize("status", ["frozen", "disabled", "departed"])
def test_who_is_not_active_gets_nothing_even_when_the_roster_has_not_heard_of_it(company: Company, status: str) -> None:
    company.hire("E1", "E2")
    company.directory.status["E1"] = status
    lead = company.capture_a()
    assert lead.owner_id == "E2"
    told = company.explain(lead.lead_id, "E1")
    assert told.why_not_summary == "员工E1 was refused by the account check: not active."
    assert told.why_not.status_age_seconds == 0


@pytest.mark.spec("LD4.2")
def test_an_answer_older_than_15_minutes_verifies_nobody(company: Company) -> None:
    company.hire("E1", "E2")
    company.directory.as_of["E1"] = company.clock.now() - timedelta(minutes=15, seconds=1)
    company.directory.as_of["E2"] = company.clock.now() - timedelta(minutes=15)
    assert company.capture_a().owner_id == "E2"


@pytest.mark.spec("LD4.2", "LD3.8")
def test_while_nobody_can_be_verified_leads_are_held_and_assigned_when_the_directory_is_back(company: Company) -> None:
    company.hire("E1", "E2")
    company.directory.away = True
    held = [company.capture(f"第{n}公司").lead for n in range(3)]
    assert {each.state for each in held} == {lead_pb2.LEAD_STATE_HELD}
    assert [each.message.reason for each in company.events("leads.assignment_held")] == ["unverified"] * 3
    assert company.timeline(held[0].lead_id) == ["captured", "held"]
    assert drain_waiting(company.app.assigner) == 0
    company.directory.away = False
    assert drain_waiting(company.app.assigner) == 3
    assert [company.get(each.lead_id).state for each in held] == [lead_pb2.LEAD_STATE_ASSIGNED] * 3


@pytest.mark.spec("LD3.6", "LD4.1")
def test_the_best_five_are_probed_in_one_batch_then_the_next_five(company: Company) -> None:
    company.hire(*(f"E{n}" for n in range(1, 8)))
    for n in range(1, 6):
        company.directory.status[f"E{n}"] = "departed"
    assert company.capture_a().owner_id == "E6"
    assert company.directory.asked == [("E1", "E2", "E3", "E4", "E5"), ("E6", "E7")]


@pytest.mark.spec("LD4.1")
def test_active_answers_are_remembered_until_an_event_says_otherwise(company: Company) -> None:
    company.hire("E1", "E2")
    company.capture("甲公司")
    company.capture("乙公司")
    assert len(company.directory.asked) == 1
    company.directory.status["E1"] = "departed"
    company.hire("E1", version=2, status="departed")
    company.hire("E2", version=2, name="新名")
    assert company.capture("丙公司").lead.owner_id == "E2"
    assert company.directory.asked[-1] == ("E2",)


@pytest.mark.spec("LD4.4")
def test_a_disabled_account_with_no_load_is_no_candidate(company: Company) -> None:
    company.hire("E1", status="disabled")
    company.hire("E2")
    give_open_leads(company, "E2", open_a=5)
    assert company.capture_a().owner_id == "E2"


@pytest.mark.spec("LD1.3", "LD4.1")
def test_a_lead_of_a_customer_goes_to_the_customers_owner_unless_gone(company: Company) -> None:
    company.hire("E1", "E2", "E3")
    import_customer(company, "C1", "杭州云启科技有限公司", owner_id="E3", phone="0571-88880001")
    lead = company.capture("云启科技", phone="057188880001").lead
    assert (lead.owner_id, bool(lead.customer_id)) == ("E3", True)
    assert company.explain(lead.lead_id).summary == "It went to 员工E3, who owns the customer."
    assert company.events("leads.assigned")[-1].message.how == "customer_owner"

    company.clock.advance(timedelta(days=91))
    company.directory.status["E3"] = "departed"
    company.hire("E3", version=2, status="departed")
    assert company.capture("云启科技", phone="057188880001").lead.owner_id == "E1"


@pytest.mark.spec("LD3.14", "LD4.2")
def test_a_manager_assigns_by_hand_with_a_reason(company: Company) -> None:
    company.hire("E1", "E2")
    lead = company.capture()
    answer = by_hand(company, lead.lead.lead_id, "E2", "客户点名")
    assert (answer.owner_id, answer.owner_name) == ("E2", "员工E2")
    assert company.explain(lead.lead.lead_id).summary == "员工E00100 gave it to 员工E2 by hand: 客户点名"
    assert [each.message.how for each in company.events("leads.assigned")] == ["automatic", "manual"]
    with company.service.runtime.database.connect() as conn:
        audit = conn.execute(text("SELECT action, why, actor FROM audit_row WHERE action = 'lead.assign'")).one()
        loads = conn.execute(text("SELECT employee_id, open_c FROM rep WHERE employee_id <> 'M1' ORDER BY 1")).all()
    assert tuple(audit) == ("lead.assign", "客户点名", "E00100")
    assert [tuple(row) for row in loads] == [("E1", 0), ("E2", 1)]


@pytest.mark.spec("LD4.2")
def test_by_hand_last_known_active_is_enough_but_known_otherwise_never_is(company: Company) -> None:
    company.hire("E1", "E2", "E3")
    lead = company.capture().lead
    company.directory.away = True
    company.app.assigner.probe.forget(["E1", "E2", "E3"])
    assert by_hand(company, lead.lead_id, "E2").owner_id == "E2"
    company.hire("E3", version=2, status="frozen")
    with pytest.raises(FailedPrecondition) as refused:
        by_hand(company, lead.lead_id, "E3")
    assert refused.value.reason == "REP_NOT_AVAILABLE"
    company.directory.away = False
    company.directory.status["E1"] = "departed"
    with pytest.raises(FailedPrecondition, match="inactive"):
        by_hand(company, lead.lead_id, "E1")


@pytest.mark.spec("LD3.14", "P1.4")
def test_by_hand_only_within_the_managers_own_team(company: Company) -> None:
    company.hire("E1")
    company.hire("E9", unit="/HQ/WEST/CD1/")
    lead = company.capture().lead
    with pytest.raises(PermissionDenied):
        by_hand(company, lead.lead_id, "E1", as_=as_rep("E1"))
    with pytest.raises(NotFound) as refused:
        by_hand(company, lead.lead_id, "E9")
    assert refused.value.reason == "EMPLOYEE_NOT_FOUND"
    with pytest.raises(NotFound) as refused:
        by_hand(company, lead.lead_id, "E9", as_=as_manager("M9", "/HQ/WEST/CD1/"))
    assert refused.value.reason in ("LEAD_NOT_FOUND", "EMPLOYEE_NOT_FOUND")


@pytest.mark.spec("LD3.3")
def test_closed_leads_of_the_past_count_once_and_move_the_score(company: Company) -> None:
    company.hire("E1", "E2")
    row = pb.ClosedLead(external_id="X1", owner_id="E2", grade=lead_pb2.GRADE_A, won=True)
    row.closed_at.FromDatetime(company.clock.now() - timedelta(days=2))
    request = pb.ImportClosedLeadsRequest(leads=[row, row])
    door = company.assignment()
    request.request_id = new_id()
    assert door.ImportClosedLeads(request).taken == 1
    request.request_id = new_id()
    assert door.ImportClosedLeads(request).skipped == 2
    company.closed("E1", won=0, lost=9)
    assert company.capture_a().owner_id == "E2"
    row.closed_at.FromDatetime(company.clock.now() + timedelta(days=1))
    with pytest.raises(InvalidInput, match="future"):
        door.ImportClosedLeads(pb.ImportClosedLeadsRequest(request_id=new_id(), leads=[row]))


@pytest.mark.spec("LD3.3")
def test_a_lead_that_closed_more_than_thirty_days_ago_counts_no_longer(company: Company) -> None:
    company.hire("E1")
    company.closed("E1", won=1, lost=0, days_ago=30)

    def conversion() -> float:
        return company.assignment().ListRepLoads(pb.ListRepLoadsRequest()).reps[0].conversion

    assert conversion() == 1.0
    company.clock.advance(timedelta(seconds=1))
    assert conversion() == 0.0


@pytest.mark.spec("LD3.3")
def test_deals_won_and_lost_in_forecast_close_their_leads(company: Company) -> None:
    from closeloop.forecast.v1.events_pb2 import OpportunityLost, OpportunityWon

    company.hire("E1")
    lead, other = company.capture_a("甲公司", phone="13800000001"), company.capture_a("乙公司", phone="13800000002")
    won = OpportunityWon(opportunity_id=new_id(), lead_id=lead.lead_id, owner_id="E1")
    lost = OpportunityLost(opportunity_id=new_id(), lead_id=other.lead_id, owner_id="E1")
    for event, at in ((won, won.won_at), (lost, lost.lost_at)):
        at.FromDatetime(company.clock.now())
        deliver(company.service, event, times=2)
    with company.service.runtime.database.connect() as conn:
        rows = conn.execute(text("SELECT external_id, won FROM closed_lead")).all()
    assert {tuple(row) for row in rows} == {(lead.lead_id, True), (other.lead_id, False)}
    assert company.assignment().ListRepLoads(pb.ListRepLoadsRequest()).reps[0].conversion == pytest.approx(0.5)


@pytest.mark.spec("LD3.3")
def test_the_team_is_the_unit_of_the_reps_manager_in_whatever_order_they_become_known(company: Company) -> None:
    company.hire("E1", manager_id="M5", unit="/HQ/EAST/HZ1/A/")
    company.hire("M5", position="team_manager", duties=["manager"], unit="/HQ/EAST/HZ5/", manager_id="D1")
    with company.service.runtime.database.connect() as conn:
        assert conn.scalar(text("SELECT team FROM rep WHERE employee_id = 'E1'")) == "/HQ/EAST/HZ5/"


@pytest.mark.spec("P3.2")
def test_an_older_version_of_an_employee_that_comes_late_changes_nothing(company: Company) -> None:
    company.hire("E1", version=3, status="departed")
    company.hire("E1", version=2, status="active")
    with company.service.runtime.database.connect() as conn:
        assert tuple(conn.execute(text("SELECT version, status FROM rep WHERE employee_id = 'E1'")).one()) == (
            3,
            "departed",
        )


@pytest.mark.spec("LD3.7")
def test_drift_above_a_quarter_raises_an_alert(company: Company) -> None:
    from leads.assignment.alert_drift import alert_drift

    company.hire("E1", "E2")
    with company.service.runtime.database.begin() as conn:
        for _ in range(12):
            conn.execute(
                text(
                    "INSERT INTO decision (decision_id, lead_id, at, grade, policy_version, outcome, winner_id, body,"
                    " band, band_size) SELECT :id, :id, :at, 'B', 0, 'assigned', 'E1', '{}', :band, 2"
                ),
                {"id": new_id(), "at": company.clock.now(), "band": b"\x06"},
            )
    assert alert_drift(company.app.assigner) == 2
    drifted = {each.message.employee_id: each.message.drift for each in company.events("leads.fairness_drifted")}
    assert drifted == {"E1": pytest.approx(1.0), "E2": pytest.approx(1.0)}


def test_a_lead_that_is_taken_already_stays_where_it_is(company: Company) -> None:
    company.hire("E1")
    lead = company.capture().lead
    assert assign_lead(company.app.assigner, lead.lead_id) is State.ASSIGNED
    assert len(company.events("leads.assigned")) == 1


def position(latitude: float, longitude: float) -> lead_pb2.Position:
    return lead_pb2.Position(latitude=latitude, longitude=longitude, datum=lead_pb2.DATUM_WGS84)


def give_open_leads(company: Company, employee_id: str, **counts: int) -> None:
    """As if the rep had them from before."""
    with company.service.runtime.database.begin() as conn:
        conn.execute(update(tables.rep).where(tables.rep.c.employee_id == employee_id).values(counts))


def disqualify(company: Company, lead: lead_pb2.Lead) -> None:
    from closeloop.leads.v1 import lead_service_pb2

    request = lead_service_pb2.DisqualifyLeadRequest(request_id=new_id(), lead_id=lead.lead_id, reason="无需求")
    company.leads(as_rep(lead.owner_id)).DisqualifyLead(request)


def by_hand(
    company: Company, lead_id: str, employee_id: str, reason: str = "调整", as_: object = None
) -> lead_pb2.Lead:
    request = pb.AssignLeadRequest(request_id=new_id(), lead_id=lead_id, employee_id=employee_id, reason=reason)
    answer = company.assignment(as_ or as_manager()).AssignLead(request)  # type: ignore[arg-type]
    return answer.lead


def import_customer(company: Company, code: str, name: str, **changes: str) -> None:
    from closeloop.leads.v1 import customer_service_pb2

    row = customer_service_pb2.CustomerRow(customer_code=code, name=name, **changes)
    request = customer_service_pb2.ImportCustomersRequest(request_id=new_id(), customers=[row])
    assert company.customers().ImportCustomers(request).created == 1
