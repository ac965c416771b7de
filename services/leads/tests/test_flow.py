"""The heat map of lead flow and the funnel: every number with its rows, and as a sheet."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from chassis.errors import NotFound
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.activity.v1.events_pb2 import FollowUpRecorded
from closeloop.forecast.v1.events_pb2 import OpportunityWon
from closeloop.leads.v1 import flow_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1 import lead_service_pb2 as lead_pb
from closeloop.leads.v1.flow_service_pb2_grpc import FlowServiceStub
from leads.flow.flow_rules import TAKEN_AWAY, Taken, cells, nearest_rank
from leads.flow.funnel_rules import OLD_CUSTOMERS, Counted, Step, funnels
from leads.flow.period_rules import period

from .company import UNIT, Company, stamp
from .test_duplicates import merge
from .test_import import line, run, table
from .test_import_revert import revert

TUESDAY = datetime(2026, 3, 10, 2, tzinfo=UTC)  # 10:00 in Shanghai


def minutes(*values: int) -> list[timedelta]:
    return [timedelta(minutes=each) for each in values]


@pytest.mark.spec("LD8.1")
@pytest.mark.parametrize(
    ("waits", "p90"), [((5,), 5), ((1, 2, 3, 4, 5, 6, 7, 8, 9, 100), 9), (tuple(range(1, 12)), 10)]
)
def test_nine_of_ten_answers_were_no_later_than_p90(waits: tuple[int, ...], p90: int) -> None:
    assert nearest_rank(minutes(*waits), 0.9) == timedelta(minutes=p90)


@pytest.mark.spec("LD8.1", "P11.1")
def test_answers_are_timed_in_shift_hours_as_the_golden_clock_times_them() -> None:
    evening = datetime(2026, 3, 10, 10, 20, tzinfo=UTC)  # 18:20 on Tuesday; answered at 9:10 on Wednesday
    taken = [Taken("E1", evening, datetime(2026, 3, 11, 1, 10, tzinfo=UTC), "")]
    [in_shifts], [around] = cells(taken, shift_hours=True), cells(taken, shift_hours=False)
    assert in_shifts.mean == timedelta(minutes=20)
    assert around.mean == timedelta(hours=14, minutes=50)


@pytest.mark.spec("LD8.1")
def test_the_month_is_that_of_shanghai() -> None:
    taken = [Taken("E1", datetime(2026, 2, 28, 16, tzinfo=UTC), None, ""), Taken("E1", TUESDAY, None, "recycled")]
    [march] = cells(taken, shift_hours=True)
    assert (march.month, march.taken, march.answered, march.mean, march.reassignment_rate) == (
        "2026-03",
        2,
        0,
        None,
        0.5,
    )
    assert period("2026-03", 1) == (datetime(2026, 2, 28, 16, tzinfo=UTC), datetime(2026, 3, 31, 16, tzinfo=UTC))
    assert period("2026-11", 3)[1] == datetime(2027, 1, 31, 16, tzinfo=UTC)


counted = st.builds(
    Counted,
    channel=st.sampled_from(["expo", "douyin", *OLD_CUSTOMERS]),
    grade=st.sampled_from(["", "A", "B"]),
    reached=st.sampled_from(Step),
    ended=st.booleans(),
    leads=st.integers(1, 50),
)


@pytest.mark.spec("LD8.1")
@given(st.lists(counted, max_size=30))
def test_every_lead_is_at_one_step_and_the_parts_add_up_to_the_whole(found: list[Counted]) -> None:
    told = funnels(found)
    for old in (False, True):
        mine = [each for each in told if each.old_customers is old]
        whole = sum(each.leads for each in found if (each.channel in OLD_CUSTOMERS) is old)
        for parts in ([each for each in mine if each.channel], [each for each in mine if each.grade]):
            expected = (
                whole
                if parts and parts[0].channel
                else sum(each.leads for each in found if each.grade and (each.channel in OLD_CUSTOMERS) is old)
            )
            assert sum(each.stages[Step.CAPTURED].leads for each in parts) == expected
    for funnel in told:
        stages = funnel.stages
        for step in list(Step)[1:]:
            gone = stages[Step(step - 1)].ended + stages[Step(step - 1)].waiting
            assert stages[step].leads == stages[Step(step - 1)].leads - gone
            assert (funnel.loss(step) is None) == (stages[Step(step - 1)].leads == 0)


# -- through the service's doors ---------------------------------------------------------------------------------------


def flow(company: Company, as_: Any = None) -> FlowServiceStub:
    return FlowServiceStub(company.rpc(company.service, as_=as_ or as_manager("M1", UNIT)))


def cell(company: Company, employee_id: str, as_: Any = None) -> pb.FlowCell:
    answer = flow(company, as_).GetLeadFlow(pb.GetLeadFlowRequest(first_month="2026-03"))
    [found] = [each for each in answer.cells if each.employee_id == employee_id]
    return found


def follow(company: Company, lead: lead_pb2.Lead, channel: str, direction: str = "outbound") -> None:
    at = stamp(company.clock.now())
    told = FollowUpRecorded(
        follow_up_id=new_id(), lead_id=lead.lead_id, author_id=lead.owner_id, channel=channel, direction=direction,
        outcome="connected", occurred_at=at,
    )  # fmt: skip
    deliver(company.service, told)


@pytest.fixture
def worked(company: Company) -> dict[str, lead_pb2.Lead]:
    """Four leads of E1: signed, answered by the customer, called, disqualified before any contact."""
    company.hire("E1")
    names = {"won": "expo", "replied": "expo", "called": "douyin", "refused": "existing_customer_referral"}
    leads = {
        name: company.capture(f"{name}公司", channel=channel, phone=f"1390000{at:04d}").lead
        for at, (name, channel) in enumerate(names.items())
    }
    for at, name in enumerate(("won", "replied", "called")):
        company.clock.advance(timedelta(minutes=10 * (at + 1)))
        follow(company, leads[name], "call")
    follow(company, leads["replied"], "wechat", "inbound")
    convert = lead_pb.ConvertLeadRequest(
        request_id=new_id(), lead_id=leads["won"].lead_id, opportunity_name="设备", expected_close="2026-04-30"
    )
    convert.expected_amount.fen, convert.expected_amount.currency = 100, "CNY"
    company.leads(as_rep("E1", UNIT)).ConvertLead(convert)
    now = stamp(company.clock.now())
    won = OpportunityWon(opportunity_id=new_id(), lead_id=leads["won"].lead_id, owner_id="E1", won_at=now)
    deliver(company.service, won)
    refuse = lead_pb.DisqualifyLeadRequest(request_id=new_id(), lead_id=leads["refused"].lead_id, reason="无预算")
    company.leads(as_rep("E1", UNIT)).DisqualifyLead(refuse)
    return leads


@pytest.mark.spec("LD8.1")
def test_a_cell_of_the_heat_map_and_the_rows_that_made_it(company: Company, worked: dict[str, lead_pb2.Lead]) -> None:
    told = cell(company, "E1")
    assert (told.name, told.unit, told.month) == ("员工E1", UNIT, "2026-03")
    assert (told.taken, told.answered, told.reassigned) == (4, 3, 0)
    assert (told.mean_minutes, told.p90_minutes) == (pytest.approx((10 + 30 + 60) / 3), 60)

    def rows(what: str) -> list[str]:
        request = pb.ListFlowLeadsRequest(employee_id="E1", month="2026-03", what=what)
        request.page.size = 2
        found = []
        while True:
            answer = flow(company).ListFlowLeads(request)
            found += [each.company_name for each in answer.leads]
            if not answer.page.next_token:
                return found
            request.page.token = answer.page.next_token

    assert rows("taken") == [f"{name}公司" for name in worked]
    assert rows("unanswered") == ["refused公司"]
    assert len(rows("answered")) == told.answered
    assert rows("reassigned") == []


@pytest.mark.spec("LD8.1", "LD6.1")
def test_a_recycled_lead_counts_as_reassigned_and_each_owner_by_the_own_answer(company: Company) -> None:
    company.hire("E1")
    lead = company.capture_a()
    company.pass_time(company.clock.now() + timedelta(days=3))
    told = cell(company, "E1")
    assert (told.taken, told.answered, told.reassigned, told.reassignment_rate) == (1, 0, 1, 1.0)
    assert not told.HasField("mean_minutes")
    assert company.get(lead.lead_id).state == lead_pb2.LEAD_STATE_RECYCLED
    assert "recycled" in TAKEN_AWAY


@pytest.mark.spec("LD8.1")
def test_the_funnel_tells_the_loss_per_step_and_old_customers_apart(
    company: Company, worked: dict[str, lead_pb2.Lead]
) -> None:
    answer = flow(company).GetLeadFunnel(pb.GetLeadFunnelRequest(first_month="2026-03"))
    kinds = {(each.old_customers, each.channel, each.grade): each for each in answer.funnels}
    everything = [stage.leads for stage in kinds[False, "", ""].stages]
    assert everything == [3, 3, 3, 2, 1, 1]
    assert [stage.loss for stage in kinds[False, "", ""].stages][3:5] == [pytest.approx(1 / 3), pytest.approx(1 / 2)]
    assert [stage.leads for stage in kinds[False, "expo", ""].stages] == [2, 2, 2, 2, 1, 1]
    referred = kinds[True, "", ""].stages
    assert [(stage.leads, stage.ended, stage.waiting) for stage in referred][:3] == [(1, 0, 0), (1, 1, 0), (0, 0, 0)]
    request = pb.ListFunnelLeadsRequest(first_month="2026-03", channel="expo", step=pb.FUNNEL_STEP_REPLIED)
    rows = flow(company).ListFunnelLeads(request).leads
    assert {each.company_name for each in rows} == {"won公司", "replied公司"}
    assert {each.reached for each in rows} == {pb.FUNNEL_STEP_SIGNED, pb.FUNNEL_STEP_REPLIED}
    wechat = pb.GetLeadFunnelRequest(first_month="2026-03", wechat_only=True)
    assert not flow(company).GetLeadFunnel(wechat).funnels


@pytest.mark.spec("LD8.1", "LD1.4", "LD1.6")
def test_merged_and_withdrawn_leads_are_no_leads_of_the_funnel(company: Company) -> None:
    company.hire("E1")
    kept, twin = (company.capture(f"第{n}公司", phone=f"1390000000{n}").lead for n in range(2))
    merge(company, kept.lead_id, twin.lead_id)
    revert(company, run(company, table([line(n) for n in range(1, 4)])).import_id)
    asked = pb.GetLeadFunnelRequest(first_month="2026-03")
    [whole] = [
        each for each in flow(company, as_hq()).GetLeadFunnel(asked).funnels if not each.channel and not each.grade
    ]
    assert whole.stages[0].leads == 1
    request = pb.ListFunnelLeadsRequest(first_month="2026-03", step=pb.FUNNEL_STEP_CAPTURED)
    assert [each.lead_id for each in flow(company, as_hq()).ListFunnelLeads(request).leads] == [kept.lead_id]


@pytest.mark.spec("LD8.1", "P9.1")
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_both_are_taken_away_as_a_sheet(company: Company, worked: dict[str, lead_pb2.Lead], form: str) -> None:
    def sheet(what: str) -> list[list[Any]]:
        request = pb.ExportLeadFlowRequest(request_id=new_id(), first_month="2026-03", what=what, form=form)
        answer = flow(company).ExportLeadFlow(request)
        with company.files.open(answer.file_id) as file:
            content = file.read()
        if form == "csv":
            rows: list[list[Any]] = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        else:
            rows = [list(row) for row in load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)]
        assert len(rows) == answer.rows + 1
        return rows

    told = cell(company, "E1")
    line = sheet("flow")[1]
    assert line[:4] == ["2026-03", "E1", "员工E1", UNIT]
    assert [float(each) for each in line[4:8]] == [4, 3, pytest.approx(told.mean_minutes, abs=0.05), 60]
    first = sheet("funnel")[1]
    assert first[:4] == ["新线索", "全部", "全部", "录入"]
    assert int(first[4]) == 3


@pytest.mark.spec("LD8.1", "P1.4")
def test_a_rep_sees_the_own_cell_and_another_team_none(company: Company, worked: dict[str, lead_pb2.Lead]) -> None:
    company.hire("E2")
    company.capture("戊公司", phone="13911111111")
    assert cell(company, "E1", as_rep("E1", UNIT)).taken == 4
    asked = pb.GetLeadFlowRequest(first_month="2026-03")
    assert {each.employee_id for each in flow(company, as_rep("E1", UNIT)).GetLeadFlow(asked).cells} == {"E1"}
    assert {each.employee_id for each in flow(company, as_hq()).GetLeadFlow(asked).cells} == {"E1", "E2"}
    foreign = as_manager("M9", "/HQ/SOUTH/")
    assert not flow(company, foreign).GetLeadFlow(asked).cells
    rows = pb.ListFlowLeadsRequest(employee_id="E1", month="2026-03", what="taken")
    with pytest.raises(NotFound):
        flow(company, foreign).ListFlowLeads(rows)
    assert not flow(company, foreign).GetLeadFunnel(pb.GetLeadFunnelRequest(first_month="2026-03")).funnels
