"""Leads on its own database, with a team whose accounts a scripted directory vouches for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.clock import FixedClock
from chassis.config import Mode
from chassis.database import Database
from chassis.deadline_runner import DeadlineRunner
from chassis.errors import Unavailable
from chassis.events import Incoming
from chassis.files import FileStore
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.policy import PolicySpec
from chassis.service import Service
from chassis.testing.events import deliver, recorded_events
from chassis.testing.identity import Keys, as_hq, as_rep
from chassis.testing.rpc import Rpc
from closeloop.integration.v1.events_pb2 import EmployeeChanged
from closeloop.leads.v1 import assignment_service_pb2 as assignment_pb
from closeloop.leads.v1 import capture_service_pb2 as capture_pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1 import lead_service_pb2 as lead_pb
from closeloop.leads.v1.assignment_service_pb2_grpc import AssignmentServiceStub
from closeloop.leads.v1.capture_service_pb2_grpc import CaptureServiceStub
from closeloop.leads.v1.customer_service_pb2_grpc import CustomerServiceStub
from closeloop.leads.v1.lead_service_pb2_grpc import LeadServiceStub
from leads.app import App
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.probe_rules import Answer
from leads.bootstrap import build
from leads.policies import ASSIGNMENT, SPECS
from leads.settings import LeadsSettings

UNIT = "/HQ/EAST/HZ1/"
HANGZHOU = (30.25, 120.17)


@dataclass
class ScriptedDirectory:
    """Integration's directory as a test wants it: everybody active now, unless told otherwise."""

    clock: FixedClock
    status: dict[str, str] = field(default_factory=dict)
    as_of: dict[str, datetime] = field(default_factory=dict)
    away: bool = False
    asked: list[tuple[str, ...]] = field(default_factory=list)
    # What happens between an answer and what is done upon it.
    meanwhile: Callable[[], object] = lambda: None

    def check_status(self, employee_ids: Sequence[str], timeout: float) -> Mapping[str, Answer]:
        self.asked.append(tuple(employee_ids))
        if self.away:
            raise Unavailable
        now = self.clock.now()
        found = {each: Answer(self.status.get(each, "active"), self.as_of.get(each, now)) for each in employee_ids}
        self.meanwhile()
        return found


class PatientPolicy(AssignmentPolicy):
    """A busy machine must not make a decision give up: that it may is tested by itself."""

    decision_milliseconds: int = 5000


PATIENT = PolicySpec(ASSIGNMENT.name, PatientPolicy, ASSIGNMENT.check)


@dataclass
class Company:
    """The service with the doors that tests knock at."""

    service: Service
    rpc: Rpc
    clock: FixedClock
    directory: ScriptedDirectory
    files: FileStore

    @property
    def app(self) -> App:
        return self.service.app  # type: ignore[no-any-return]

    def hire(self, *employee_ids: str, **changes: Any) -> None:
        """Sales reps of the team, active and three years with the company."""
        deliver(self.service, *(self.employee(each, **changes) for each in employee_ids))

    def employee(self, employee_id: str, **changes: Any) -> EmployeeChanged:
        values = {
            "version": 1,
            "name": f"员工{employee_id}",
            "status": "active",
            "unit": UNIT,
            "manager_id": "M1",
            "position": "sales_rep",
            "duties": ["rep"],
            "hired_on": "2023-01-01",
            "as_of": stamp(self.clock.now()),
        } | changes
        return EmployeeChanged(employee_id=employee_id, **values)

    def profile(self, employee_id: str, **changes: Any) -> None:
        profile = assignment_pb.RepProfile(employee_id=employee_id, **changes)
        self.assignment().ImportRepProfiles(
            assignment_pb.ImportRepProfilesRequest(request_id=new_id(), profiles=[profile])
        )

    def closed(self, owner_id: str, won: int, lost: int, days_ago: int = 5) -> None:
        at = stamp(self.clock.now() - timedelta(days=days_ago))
        rows = [
            assignment_pb.ClosedLead(
                external_id=new_id(), owner_id=owner_id, grade=lead_pb2.GRADE_A, won=each < won, closed_at=at
            )
            for each in range(won + lost)
        ]
        self.assignment().ImportClosedLeads(assignment_pb.ImportClosedLeadsRequest(request_id=new_id(), leads=rows))

    def capture_service(self, as_: Identity | None = None) -> CaptureServiceStub:
        return CaptureServiceStub(self.rpc(self.service, as_=as_ or as_hq()))

    def leads(self, as_: Identity | None = None) -> LeadServiceStub:
        return LeadServiceStub(self.rpc(self.service, as_=as_ or as_hq()))

    def assignment(self, as_: Identity | None = None) -> AssignmentServiceStub:
        return AssignmentServiceStub(self.rpc(self.service, as_=as_ or as_hq()))

    def customers(self, as_: Identity | None = None) -> CustomerServiceStub:
        return CustomerServiceStub(self.rpc(self.service, as_=as_ or as_hq()))

    def capture(self, company_name: str = "杭州云启科技有限公司", as_: Identity | None = None, **changes: Any) -> Any:
        values = {"request_id": new_id(), "company_name": company_name, "channel": "douyin"} | changes
        return self.capture_service(as_).CaptureLead(capture_pb.CaptureLeadRequest(**values))

    def capture_a(self, company_name: str = "杭州云启科技有限公司", **changes: Any) -> lead_pb2.Lead:
        """An A lead: first touch due, budget confirmed, decision chain clear."""
        known = lead_pb2.Qualification(first_touch_due_hours=24, budget_confirmed=True, decision_chain=["总经理"])
        answer = self.capture(company_name, qualification=known, **changes)
        return answer.lead  # type: ignore[no-any-return]

    def get(self, lead_id: str, as_: Identity | None = None) -> lead_pb2.Lead:
        answer = self.leads(as_).GetLead(lead_pb.GetLeadRequest(lead_id=lead_id))
        return answer.lead

    def accept(self, lead: lead_pb2.Lead, as_: Identity | None = None) -> lead_pb2.Lead:
        owner = as_ or as_rep(lead.owner_id, UNIT)
        request = lead_pb.AcceptLeadRequest(request_id=new_id(), lead_id=lead.lead_id)
        return self.leads(owner).AcceptLead(request).lead

    def timeline(self, lead_id: str) -> list[str]:
        answer = self.leads().ListTimeline(lead_pb.ListTimelineRequest(lead_id=lead_id))
        return [each.kind for each in answer.entries]

    def explain(self, lead_id: str, why_not: str = "") -> assignment_pb.ExplainAssignmentResponse:
        return self.assignment().ExplainAssignment(
            assignment_pb.ExplainAssignmentRequest(lead_id=lead_id, why_not=why_not)
        )

    def events(self, type: str = "") -> list[Incoming]:
        with self.service.runtime.database.connect() as conn:
            found = recorded_events(conn, self.service.runtime.catalog)
        return [each for each in found if not type or each.type == type]

    def pass_time(self, to: datetime) -> None:
        """Business time moves; each clock that is due on the way fires at its instant."""
        runner = DeadlineRunner(self.service.uow, self.service.deadlines)
        while (due := self.next_due()) is not None and due <= to:
            self.clock.set(max(due, self.clock.now()))
            assert runner.turn() > 0
        self.clock.set(to)

    def next_due(self) -> datetime | None:
        from chassis import deadlines

        with self.service.runtime.database.connect() as conn:
            return deadlines.next_due(conn)

    def put_file(self, content: bytes) -> str:
        return self.files.put(BytesIO(content), "leads.csv", 10_000_000).id


def stamp(at: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(at)
    return message


@pytest.fixture
def directory(clock: FixedClock) -> ScriptedDirectory:
    return ScriptedDirectory(clock)


@pytest.fixture
def company(
    service_database: Callable[[str], Database],
    clock: FixedClock,
    keys: Keys,
    rpc: Rpc,
    directory: ScriptedDirectory,
    tmp_path: Path,
) -> Iterator[Company]:
    """An empty company with its manager M1."""
    settings = LeadsSettings(mode=Mode.LOCAL, files_url=str(tmp_path / "files"))
    service = build(
        settings,
        clock=clock,
        database=service_database("leads"),
        keyring=keys.of("leads"),
        directory=directory,
        specs=[PATIENT if spec.name == PATIENT.name else spec for spec in SPECS],
    )
    made = Company(service, rpc, clock, directory, service.runtime.files)
    made.hire("M1", position="team_manager", duties=["manager"], manager_id="D1")
    yield made
    service.runtime.close()
