from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.clock import FixedClock
from chassis.config import Mode
from chassis.database import Database
from chassis.events import Incoming
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.service import Runtime, Service
from chassis.testing.events import deliver, recorded_events
from chassis.testing.identity import Keys, as_director, as_hq, as_rep
from chassis.testing.rpc import Rpc
from closeloop.common.v1.money_pb2 import Money
from closeloop.forecast.v1 import evidence_service_pb2 as evidence_pb
from closeloop.forecast.v1 import opportunity_service_pb2 as pb
from closeloop.forecast.v1 import submission_service_pb2 as submission_pb
from closeloop.forecast.v1.evidence_service_pb2_grpc import EvidenceServiceStub
from closeloop.forecast.v1.opportunity_service_pb2_grpc import OpportunityServiceStub
from closeloop.forecast.v1.submission_service_pb2_grpc import SubmissionServiceStub
from closeloop.integration.v1.events_pb2 import EmployeeChanged
from closeloop.leads.v1.events_pb2 import LeadConverted
from forecast.bootstrap import CATALOG, wire
from forecast.policies import SPECS
from forecast.settings import ForecastSettings

UNIT = "/HQ/EAST/HZ1/"
REP = as_rep("E1", UNIT)
FEN = 88_000_00


@pytest.fixture
def service(
    service_database: Callable[[str], Database], clock: FixedClock, keys: Keys, tmp_path: Path
) -> Iterator[Service]:
    """Forecast on its own fresh database, with one team."""
    settings = ForecastSettings(mode=Mode.LOCAL, files_url=f"file://{tmp_path}")
    runtime = Runtime(
        "forecast",
        settings,
        CATALOG,
        SPECS,
        clock=clock,
        database=service_database("forecast"),
        keyring=keys.of("forecast"),
    )
    made = wire(runtime)
    people = {"E1": "李娜", "E2": "张伟"}
    deliver(
        made,
        *(
            EmployeeChanged(employee_id=each, version=1, name=name, unit=UNIT, unit_name="杭州一部", region_name="华东")
            for each, name in people.items()
        ),
    )
    yield made
    runtime.close()


def timestamp(at: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(at)
    return message


@dataclass
class Desk:
    """What a rep, and those around, do with deals, through the real gRPC door."""

    rpc: Rpc
    service: Service
    now: datetime
    evidence_ids: list[str] = field(default_factory=list)

    def deals(self, identity: Identity = REP) -> OpportunityServiceStub:
        return OpportunityServiceStub(self.rpc(self.service, as_=identity))

    def proof(self, identity: Identity = REP) -> EvidenceServiceStub:
        return EvidenceServiceStub(self.rpc(self.service, as_=identity))

    def claims(self, identity: Identity = REP) -> SubmissionServiceStub:
        return SubmissionServiceStub(self.rpc(self.service, as_=identity))

    def open(self, *, times: int = 1, **changes: Any) -> str:
        values = {
            "lead_id": new_id(),
            "opportunity_id": new_id(),
            "opportunity_name": "实验室设备",
            "customer_id": new_id(),
            "customer_code": "C001",
            "customer_name": "杭州某校",
            "owner_id": "E1",
            "unit": UNIT,
            "expected_amount": Money(fen=FEN),
            "expected_close": "2026-03-31",
            "converted_at": timestamp(self.now),
        } | changes
        deliver(self.service, LeadConverted(**values), times=times)
        return str(values["opportunity_id"])

    def get(self, opportunity_id: str, identity: Identity = REP) -> pb.Opportunity:
        return self.deals(identity).GetOpportunity(pb.GetOpportunityRequest(opportunity_id=opportunity_id)).opportunity

    def advance(self, opportunity_id: str, to: str, identity: Identity = REP) -> pb.Opportunity:
        request = pb.AdvanceStageRequest(request_id=new_id(), opportunity_id=opportunity_id, to="STAGE_" + to.upper())
        return self.deals(identity).AdvanceStage(request).opportunity

    def survey(self, opportunity_id: str, **changes: Any) -> None:
        values = {"budget_low": Money(fen=1), "budget_high": Money(fen=2), "decision_roles": ["校长"]} | changes
        self.deals().RecordNeedSurvey(
            pb.RecordNeedSurveyRequest(request_id=new_id(), opportunity_id=opportunity_id, **values)
        )

    def demo(self, opportunity_id: str) -> None:
        self.deals().RecordDemo(
            pb.RecordDemoRequest(
                request_id=new_id(),
                opportunity_id=opportunity_id,
                held_at=timestamp(self.now),
                minutes=50,
                feedback="客户认可",
            )
        )

    def quote(self, opportunity_id: str, fen: int = FEN) -> pb.Quote:
        request = pb.CreateQuoteRequest(request_id=new_id(), opportunity_id=opportunity_id, amount=Money(fen=fen))
        return self.deals().CreateQuote(request).quote

    def approve(self, quote_id: str, identity: Identity | None = None) -> pb.Quote:
        request = pb.ApproveQuoteRequest(request_id=new_id(), quote_id=quote_id)
        return self.deals(identity or as_director()).ApproveQuote(request).quote

    def file(self, content: bytes = b"%PDF-1.7 signed") -> str:
        return self.service.runtime.files.put(BytesIO(content), "proof.pdf", limit=10_000).id

    def add(self, opportunity_id: str, level: int, **changes: Any) -> evidence_pb.AddEvidenceResponse:
        signed = {"contract_number": "HT-2026-001", "signed_at": timestamp(self.now)} if level == 5 else {}
        values = {"level": level, "file_id": self.file(f"%PDF-1.7 {level}".encode())} | signed | changes
        added = self.proof().AddEvidence(
            evidence_pb.AddEvidenceRequest(request_id=new_id(), opportunity_id=opportunity_id, **values)
        )
        self.evidence_ids.append(added.evidence.evidence_id)
        return added

    def withdraw(self, evidence_id: str) -> evidence_pb.WithdrawEvidenceResponse:
        request = evidence_pb.WithdrawEvidenceRequest(request_id=new_id(), evidence_id=evidence_id, reason="wrong file")
        return self.proof().WithdrawEvidence(request)

    def submit(self, opportunity_id: str, probability: float, **changes: Any) -> submission_pb.Submission:
        request = submission_pb.SubmitForecastRequest(
            request_id=new_id(), opportunity_id=opportunity_id, probability=probability, **changes
        )
        return self.claims().SubmitForecast(request).submission

    def history(self, owner_id: str, won: int, of: int, claim: float = 0.9) -> None:
        """`of` deals of the past year with this last claim, `won` of them won."""
        deals = [
            pb.PastDeal(
                external_id=f"{owner_id}-{claim}-{n}",
                owner_id=owner_id,
                amount=Money(fen=1000),
                won=n < won,
                closed_at=timestamp(datetime(2025, 9, 1, tzinfo=UTC)),
                last_claim=claim,
            )
            for n in range(of)
        ]
        self.deals(as_hq()).ImportDeals(pb.ImportDealsRequest(request_id=new_id(), deals=deals))

    def to_negotiation(self, **changes: Any) -> str:
        """A deal whose gates up to negotiation were passed."""
        deal = self.open(**changes)
        self.survey(deal)
        self.advance(deal, "need_confirmed")
        self.demo(deal)
        self.advance(deal, "demo")
        self.approve(self.quote(deal).quote_id)
        self.advance(deal, "negotiation")
        return deal

    def events(self, *types: str) -> list[Incoming]:
        with self.service.uow.database.connect() as conn:
            return [event for event in recorded_events(conn, CATALOG) if event.type in types]


@pytest.fixture
def desk(rpc: Rpc, service: Service, clock: FixedClock) -> Desk:
    return Desk(rpc, service, clock.now())
