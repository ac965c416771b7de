"""Four replicas, 64 callers each: capacity holds and no lead has two owners, whoever was faster (LD3.9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.kernel.ids import new_id
from chassis.service import Service
from chassis.testing.identity import Keys, as_hq
from chassis.testing.rpc import channel_to, rpc_server
from closeloop.leads.v1 import capture_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1.capture_service_pb2_grpc import CaptureServiceStub
from leads.assignment.drain_waiting import drain_waiting
from leads.bootstrap import build
from leads.policies import SPECS
from leads.settings import LeadsSettings

from .company import PATIENT, Company

REPLICAS, CALLERS = 4, 64
REPS, BASELINE = 30, 6
A_LEAD = lead_pb2.Qualification(first_touch_due_hours=24, budget_confirmed=True, decision_chain=["总经理"])


@pytest.fixture
def replicas(company: Company) -> Iterator[list[Service]]:
    """On one database, each with a board, a directory's answers and a line of its own."""
    runtime = company.service.runtime
    others = [
        build(
            LeadsSettings(files_url=runtime.settings.files_url),
            clock=company.clock,
            database=Database(runtime.database.url),
            keyring=runtime.keyring,
            directory=company.directory,
            specs=[PATIENT if spec.name == PATIENT.name else spec for spec in SPECS],
        )
        for _ in range(REPLICAS - 1)
    ]
    yield [company.service, *others]
    for each in others:
        each.runtime.close()


@pytest.mark.spec("LD3.9", "P7.1")
def test_no_rep_is_over_capacity_and_no_lead_has_two_owners(
    company: Company, replicas: list[Service], keys: Keys
) -> None:
    company.hire(*(f"E{number:02d}" for number in range(REPS)))
    for number in range(REPS):
        company.profile(f"E{number:02d}", baseline=BASELINE)
    captured = capture_all(replicas, keys)
    assert len(set(captured)) == REPLICAS * CALLERS
    drain_waiting(company.app.assigner)
    with company.service.runtime.database.connect() as conn:
        owned = conn.execute(text("SELECT lead_id, employee_id FROM assignment WHERE ended_at IS NULL")).all()
        carried = conn.execute(text("SELECT employee_id, open_a FROM rep WHERE open_a > 0")).all()
        states = Counter(conn.execute(text("SELECT state FROM lead")).scalars())
    loads = {row.employee_id: row.open_a for row in carried}
    assert max(Counter(row.lead_id for row in owned).values()) == 1
    assert loads == dict.fromkeys(loads, BASELINE), "filled to the baseline, never above it"
    assert Counter(row.employee_id for row in owned) == loads
    assert states == {"assigned": REPS * BASELINE, "queued": REPLICAS * CALLERS - REPS * BASELINE}
    assert len(company.events("leads.assigned")) == REPS * BASELINE


def capture_all(replicas: list[Service], keys: Keys) -> list[str]:
    """Each caller brings a lead, all at once."""
    with ExitStack() as stack, ThreadPoolExecutor(REPLICAS * CALLERS) as callers:
        stubs = []
        for each in replicas:
            server = stack.enter_context(rpc_server(each, keys, name="leads", grpc_threads=24))
            channel = stack.enter_context(channel_to(server, keys, as_hq(), deadline=60.0))
            stubs.append(CaptureServiceStub(channel))

        def bring(number: int) -> str:
            request = pb.CaptureLeadRequest(
                request_id=new_id(), company_name=f"第{number}公司", channel="expo", qualification=A_LEAD
            )
            return str(stubs[number % REPLICAS].CaptureLead(request).lead.lead_id)

        return list(callers.map(bring, range(REPLICAS * CALLERS)))
