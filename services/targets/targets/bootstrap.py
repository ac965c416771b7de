"""The only wiring."""

from __future__ import annotations

from pathlib import Path

from chassis.events import EventCatalog
from chassis.service import Runtime, Service
from closeloop.integration.v1 import events_pb2 as integration_events
from closeloop.targets.v1 import attainment_service_pb2_grpc, events_pb2, plan_service_pb2_grpc
from targets.api import AttainmentService, PlanService
from targets.consumers import CONSUMERS
from targets.settings import TargetsSettings

MIGRATIONS = Path(__file__).parent.parent / "migrations"
CATALOG = EventCatalog.of(events_pb2, integration_events)


def build(settings: TargetsSettings) -> Service:
    return wire(Runtime("targets", settings, catalog=CATALOG))


def wire(runtime: Runtime) -> Service:
    return Service(
        runtime,
        servicers=[
            (plan_service_pb2_grpc.add_PlanServiceServicer_to_server, PlanService(runtime.uow)),
            (attainment_service_pb2_grpc.add_AttainmentServiceServicer_to_server, AttainmentService(runtime.uow)),
        ],
        consumers=CONSUMERS,
        migrations=MIGRATIONS,
    )
