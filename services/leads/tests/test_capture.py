"""Leads come in one by one, through the real door."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from chassis.errors import FailedPrecondition, InvalidInput, PermissionDenied
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_manager, as_partner, identity
from closeloop.common.v1.money_pb2 import Money
from closeloop.leads.v1 import capture_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2

from .company import Company

CODE, OTHER_CODE = "91330100799655058B", "91110000600037341L"


def fields(refused: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return [each.field for each in refused.value.violations]


@pytest.mark.spec("LD1.1", "LD1.2")
def test_what_comes_in_is_normalised_and_the_original_kept(company: Company) -> None:
    company.hire("E1")
    lead = company.capture(
        "杭州云啟科技有限公司",
        phone="138 0013 8000",
        uscc="91110000600037341l",
        city="杭州市",
        province="浙江省",
        position=lead_pb2.Position(latitude=30.25, longitude=120.17, datum=lead_pb2.DATUM_GCJ02),
        qualification=lead_pb2.Qualification(budget=Money(fen=100), first_touch_due_hours=100),
    ).lead
    assert (lead.phone, lead.uscc, lead.city, lead.province) == ("+8613800138000", OTHER_CODE, "杭州", "浙江")
    assert lead.position.datum == lead_pb2.DATUM_WGS84
    assert lead.position.latitude == pytest.approx(30.2524, abs=1e-3)
    assert (lead.original_position.latitude, lead.original_position.datum) == (30.25, lead_pb2.DATUM_GCJ02)
    assert lead.grade == lead_pb2.GRADE_B
    assert lead.touches == 1


@pytest.mark.spec("LD1.1", "LD2.1")
def test_a_lead_without_qualification_goes_in_ungraded_and_counts_as_c(company: Company) -> None:
    company.hire("E1")
    lead = company.capture(grade=lead_pb2.GRADE_A).lead
    assert (lead.grade, lead.state) == (lead_pb2.GRADE_UNSPECIFIED, lead_pb2.LEAD_STATE_ASSIGNED)
    assert company.events("leads.assigned")[0].message.grade == "C"
    with company.service.runtime.database.connect() as conn:
        assert conn.scalar(text("SELECT open_c FROM rep WHERE employee_id = 'E1'")) == 1


@pytest.mark.spec("LD1.3")
def test_a_duplicate_is_a_touch_on_the_open_lead_and_no_second_call(company: Company) -> None:
    company.hire("E1", "E2")
    first = company.capture(phone="13800138000")
    again = company.capture("云启科技", phone="+86 138-0013-8000", channel="expo")
    assert again.outcome == pb.CAPTURE_OUTCOME_APPENDED
    assert (again.lead.lead_id, again.lead.touches) == (first.lead.lead_id, 2)
    assert len(company.events("leads.assigned")) == 1
    assert [each.message.outcome for each in company.events("leads.captured")] == ["created", "appended"]
    assert company.timeline(first.lead.lead_id) == ["captured", "assigned", "touched"]


@pytest.mark.spec("LD1.3")
def test_ninety_days_later_it_is_a_new_lead(company: Company) -> None:
    company.hire("E1")
    first = company.capture(phone="13800138000").lead
    company.clock.advance(timedelta(days=91))
    later = company.capture(phone="13800138000")
    assert later.outcome == pb.CAPTURE_OUTCOME_CREATED
    assert later.lead.lead_id != first.lead_id


@pytest.mark.spec("LD1.3")
def test_two_codes_with_one_phone_are_two_leads_with_a_hint(company: Company) -> None:
    company.hire("E1")
    first = company.capture("甲公司", phone="13800138000", uscc=OTHER_CODE).lead
    second = company.capture("乙公司", phone="13800138000", uscc=CODE).lead
    assert (second.lead_id != first.lead_id, second.hint_lead_id) == (True, first.lead_id)


@pytest.mark.spec("LD1.3")
def test_a_branch_is_a_lead_of_its_own_with_a_hint_to_the_parent(company: Company) -> None:
    company.hire("E1")
    first = company.capture("甲公司", phone="13800138000").lead
    other = company.capture("甲公司宁波分公司", phone="13800138000").lead
    assert (other.lead_id != first.lead_id, other.hint_lead_id) == (True, first.lead_id)


@pytest.mark.spec("LD1.3", "P7.1")
def test_twenty_at_once_with_one_phone_make_one_lead(company: Company) -> None:
    company.hire("E1", "E2")
    door = company.capture_service()

    def send(_: int) -> pb.CaptureLeadResponse:
        request = pb.CaptureLeadRequest(
            request_id=new_id(), company_name="云启科技", phone="13800138000", channel="douyin"
        )
        return door.CaptureLead(request)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(20)))
    assert len({each.lead.lead_id for each in answers}) == 1
    assert sorted(each.outcome for each in answers) == [1] + [2] * 19
    assert company.get(answers[0].lead.lead_id).touches == 20
    assert len(company.events("leads.assigned")) == 1


@pytest.mark.spec("LD1.5")
def test_the_same_request_twice_is_the_same_lead_and_another_body_is_refused(company: Company) -> None:
    company.hire("E1")
    key = new_id()
    first, again = company.capture(request_id=key), company.capture(request_id=key)
    assert first.lead == again.lead
    assert again.outcome == pb.CAPTURE_OUTCOME_CREATED
    with pytest.raises(FailedPrecondition) as refused:
        company.capture("别的公司", request_id=key)
    assert refused.value.reason == "REQUEST_ID_REUSED"


@pytest.mark.spec("LD13.1")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"phone": "12345"}, "phone"),
        ({"uscc": "91110000600037341A"}, "uscc"),
        ({"channel": "抖音"}, "channel"),
        ({"grade": 9}, "grade"),
        ({"position": lead_pb2.Position(latitude=91, longitude=0, datum=1)}, "position.latitude"),
        ({"position": lead_pb2.Position(latitude=30, longitude=120)}, "position.datum"),
        ({"company_name": ""}, "company_name"),
        ({"company_name": "   "}, "company_name"),
        ({"qualification": lead_pb2.Qualification(first_touch_due_hours=-1)}, "qualification.first_touch_due_hours"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_field_and_nothing_is_written(
    company: Company, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        company.capture(**changes)
    assert fields(refused) == [field]
    assert refused.value.violations[0].zh
    assert company.events("leads.captured") == []


@pytest.mark.spec("P1.4")
def test_partners_bring_leads_finance_does_not(company: Company) -> None:
    company.hire("E1")
    assert company.capture(as_=as_partner("P1", "partner")).lead.owner_id == "E1"
    with pytest.raises(PermissionDenied):
        company.capture(as_=identity("F1", duties=("finance",), level="company"))


@pytest.mark.spec("P1.4")
def test_a_lead_that_a_team_brings_belongs_to_its_sight_while_it_waits(company: Company) -> None:
    lead = company.capture(as_=as_manager()).lead
    assert (lead.state, lead.unit) == (lead_pb2.LEAD_STATE_QUEUED, "/HQ/EAST/HZ1/")
    assert company.get(lead.lead_id, as_=as_manager()).lead_id == lead.lead_id
