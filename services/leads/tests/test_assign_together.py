"""Leads that are assigned together: as one after the other, in one transaction, and no lead pays for its neighbour."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from chassis.testing.identity import as_hq
from leads import tables
from leads.assignment import decision_store, settle_store
from leads.assignment.assign_leads import assign_leads
from leads.assignment.explain_assignment import contest_then
from leads.assignment.measure_rules import measured
from leads.capture.capture_lead import capture_lead
from leads.capture.policy import CapturePolicy
from leads.capture.rules import Arrival
from leads.grading.policy import GradingPolicy
from leads.lead import store
from leads.lead.rules import Position, Qualification, State
from leads.policies import ASSIGNMENT

from .company import Company
from .test_assignment import position

KNOWN = Qualification(first_touch_due_hours=24, budget_confirmed=True, decision_chain=("总经理",))
NEAR = Position(30.25, 120.17)


def taken_in(company: Company, count: int, *, a_leads: bool = True, **fields: Any) -> list[str]:
    """Leads that wait and were not decided on."""
    arrival = {"channel": "expo", "qualification": KNOWN if a_leads else Qualification()} | fields
    if "city" not in fields:
        arrival |= {"position": NEAR, "datum": "wgs84"}
    found = []
    for number in range(count):
        with company.service.uow.begin(as_hq()) as tx:
            sent = Arrival(company_name=f"第{number}公司", **arrival)
            found.append(capture_lead(tx, sent, CapturePolicy(), GradingPolicy()).lead_id)
            tx.commit()
    return found


def owners_of(company: Company, lead_ids: list[str]) -> list[str]:
    with company.service.uow.read(as_hq()) as tx:
        found = {each.lead_id: each for each in store.all_of(tx, lead_ids)}
    return [found[each].owner_id for each in lead_ids]


def a_team(company: Company) -> None:
    company.hire("E1", "E2", "E3", "E4")
    company.hire("E5", hired_on="2026-02-01")
    for number in range(1, 6):
        centre = position(30.2 + number / 40, 120.17)
        company.profile(f"E{number}", territory_centre=centre, territory_radius_km=5, baseline=4)
    company.closed("E2", won=4, lost=6)


@pytest.mark.spec("LD3.6")
def test_leads_that_come_together_go_where_they_would_go_one_by_one(company: Company) -> None:
    """Two teams alike in two cities: the leads of one come together."""
    for letter, city in (("E", "杭州"), ("F", "深圳")):
        for number in range(1, 5):
            company.hire(f"{letter}{number}", manager_id=f"M{letter}", unit=f"/HQ/{letter}/")
            company.profile(f"{letter}{number}", city=city, baseline=number)
        company.closed(f"{letter}2", won=4, lost=6)
    alone, together = (taken_in(company, 12, a_leads=False, city=city) for city in ("杭州", "深圳"))
    for each in alone:
        assign_leads(company.app.assigner, [each])
    assign_leads(company.app.assigner, together)
    owners = owners_of(company, alone)
    assert [each.replace("F", "E") for each in owners_of(company, together)] == owners
    assert len(set(owners)) == 4


@pytest.mark.spec("LD3.6")
def test_least_recently_assigned_says_the_same_within_a_batch(company: Company) -> None:
    """After a turn of three a lead comes that only the first can take: the next turn starts with the second."""
    waiting = {}
    for letter, city in (("E", "杭州"), ("F", "深圳")):
        for number in range(1, 4):
            company.hire(f"{letter}{number}", manager_id=f"M{letter}", unit=f"/HQ/{letter}/")
            industries = [] if number == 1 else ["医疗"]
            company.profile(f"{letter}{number}", city=city, baseline=40, industries=industries)
        kinds = ["医疗"] * 3 + ["教育"] + ["医疗"] * 3
        waiting[letter] = [taken_in(company, 1, a_leads=False, city=city, industry=each)[0] for each in kinds]
    for each in waiting["E"]:
        assign_leads(company.app.assigner, [each])
        company.clock.advance(timedelta(microseconds=1))
    assign_leads(company.app.assigner, waiting["F"])
    owners = owners_of(company, waiting["E"])
    assert owners == ["E1", "E2", "E3", "E1", "E2", "E3", "E1"]
    assert [each.replace("F", "E") for each in owners_of(company, waiting["F"])] == owners


@pytest.mark.spec("LD3.10")
def test_why_not_is_recomputed_with_what_the_batch_had_given_before(company: Company) -> None:
    a_team(company)
    leads = taken_in(company, 8)
    assign_leads(company.app.assigner, leads)
    company.clock.advance(timedelta(minutes=1))
    assign_leads(company.app.assigner, taken_in(company, 3))
    for lead_id in leads:
        with company.service.uow.read(as_hq()) as tx:
            row = decision_store.latest(tx, lead_id)
            assert row is not None
            again = contest_then(tx, row, ASSIGNMENT)
        stored = [each | {"age_seconds": None} for each in row.body["candidates"]]
        found = [again.reps.find(each["employee_id"]) for each in stored]
        assert [measured(again, at) for at in found if at is not None] == stored
        assert (again.survey.mean_load, again.survey.filtered) == (row.body["mean_load"], row.body["filtered"])


@pytest.mark.spec("LD3.9")
def test_a_batch_fills_nobody_above_the_baseline_and_the_rest_waits(company: Company) -> None:
    a_team(company)
    leads = taken_in(company, 24)
    found = assign_leads(company.app.assigner, leads)
    states = Counter(each.state for each in found.leads.values())
    assert states == {State.ASSIGNED: 20, State.QUEUED: 4}
    assert Counter(owners_of(company, leads)) == {"E1": 4, "E2": 4, "E3": 4, "E4": 4, "E5": 4, "": 4}
    with company.service.uow.read(as_hq()) as tx:
        assert set(tx.execute(select(tables.rep.c.open_a).where(tables.rep.c.open_a > 0)).scalars()) == {4}


@pytest.mark.spec("LD4.2", "LD3.6")
def test_who_is_refused_in_a_batch_is_refused_for_each_of_its_leads(company: Company) -> None:
    a_team(company)
    company.directory.status["E2"] = "frozen"
    leads = taken_in(company, 6)
    assign_leads(company.app.assigner, leads)
    owners = owners_of(company, leads)
    assert "E2" not in owners
    assert "" not in owners
    assert company.explain(leads[0], "E2").why_not_summary == "员工E2 was refused by the account check: not active."


@pytest.mark.spec("LD3.9")
def test_a_rep_who_was_given_something_meanwhile_is_decided_on_anew(company: Company) -> None:
    a_team(company)
    leads = taken_in(company, 4)

    def somebody_else() -> None:
        company.directory.meanwhile = lambda: None
        with company.service.runtime.database.begin() as conn:
            conn.execute(update(tables.rep).where(tables.rep.c.employee_id == "E2").values(open_a=4))

    company.directory.meanwhile = somebody_else
    assign_leads(company.app.assigner, leads)
    owners = owners_of(company, leads)
    assert "E2" not in owners
    assert "" not in owners


@pytest.mark.spec("LD3.6")
def test_leads_given_in_the_same_batch_count_for_the_newcomers_quota(company: Company) -> None:
    company.hire("E1", "E2", "E3", "E4")
    company.hire("E5", hired_on="2026-02-01")
    company.profile("E5", territory_centre=position(22.5, 114.06))
    for number in range(1, 5):
        company.profile(f"E{number}", territory_centre=position(30.25, 120.17), territory_radius_km=30)
    leads = taken_in(company, 12)
    assign_leads(company.app.assigner, leads)
    owners = owners_of(company, leads)
    assert owners.index("E5") == 10, "of ten A leads none went to a newcomer: the eleventh does"


@pytest.mark.spec("LD3.12")
def test_an_assignment_finds_its_rep_among_thousands_by_the_key(company: Company) -> None:
    """Without reading the others: that would take longer than all else that an assignment writes."""
    company.hire("E1")
    [lead_id] = taken_in(company, 1)
    with company.service.uow.begin(as_hq()) as tx:
        tx.execute(
            text("""
                INSERT INTO rep (employee_id, version, name, status, unit, team, manager_id, position, hired_on, as_of)
                SELECT 'X' || n, 1, 'X', 'active', '/HQ/', '/HQ/', 'M1', 'sales_rep', '2023-01-01', now()
                FROM generate_series(1, 5000) AS n
            """)
        )
        tx.execute(text("ANALYZE rep"))
        tx.commit()
    load = {"employee_id": "E1", "open_a": 1, "open_b": 0, "open_c": 0, "a_day": date(2026, 3, 10)}
    with company.service.uow.begin(as_hq()) as tx:
        lead = store.lock(tx, lead_id)
        settle_store.settle(tx, [lead], [], [], [load | {"last_assigned_at": tx.now}], [])
        read = tx.execute(text("SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'rep'")).scalar_one()
        carries = tx.execute(select(tables.rep.c.open_a).where(tables.rep.c.employee_id == "E1")).scalar_one()
    assert (read, carries) == (0, 1)
