"""The only wiring of the service, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chassis.clock import Clock
from chassis.database import Database
from chassis.events import EventCatalog
from chassis.files import FileStore
from chassis.identity import Keyring
from chassis.policy import PolicySpec
from chassis.rpc.policy_servicer import policy_servicer
from chassis.service import Runtime, Service
from closeloop.activity.v1 import events_pb2 as activity_events
from closeloop.forecast.v1 import events_pb2 as forecast_events
from closeloop.integration.v1 import events_pb2 as integration_events
from closeloop.leads.v1 import assignment_service_pb2_grpc as assignment_grpc
from closeloop.leads.v1 import capture_service_pb2_grpc as capture_grpc
from closeloop.leads.v1 import churn_service_pb2_grpc as churn_grpc
from closeloop.leads.v1 import customer_dynamics_service_pb2_grpc as dynamics_grpc
from closeloop.leads.v1 import customer_file_service_pb2_grpc as customer_file_grpc
from closeloop.leads.v1 import customer_grade_service_pb2_grpc as customer_grade_grpc
from closeloop.leads.v1 import customer_merge_service_pb2_grpc as customer_merge_grpc
from closeloop.leads.v1 import customer_service_pb2_grpc as customer_grpc
from closeloop.leads.v1 import duplicate_service_pb2_grpc as duplicate_grpc
from closeloop.leads.v1 import events_pb2 as leads_events
from closeloop.leads.v1 import flow_service_pb2_grpc as flow_grpc
from closeloop.leads.v1 import guard_service_pb2_grpc as guard_grpc
from closeloop.leads.v1 import handover_service_pb2_grpc as handover_grpc
from closeloop.leads.v1 import hint_service_pb2_grpc as hint_grpc
from closeloop.leads.v1 import import_service_pb2_grpc as import_grpc
from closeloop.leads.v1 import lead_service_pb2_grpc as lead_grpc
from closeloop.leads.v1 import policy_service_pb2, policy_service_pb2_grpc
from closeloop.leads.v1 import pool_service_pb2_grpc as pool_grpc
from closeloop.leads.v1 import replay_service_pb2_grpc as replay_grpc
from closeloop.leads.v1 import score_service_pb2_grpc as score_grpc
from leads import jobs, policies
from leads.api.assignment import AssignmentService
from leads.api.capture import CaptureService
from leads.api.churn import ChurnService
from leads.api.customer import CustomerService
from leads.api.customer_file import CustomerFileService
from leads.api.customer_grade import CustomerGradeService
from leads.api.customer_merge import CustomerMergeService
from leads.api.duplicate import DuplicateService
from leads.api.dynamics import CustomerDynamicsService
from leads.api.flow import FlowService
from leads.api.guard import GuardService
from leads.api.handover import HandoverService
from leads.api.hint import HintService
from leads.api.imports import ImportService
from leads.api.lead import LeadService
from leads.api.pool import PoolService
from leads.api.replay import ReplayService
from leads.api.score import ScoreService
from leads.app import App
from leads.assignment.assigner import Assigner
from leads.assignment.board import Board
from leads.assignment.probe import Directory, Probe
from leads.clients.directory import GrpcDirectory
from leads.consumers import consumers
from leads.history_import.kinds import KINDS
from leads.imports.run_import import Importer
from leads.settings import LeadsSettings

MIGRATIONS = Path(__file__).parents[1] / "migrations"


def catalog() -> EventCatalog:
    return EventCatalog.of(leads_events, integration_events, activity_events, forecast_events)


def build(
    settings: LeadsSettings,
    *,
    clock: Clock | None = None,
    database: Database | None = None,
    keyring: Keyring | None = None,
    directory: Directory | None = None,
    files: FileStore | None = None,
    specs: Sequence[PolicySpec[Any]] = policies.SPECS,
) -> Service:
    """Keywords replace parts, for tests."""
    runtime = Runtime("leads", settings, catalog(), specs, clock=clock, database=database, keyring=keyring)
    probe = Probe(directory or GrpcDirectory(runtime.channel("integration", deadline=1.0)))
    assigner = Assigner(runtime.uow, Board(runtime.database), probe, runtime.policies)
    store = files or runtime.files
    importer = Importer(runtime.uow, store, runtime.policies, KINDS)
    app = App(assigner, importer, settings.drain_pause)
    uow = runtime.uow
    return Service(
        runtime,
        servicers=[
            (
                capture_grpc.add_CaptureServiceServicer_to_server,
                CaptureService(assigner, runtime.policies, store, KINDS),
            ),
            (lead_grpc.add_LeadServiceServicer_to_server, LeadService(uow, runtime.policies)),
            (
                assignment_grpc.add_AssignmentServiceServicer_to_server,
                AssignmentService(assigner, policies.ASSIGNMENT),
            ),
            (guard_grpc.add_GuardServiceServicer_to_server, GuardService(assigner)),
            (duplicate_grpc.add_DuplicateServiceServicer_to_server, DuplicateService(assigner)),
            (pool_grpc.add_PoolServiceServicer_to_server, PoolService(assigner)),
            (import_grpc.add_ImportServiceServicer_to_server, ImportService(uow, store, KINDS)),
            (customer_grpc.add_CustomerServiceServicer_to_server, CustomerService(uow)),
            (
                customer_file_grpc.add_CustomerFileServiceServicer_to_server,
                CustomerFileService(uow, runtime.policies),
            ),
            (
                customer_grade_grpc.add_CustomerGradeServiceServicer_to_server,
                CustomerGradeService(uow, runtime.policies, policies.CUSTOMER_GRADES),
            ),
            (customer_merge_grpc.add_CustomerMergeServiceServicer_to_server, CustomerMergeService(assigner)),
            (dynamics_grpc.add_CustomerDynamicsServiceServicer_to_server, CustomerDynamicsService(uow)),
            (handover_grpc.add_HandoverServiceServicer_to_server, HandoverService(uow, runtime.policies)),
            (hint_grpc.add_HintServiceServicer_to_server, HintService(uow, runtime.policies)),
            (churn_grpc.add_ChurnServiceServicer_to_server, ChurnService(uow, store)),
            (flow_grpc.add_FlowServiceServicer_to_server, FlowService(uow, runtime.policies, store)),
            (replay_grpc.add_ReplayServiceServicer_to_server, ReplayService(uow, policies.ASSIGNMENT)),
            (score_grpc.add_ScoreServiceServicer_to_server, ScoreService(uow, runtime.policies)),
            policy_servicer(policy_service_pb2, policy_service_pb2_grpc, uow, runtime.policies.specs),
        ],
        consumers=consumers(runtime.policies, probe),
        # What more is known of new leads costs much the same for one and for ten, and captures beside it pay for it.
        gather=0.25,
        deadlines=jobs.deadlines(runtime.policies),
        jobs=jobs.JOBS,
        migrations=MIGRATIONS,
        app=app,
        loops=jobs.loops(app),
    )
