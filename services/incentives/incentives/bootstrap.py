"""The only wiring."""

from __future__ import annotations

from pathlib import Path

from chassis.events import EventCatalog
from chassis.policy import PolicySpec
from chassis.rpc.policy_servicer import policy_servicer
from chassis.service import Runtime, Service
from closeloop.forecast.v1 import events_pb2 as forecast_events
from closeloop.incentives.v1 import (
    appeal_service_pb2_grpc,
    budget_service_pb2_grpc,
    deal_service_pb2_grpc,
    events_pb2,
    policy_service_pb2,
    policy_service_pb2_grpc,
    rule_service_pb2_grpc,
    slip_service_pb2_grpc,
)
from closeloop.integration.v1 import events_pb2 as integration_events
from closeloop.leads.v1 import events_pb2 as leads_events
from incentives.api.appeals import AppealService
from incentives.api.budgets import BudgetService
from incentives.api.deals import DealService
from incentives.api.rules import RuleService
from incentives.api.slips import SlipService
from incentives.appeals.policy import AppealPolicy
from incentives.consumers import consumers
from incentives.deals.settle_deals import Settlement
from incentives.evaluation.evaluator import Evaluator
from incentives.jobs import JOBS, deadlines
from incentives.rule_library.policy import BonusPolicy
from incentives.settings import IncentivesSettings

MIGRATIONS = Path(__file__).parent.parent / "migrations"
CATALOG = EventCatalog.of(events_pb2, integration_events, leads_events, forecast_events)
BONUSES = PolicySpec("bonuses", BonusPolicy)
APPEALS = PolicySpec("appeals", AppealPolicy)
SPECS = (BONUSES, APPEALS)
# After an outage the first slip is not to wait for the five hundredth; more together is no cheaper.
ORDERS_TOGETHER = 100


def build(settings: IncentivesSettings) -> Service:
    return wire(Runtime("incentives", settings, catalog=CATALOG, policies=SPECS), settings)


def wire(runtime: Runtime, settings: IncentivesSettings) -> Service:
    """Orders and checks of drafts have a worker each: a rule that is being tried out holds up no order."""
    uow = runtime.uow

    def settlement() -> Settlement:
        worker = Evaluator(seconds=settings.rule_seconds, memory_mb=settings.rule_memory_mb)
        return Settlement(worker, runtime.policies, BONUSES)

    for_orders, for_checks = settlement(), settlement()
    return Service(
        runtime,
        servicers=[
            (rule_service_pb2_grpc.add_RuleServiceServicer_to_server, RuleService(uow, for_checks)),
            (slip_service_pb2_grpc.add_SlipServiceServicer_to_server, SlipService(uow)),
            (
                appeal_service_pb2_grpc.add_AppealServiceServicer_to_server,
                AppealService(uow, runtime.files, runtime.policies, APPEALS, BONUSES),
            ),
            (budget_service_pb2_grpc.add_BudgetServiceServicer_to_server, BudgetService(uow)),
            (deal_service_pb2_grpc.add_DealServiceServicer_to_server, DealService(uow)),
            policy_servicer(policy_service_pb2, policy_service_pb2_grpc, uow, runtime.policies.specs),
        ],
        consumers=consumers(for_orders),
        together=ORDERS_TOGETHER,
        deadlines=deadlines(for_orders, lambda: runtime.policies.current(APPEALS)[1]),
        jobs=JOBS,
        migrations=MIGRATIONS,
        app=uow,
    )
