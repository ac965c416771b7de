"""The only wiring."""

from __future__ import annotations

from pathlib import Path

from chassis.events import EventCatalog
from chassis.rpc.policy_servicer import policy_servicer
from chassis.service import Runtime, Service
from closeloop.forecast.v1 import (
    events_pb2,
    evidence_service_pb2_grpc,
    opportunity_service_pb2_grpc,
    policy_service_pb2,
    policy_service_pb2_grpc,
    submission_service_pb2_grpc,
)
from closeloop.integration.v1 import events_pb2 as integration_events
from closeloop.leads.v1 import events_pb2 as leads_events
from forecast.api.evidence import EvidenceService
from forecast.api.opportunities import OpportunityService
from forecast.api.submissions import SubmissionService
from forecast.consumers import CONSUMERS
from forecast.policies import SPECS
from forecast.settings import ForecastSettings

MIGRATIONS = Path(__file__).parent.parent / "migrations"
CATALOG = EventCatalog.of(events_pb2, leads_events, integration_events)


def build(settings: ForecastSettings) -> Service:
    return wire(Runtime("forecast", settings, catalog=CATALOG, policies=SPECS))


def wire(runtime: Runtime) -> Service:
    uow, policies, files = runtime.uow, runtime.policies, runtime.files
    return Service(
        runtime,
        servicers=[
            (
                opportunity_service_pb2_grpc.add_OpportunityServiceServicer_to_server,
                OpportunityService(uow, policies, files),
            ),
            (evidence_service_pb2_grpc.add_EvidenceServiceServicer_to_server, EvidenceService(uow, policies, files)),
            (submission_service_pb2_grpc.add_SubmissionServiceServicer_to_server, SubmissionService(uow, policies)),
            policy_servicer(policy_service_pb2, policy_service_pb2_grpc, uow, policies.specs),
        ],
        consumers=CONSUMERS,
        migrations=MIGRATIONS,
    )
