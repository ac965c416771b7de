"""The only wiring."""

from __future__ import annotations

from pathlib import Path

from activity.api import CallService, ConversationService, FollowUpService
from activity.consumers import consumers
from activity.policies import SPECS
from activity.settings import ActivitySettings
from chassis.events import EventCatalog
from chassis.rpc.policy_servicer import policy_servicer
from chassis.service import Runtime, Service
from closeloop.activity.v1 import (
    call_service_pb2_grpc,
    conversation_service_pb2_grpc,
    events_pb2,
    follow_up_service_pb2_grpc,
    policy_service_pb2,
    policy_service_pb2_grpc,
)
from closeloop.integration.v1 import events_pb2 as integration_events
from closeloop.leads.v1 import events_pb2 as leads_events

MIGRATIONS = Path(__file__).parent.parent / "migrations"
CATALOG = EventCatalog.of(events_pb2, leads_events, integration_events)


def build(settings: ActivitySettings) -> Service:
    return wire(Runtime("activity", settings, catalog=CATALOG, policies=SPECS))


def wire(runtime: Runtime) -> Service:
    uow, policies = runtime.uow, runtime.policies
    return Service(
        runtime,
        servicers=[
            (follow_up_service_pb2_grpc.add_FollowUpServiceServicer_to_server, FollowUpService(uow, policies)),
            (call_service_pb2_grpc.add_CallServiceServicer_to_server, CallService(uow, policies)),
            (
                conversation_service_pb2_grpc.add_ConversationServiceServicer_to_server,
                ConversationService(uow, policies),
            ),
            policy_servicer(policy_service_pb2, policy_service_pb2_grpc, uow, policies.specs),
        ],
        consumers=consumers(policies),
        migrations=MIGRATIONS,
    )
