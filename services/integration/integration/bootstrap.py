"""The only wiring."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from chassis.config import ConfigError
from chassis.events import EventCatalog
from chassis.policy import PolicySpec
from chassis.rpc.client import identity_from_call
from chassis.rpc.policy_servicer import policy_servicer
from chassis.rpc.server import Registration
from chassis.service import Loop, Runtime, Service
from closeloop.forecast.v1 import events_pb2 as forecast_events
from closeloop.incentives.v1 import events_pb2 as incentives_events
from closeloop.integration.v1 import (
    api_key_service_pb2_grpc,
    back_entry_service_pb2_grpc,
    bridge_service_pb2_grpc,
    callback_service_pb2_grpc,
    collection_service_pb2_grpc,
    definition_service_pb2_grpc,
    directory_service_pb2_grpc,
    erp_document_service_pb2_grpc,
    events_pb2,
    feed_file_service_pb2_grpc,
    feed_service_pb2_grpc,
    notification_service_pb2_grpc,
    policy_service_pb2,
    policy_service_pb2_grpc,
    product_service_pb2_grpc,
    retail_service_pb2_grpc,
    tender_service_pb2_grpc,
    three_way_service_pb2_grpc,
)
from closeloop.leads.v1 import events_pb2 as leads_events
from integration import connectors as known_connectors
from integration.api.api_keys import ApiKeyService
from integration.api.back_entries import BackEntryService
from integration.api.bridge import BridgeService
from integration.api.callbacks import CallbackService
from integration.api.collections import CollectionService
from integration.api.definitions import DefinitionService
from integration.api.directory import DirectoryService
from integration.api.erp_documents import ErpDocumentService
from integration.api.feed_files import FeedFileService
from integration.api.feeds import FeedService
from integration.api.notifications import NotificationService
from integration.api.products import ProductService
from integration.api.retail import RetailService
from integration.api.tenders import TenderService
from integration.api.three_way import ThreeWayService
from integration.board.origin_rules import Origins
from integration.board.policy import ThreeWayPolicy
from integration.callbacks.callback_cipher import CallbackCipher
from integration.claiming.policy import ClaimingPolicy
from integration.clients.forecast import GrpcOrigins, NoOrigins
from integration.consumers import consumers
from integration.conversations.mailbox_policy import MailboxPolicy
from integration.definitions.policy import DefinitionsPolicy
from integration.definitions.policy import check as check_definitions
from integration.directory.memory import DirectoryMemory
from integration.duties.policy import DutiesPolicy
from integration.erp.policy import ErpFilesPolicy
from integration.erp.policy import check as check_erp_files
from integration.feeds.connector import Connector
from integration.feeds.guard import AddressGuard
from integration.feeds.pace import Pace
from integration.feeds.policy import FeedRule, FeedsPolicy
from integration.feeds.run_feed import FeedRunner
from integration.feeds.sources import Sources
from integration.jobs import App, deadlines, jobs
from integration.notifications.mailer import Mailer, MailServer
from integration.notifications.policy import NotificationsPolicy
from integration.notifications.policy import check as check_notifications
from integration.notifications.robot_rules import DINGTALK, WECOM
from integration.notifications.robots import Robot, Robots
from integration.notifications.send_deliveries import DeliverySender
from integration.notifications.send_to_robots import RobotSender
from integration.receipts.policy import StatementsPolicy
from integration.receipts.policy import check as check_statements
from integration.registry.policy import RegistryPolicy
from integration.settings import IntegrationSettings
from integration.tenders.policy import TendersPolicy

MIGRATIONS = Path(__file__).parent.parent / "migrations"
DUTIES = PolicySpec("duties", DutiesPolicy)
FEEDS = PolicySpec("feeds", FeedsPolicy)
CLAIMING = PolicySpec("claiming", ClaimingPolicy)
DEFINITIONS = PolicySpec("definitions", DefinitionsPolicy, check_definitions)
NOTIFICATIONS = PolicySpec("notifications", NotificationsPolicy, check_notifications)
MAILBOX = PolicySpec("mailbox", MailboxPolicy)
STATEMENTS = PolicySpec("statements", StatementsPolicy, check_statements)
TENDERS = PolicySpec("tenders", TendersPolicy)
REGISTRY = PolicySpec("registry", RegistryPolicy)
ERP_FILES = PolicySpec("erp_files", ErpFilesPolicy, check_erp_files)
THREE_WAY = PolicySpec("three_way", ThreeWayPolicy)
POLICIES: list[PolicySpec[Any]] = [
    DUTIES,
    DEFINITIONS,
    FEEDS,
    CLAIMING,
    NOTIFICATIONS,
    STATEMENTS,
    MAILBOX,
    TENDERS,
    ERP_FILES,
    THREE_WAY,
    REGISTRY,
]
CATALOG = EventCatalog.of(events_pb2, leads_events, incentives_events, forecast_events)


def build(settings: IntegrationSettings) -> Service:
    return wire(Runtime("integration", settings, CATALOG, POLICIES), settings)


def wire(runtime: Runtime, settings: IntegrationSettings, connectors: Mapping[str, Connector] | None = None) -> Service:
    """`connectors`: those of the environment unless a test names its own."""
    parts = _Parts(runtime, settings, connectors)
    return Service(
        runtime,
        servicers=parts.servicers(),
        consumers=consumers(parts.duties, parts.notifications, [(each.channel, each.name) for each in parts.robots]),
        deadlines=deadlines(parts.duties),
        jobs=jobs(parts.connectors),
        migrations=MIGRATIONS,
        app=App(
            runtime.uow,
            parts.runner,
            parts.connectors,
            parts.rule_of,
            parts.duties,
            parts.notifications,
            runtime.files,
            parts.three_way,
        ),
        loops=parts.loops(),
        beside_rpc=[Loop("directory", parts.memory.run)],
    )


class _Parts:
    """What several servicers, jobs and loops share."""

    def __init__(
        self, runtime: Runtime, settings: IntegrationSettings, connectors: Mapping[str, Connector] | None
    ) -> None:
        self._runtime = runtime
        self._settings = settings
        self.robots = _robots(settings)
        self.connectors = known_connectors.every(self.policy) if connectors is None else connectors
        sources = Sources(_guard(settings), settings.redis_url, simulated=settings.simulated_sources)
        self.memory = DirectoryMemory(runtime.database.url)
        self.runner = FeedRunner(runtime.uow, self.connectors, sources, self.rule_of)

    def policy(self, name: str) -> Any:
        return self._runtime.policies.current(name)[1]

    def duties(self) -> DutiesPolicy:
        return self._runtime.policies.current(DUTIES)[1]

    def claiming(self) -> ClaimingPolicy:
        return self._runtime.policies.current(CLAIMING)[1]

    def definitions(self) -> DefinitionsPolicy:
        return self._runtime.policies.current(DEFINITIONS)[1]

    def notifications(self) -> NotificationsPolicy:
        return self._runtime.policies.current(NOTIFICATIONS)[1]

    def three_way(self) -> tuple[int, ThreeWayPolicy]:
        return self._runtime.policies.current(THREE_WAY)

    def rule_of(self, connector: Connector) -> FeedRule:
        return self._runtime.policies.current(FEEDS)[1].feeds.get(connector.feed, connector.rule)

    def servicers(self) -> list[Registration]:
        runtime, uow, files = self._runtime, self._runtime.uow, self._runtime.files
        return [
            (
                feed_service_pb2_grpc.add_FeedServiceServicer_to_server,
                FeedService(uow, self.connectors, self.rule_of, self.runner, files),
            ),
            (
                directory_service_pb2_grpc.add_DirectoryServiceServicer_to_server,
                DirectoryService(uow, self.duties, self.memory),
            ),
            (api_key_service_pb2_grpc.add_ApiKeyServiceServicer_to_server, ApiKeyService(uow)),
            (
                collection_service_pb2_grpc.add_CollectionServiceServicer_to_server,
                CollectionService(uow, self.claiming, self.definitions, files),
            ),
            (notification_service_pb2_grpc.add_NotificationServiceServicer_to_server, NotificationService(uow)),
            (
                callback_service_pb2_grpc.add_CallbackServiceServicer_to_server,
                CallbackService(uow, _ciphers(self._settings)),
            ),
            (erp_document_service_pb2_grpc.add_ErpDocumentServiceServicer_to_server, ErpDocumentService(uow)),
            (
                feed_file_service_pb2_grpc.add_FeedFileServiceServicer_to_server,
                FeedFileService(uow, self.connectors, files),
            ),
            (
                bridge_service_pb2_grpc.add_BridgeServiceServicer_to_server,
                BridgeService(uow, self.definitions, files),
            ),
            (
                definition_service_pb2_grpc.add_DefinitionServiceServicer_to_server,
                DefinitionService(uow, lambda: runtime.policies.current(DEFINITIONS)),
            ),
            (
                three_way_service_pb2_grpc.add_ThreeWayServiceServicer_to_server,
                ThreeWayService(uow, lambda: self.three_way()[1], _origins(runtime)),
            ),
            (product_service_pb2_grpc.add_ProductServiceServicer_to_server, ProductService(uow)),
            (tender_service_pb2_grpc.add_TenderServiceServicer_to_server, TenderService(uow)),
            (retail_service_pb2_grpc.add_RetailServiceServicer_to_server, RetailService(uow)),
            (
                back_entry_service_pb2_grpc.add_BackEntryServiceServicer_to_server,
                BackEntryService(uow, self.claiming, files),
            ),
            policy_servicer(policy_service_pb2, policy_service_pb2_grpc, uow, runtime.policies.specs),
        ]

    def loops(self) -> list[Loop]:
        """Without a mail server, mails wait in the queue."""
        return self._mail_loop() + self._robot_loop()

    def _robot_loop(self) -> list[Loop]:
        if not self.robots:
            return []
        posts, pace = Robots(self.robots, _guard(self._settings)), Pace(self._settings.redis_url)
        return [Loop("robots", RobotSender(self._runtime.uow, posts, pace, self.notifications).run)]

    def _mail_loop(self) -> list[Loop]:
        settings = self._settings
        if not settings.smtp_host:
            return []
        server = MailServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.mail_from,
            settings.smtp_user,
            settings.smtp_password,
            starttls=settings.smtp_starttls,
        )
        return [Loop("deliveries", DeliverySender(self._runtime.uow, Mailer(server), self.notifications).run)]


def _robots(settings: IntegrationSettings) -> list[Robot]:
    secrets = settings.dingtalk_robot_secrets
    signed = [
        Robot(DINGTALK, name, url, secrets.get(name, SecretStr(""))) for name, url in settings.dingtalk_robots.items()
    ]
    return [Robot(WECOM, name, url) for name, url in settings.wecom_robots.items()] + signed


def _origins(runtime: Runtime) -> Origins:
    """Asked as whoever asks us, so that nobody sees more than in forecast itself."""
    try:
        return GrpcOrigins(runtime.channel("forecast", identity_from_call, deadline=2.0))
    except ConfigError:
        return NoOrigins()


def _guard(settings: IntegrationSettings) -> AddressGuard:
    try:
        return AddressGuard(settings.source_networks, local=settings.is_local)
    except ValueError:
        raise ConfigError("CLOSELOOP_SOURCE_NETWORKS: expected networks such as 10.20.0.0/24, by commas.") from None


def _ciphers(settings: IntegrationSettings) -> dict[str, CallbackCipher]:
    """Of the chat systems that are set up."""
    told = {
        "wecom": (settings.wecom_token, settings.wecom_aes_key, settings.wecom_corp_id),
        "dingtalk": (settings.dingtalk_token, settings.dingtalk_aes_key, settings.dingtalk_app_key),
    }
    return {name: _cipher(name, token, key, receiver) for name, (token, key, receiver) in told.items() if receiver}


def _cipher(name: str, token: SecretStr, aes_key: SecretStr, receiver: str) -> CallbackCipher:
    try:
        return CallbackCipher(token, aes_key, receiver)
    except ValueError:
        wrong = f"CLOSELOOP_{name.upper()}_AES_KEY: expected the 43 characters of an EncodingAESKey."
        raise ConfigError(wrong) from None
