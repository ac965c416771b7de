"""Employees from HR: facts, age of the facts, who may do what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chassis.errors import AlreadyExists, InvalidInput, NotFound, PermissionDenied
from chassis.testing.identity import as_hq, as_rep, as_service
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import directory_service_pb2 as pb
from closeloop.integration.v1 import directory_service_pb2_grpc as pb_grpc
from integration.tables import employee as table
from services.integration.tests.conftest import World
from services.integration.tests.world import employee, instant


def directory(world: World, rpc: Rpc, who: object = None) -> pb_grpc.DirectoryServiceStub:
    return pb_grpc.DirectoryServiceStub(rpc(world.service, as_=who or as_service("leads")))


def states(world: World, rpc: Rpc, *ids: str) -> dict[str, pb.EmployeeState]:
    answer = directory(world, rpc).CheckStatus(pb.CheckStatusRequest(employee_ids=ids))
    return {each.employee_id: each for each in answer.states}


@pytest.mark.spec("N1.1", "N3.1")
def test_the_full_list_is_told_on_with_duties_and_version(staffed: World) -> None:
    told = {each.message.employee_id: each.message for each in staffed.events("integration.employee_changed")}
    assert len(told) == 5
    rep = told["E00001"]
    assert (rep.version, rep.status, rep.status_before, rep.unit, list(rep.duties)) == (
        1, "active", "", "/HQ/EAST/HZ1/", ["rep"],
    )  # fmt: skip
    assert list(told["E00800"].duties) == ["finance"]
    assert rep.as_of.ToJsonString() == "2026-03-10T02:00:00Z"


@pytest.mark.spec("N1.3", "N3.1")
def test_the_same_list_again_changes_nothing(staffed: World) -> None:
    before = len(staffed.events())
    staffed.hire(employee("E00001"))
    assert len(staffed.events()) == before
    assert staffed.row(table, employee_id="E00001").version == 1


@pytest.mark.spec("N3.1")
def test_a_departure_is_told_on_with_the_status_before_and_no_duty(staffed: World) -> None:
    staffed.hire(employee("E00001", status="DEPARTED", leftOn="2026-03-10"))
    told = staffed.events("integration.employee_changed")[-1].message
    assert (told.employee_id, told.version, told.status, told.status_before, list(told.duties)) == (
        "E00001", 2, "departed", "active", [],
    )  # fmt: skip


@pytest.mark.spec("N3.1", "LD4.3")
def test_a_change_of_status_is_told_on_with_hr_s_instant_and_keeps_it(staffed: World) -> None:
    left_at = "2026-03-09T23:59:00+08:00"
    staffed.hire(employee("E00001", status="DEPARTED", leftOn="2026-03-09", updatedAt=left_at))
    staffed.hire(
        employee("E00001", status="DEPARTED", leftOn="2026-03-09", name="李 娜", updatedAt="2026-03-10T09:00:00Z")
    )
    told = [each.message for each in staffed.events("integration.employee_changed")][-2:]
    assert [each.status_since.ToJsonString() for each in told] == ["2026-03-09T15:59:00Z"] * 2


@pytest.mark.spec("N3.1", "N1.2")
@pytest.mark.parametrize("said", ["yesterday", "2026-03-09T23:59:00", None])
def test_an_instant_that_can_t_be_read_stops_no_departure(staffed: World, said: object) -> None:
    staffed.hire(employee("E00001", status="DEPARTED", updatedAt=said))
    told = staffed.events("integration.employee_changed")[-1].message
    assert (told.status, told.HasField("status_since")) == ("departed", False)


@pytest.mark.spec("N3.1")
def test_an_empty_delta_renews_the_age_of_everybody(staffed: World, rpc: Rpc) -> None:
    staffed.clock.advance(timedelta(minutes=5))
    staffed.hire(as_of="2026-03-10T02:05:00Z")
    found = states(staffed, rpc, "E00001", "E00700")
    assert {each.as_of.ToJsonString() for each in found.values()} == {"2026-03-10T02:05:00Z"}


@pytest.mark.spec("N3.1")
def test_a_failed_run_renews_nobody_and_is_seen_at_once(staffed: World, rpc: Rpc) -> None:
    staffed.clock.advance(timedelta(minutes=5))
    staffed.hr.routes["/employees/delta"] = lambda _: (500, b"")
    run = staffed.run("hr")
    assert (run.outcome, run.error_class) == ("failed", "http_5xx")
    found = states(staffed, rpc, "E00001")["E00001"]
    assert found.status == pb.EMPLOYEE_STATUS_ACTIVE
    assert found.as_of.ToJsonString() == "2026-03-10T02:00:00Z"
    assert staffed.feed("hr").health == "degraded"


@pytest.mark.spec("N3.1", "N2.1")
def test_after_a_failure_hr_is_asked_again_within_seconds_and_then_at_its_cadence(staffed: World) -> None:
    healthy = staffed.hr.routes["/employees/delta"]
    staffed.hr.routes["/employees/delta"] = lambda _: (500, b"")
    staffed.run("hr")
    assert staffed.feed("hr").next_run_at - staffed.clock.now() == timedelta(seconds=5)
    staffed.clock.advance(timedelta(seconds=5))
    staffed.hr.routes["/employees/delta"] = healthy
    staffed.run("hr")
    assert staffed.feed("hr").next_run_at - staffed.clock.now() == timedelta(minutes=5)
    assert staffed.feed("hr").health == "healthy"


@pytest.mark.spec("N3.1")
def test_who_can_t_be_read_keeps_the_old_age_while_the_others_are_renewed(staffed: World, rpc: Rpc) -> None:
    staffed.clock.advance(timedelta(minutes=5))
    staffed.hire(employee("E00001", status="SABBATICAL"), as_of="2026-03-10T02:05:00Z")
    found = states(staffed, rpc, "E00001", "E00002")
    assert found["E00001"].status == pb.EMPLOYEE_STATUS_ACTIVE
    assert found["E00001"].as_of.ToJsonString() == "2026-03-10T02:00:00Z"
    assert found["E00002"].as_of.ToJsonString() == "2026-03-10T02:05:00Z"
    staffed.hire(employee("E00001"), as_of="2026-03-10T02:05:00Z")
    assert states(staffed, rpc, "E00001")["E00001"].as_of.ToJsonString() == "2026-03-10T02:05:00Z"


@pytest.mark.spec("N3.1")
def test_an_answer_from_the_future_is_as_old_as_its_reading(staffed: World, rpc: Rpc) -> None:
    staffed.hire(as_of="2026-03-11T02:00:00Z")
    assert states(staffed, rpc, "E00001")["E00001"].as_of.ToDatetime() == instant("2026-03-10T02:00:00")


@pytest.mark.spec("N3.1")
def test_nobody_knows_a_stranger(staffed: World, rpc: Rpc) -> None:
    found = states(staffed, rpc, "E99999")["E99999"]
    assert found.status == pb.EMPLOYEE_STATUS_UNSPECIFIED
    assert not found.HasField("as_of")


@pytest.mark.spec("N3.1")
def test_people_may_not_ask_for_many_at_once(staffed: World, rpc: Rpc) -> None:
    with pytest.raises(PermissionDenied):
        directory(staffed, rpc, as_hq()).CheckStatus(pb.CheckStatusRequest(employee_ids=["E00001"]))


@pytest.mark.spec("N3.2")
@pytest.mark.parametrize(
    ("who", "duties", "level"),
    [("E00001", ["rep"], "self"), ("E00100", ["manager"], "team"), ("E00800", ["finance"], "company")],
)
def test_a_position_brings_its_duties_and_reach(
    staffed: World, rpc: Rpc, who: str, duties: list[str], level: str
) -> None:
    found = directory(staffed, rpc).GetAccess(pb.GetAccessRequest(employee_id=who))
    assert (list(found.duties), found.level) == (duties, level)


@pytest.mark.spec("N3.2")
def test_a_granted_duty_widens_the_reach_and_ends_by_itself(staffed: World, rpc: Rpc) -> None:
    hq = directory(staffed, rpc, as_hq())
    until = staffed.clock.now() + timedelta(days=3)
    request = pb.GrantDutyRequest(request_id="1", employee_id="E00001", duty="auditor", reason="代理")
    request.until.FromDatetime(until.replace(tzinfo=None))
    hq.GrantDuty(request)
    asked = pb.GetAccessRequest(employee_id="E00001")
    assert directory(staffed, rpc).GetAccess(asked).level == "company"
    assert list(staffed.events("integration.employee_changed")[-1].message.duties) == ["auditor", "rep"]
    staffed.clock.set(until)
    from chassis.deadline_runner import DeadlineRunner

    DeadlineRunner(staffed.service.uow, staffed.service.deadlines).turn()
    assert directory(staffed, rpc).GetAccess(asked).level == "self"
    assert [each.message.change for each in staffed.events("integration.grant_changed")] == ["granted", "expired"]


@pytest.mark.spec("N3.2")
def test_a_grant_is_revoked_and_kept_for_the_record(staffed: World, rpc: Rpc) -> None:
    hq = directory(staffed, rpc, as_hq())
    made = hq.GrantDuty(pb.GrantDutyRequest(request_id="1", employee_id="E00001", duty="ops", reason="支援")).grant
    with pytest.raises(AlreadyExists):
        hq.GrantDuty(pb.GrantDutyRequest(request_id="2", employee_id="E00001", duty="ops", reason="再来"))
    hq.RevokeDuty(pb.RevokeDutyRequest(request_id="3", grant_id=made.grant_id, reason="结束"))
    kept = hq.ListGrants(pb.ListGrantsRequest(employee_id="E00001")).grants
    assert [(each.duty, each.granted_by, each.HasField("revoked_at")) for each in kept] == [("ops", "E00900", True)]
    assert list(staffed.events("integration.employee_changed")[-1].message.duties) == ["rep"]


@pytest.mark.spec("N3.2")
def test_nobody_grants_to_themselves_nor_into_the_past_nor_to_strangers(staffed: World, rpc: Rpc) -> None:
    with pytest.raises(PermissionDenied) as own:
        directory(staffed, rpc, as_hq("E00001")).GrantDuty(
            pb.GrantDutyRequest(request_id="1", employee_id="E00001", duty="ops", reason="自己")
        )
    assert own.value.reason == "OWN_RIGHTS"
    hq = directory(staffed, rpc, as_hq())
    past = pb.GrantDutyRequest(request_id="2", employee_id="E00001", duty="ops", reason="过期")
    past.until.FromDatetime(instant("2026-03-09T00:00:00"))
    with pytest.raises(InvalidInput):
        hq.GrantDuty(past)
    with pytest.raises(NotFound):
        hq.GrantDuty(pb.GrantDutyRequest(request_id="3", employee_id="E404", duty="ops", reason="无此人"))
    with pytest.raises(PermissionDenied):
        directory(staffed, rpc, as_rep()).GrantDuty(
            pb.GrantDutyRequest(request_id="4", employee_id="E00002", duty="ops", reason="无权")
        )


def test_employees_are_found_by_unit_name_status_and_position(staffed: World, rpc: Rpc) -> None:
    stub = directory(staffed, rpc, as_rep())
    below = stub.ListEmployees(pb.ListEmployeesRequest(unit="/HQ/EAST/"))
    assert [each.employee_id for each in below.employees] == ["E00001", "E00002", "E00100"]
    managers = stub.ListEmployees(pb.ListEmployeesRequest(position="team_manager"))
    assert [each.employee_id for each in managers.employees] == ["E00100"]
    first = stub.ListEmployees(pb.ListEmployeesRequest(page={"size": 2}))
    rest = stub.ListEmployees(pb.ListEmployeesRequest(page={"size": 200, "token": first.page.next_token}))
    assert [each.employee_id for each in [*first.employees, *rest.employees]] == sorted(
        ["E00001", "E00002", "E00100", "E00700", "E00800"]
    )
    assert stub.ListUnits(pb.ListUnitsRequest()).units[0].employees == 2
