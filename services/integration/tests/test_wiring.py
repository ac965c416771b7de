"""Events fit their contracts, tables fit the migrations, settings say what is wrong, connectors are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chassis.config import ConfigError, Mode, load
from chassis.database import Database
from chassis.migrations import check
from integration import connectors
from integration.approvals.rules import ApprovalCompleted
from integration.back_entries.events import BackfillApproved, BackfillConfirmed, BackfillWaits
from integration.bootstrap import CATALOG, MIGRATIONS, POLICIES, _ciphers, _guard
from integration.calls.rules import CallTranscribed
from integration.claiming.events import ReceiptClaimed, ReceiptUnclaimed
from integration.claiming.policy import ClaimingPolicy
from integration.consumers import consumers
from integration.conversations.rules import ConversationMessage
from integration.deliveries.rules import Delivered
from integration.directory.rules import EmployeeChanged
from integration.duties.policy import DutiesPolicy
from integration.feeds.events import FeedDegraded, FeedEscalated, FeedRecovered
from integration.grants.events import GrantChanged
from integration.invoices.rules import InvoiceReceived
from integration.notifications.notices import NOTICES
from integration.notifications.policy import NotificationsPolicy
from integration.notifications.rules import NotificationCreated, NotificationFailed
from integration.notifications.template_rules import TEMPLATES
from integration.orders.rules import OrderChanged, OrderReceived
from integration.pos.customer_rules import PosCustomerRegistered
from integration.pos.rules import PosSalesLoaded
from integration.products.rules import ProductChanged
from integration.promotions.rules import PromotionChanged
from integration.receipts.rules import ReceiptArrived, ReceiptCorrected
from integration.registry.rules import RegistryChanged
from integration.schedules.rules import OrderScheduled
from integration.service_calls.rules import ServiceCallRecorded
from integration.settings import IntegrationSettings
from integration.stock.rules import StockChanged
from integration.tenders.rules import TenderPublished

EVENTS = [
    ApprovalCompleted, BackfillApproved, BackfillConfirmed, BackfillWaits, CallTranscribed, ConversationMessage,
    Delivered, EmployeeChanged, FeedDegraded, FeedEscalated, FeedRecovered, GrantChanged, InvoiceReceived,
    NotificationCreated, NotificationFailed, OrderChanged, OrderReceived, OrderScheduled, PosCustomerRegistered,
    PosSalesLoaded, ProductChanged, PromotionChanged, ReceiptArrived, ReceiptClaimed, ReceiptCorrected,
    ReceiptUnclaimed, RegistryChanged, ServiceCallRecorded, StockChanged, TenderPublished,
]  # fmt: skip


@pytest.mark.spec("P3.2")
def test_every_event_fits_its_message_and_every_message_has_its_event() -> None:
    CATALOG.check(EVENTS)
    published = {each.message.DESCRIPTOR.name for each in CATALOG if each.topic.startswith("closeloop.integration.")}
    assert published == {each.__name__ for each in EVENTS}


def test_the_migrations_make_the_tables(service_database: Callable[[str], Database]) -> None:
    check(service_database("integration").url, MIGRATIONS)


@pytest.mark.spec("N1.1")
def test_connectors_are_found_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSELOOP_BANK_ACCOUNTS", "6222, 6223")
    for form in ("RSS", "JSON", "HTML"):
        monkeypatch.setenv(f"CLOSELOOP_TENDER_{form}_SITES", "zj=https://zj.example")
    found = connectors.every(lambda name: None)
    assert {"bank", "bank_direct", "erp_orders", "hr", "telephony", "tender_rss_zj", "wecom_archive"} <= set(found)
    modules = {path.stem for path in Path(connectors.__path__[0]).glob("[!_]*.py")}
    assert len(found) == len(modules)


def test_every_consumed_event_has_its_texts() -> None:
    watched = {"customers.created", "customers.updated"}
    assert {each.type for each in consumers(DutiesPolicy, NotificationsPolicy)} == set(NOTICES) | watched
    for kind, template in TEMPLATES.items():
        assert all((template.title, template.title_zh, template.body, template.body_zh))
        elsewhere = ("calendar_provisional", "approval_completed")
        assert template.link or kind in elsewhere, "what an event tells of can be opened"


def test_policies_have_defaults_that_hold() -> None:
    assert {spec.name for spec in POLICIES} == {
        "definitions", "duties", "feeds", "claiming", "notifications", "statements", "tenders", "erp_files",
        "mailbox", "registry", "three_way",
    }  # fmt: skip
    assert ClaimingPolicy().weights.total == pytest.approx(1.0)


def test_a_wrong_key_of_callbacks_is_one_clear_line() -> None:
    settings = IntegrationSettings(mode=Mode.LOCAL, wecom_corp_id="ww", wecom_aes_key="short")
    with pytest.raises(ConfigError, match=r"^CLOSELOOP_WECOM_AES_KEY: .*\.$"):
        _ciphers(settings)


def test_a_wrong_network_is_one_clear_line() -> None:
    settings = IntegrationSettings(mode=Mode.LOCAL, source_networks=("10.0.0.1/99",))
    with pytest.raises(ConfigError, match=r"^CLOSELOOP_SOURCE_NETWORKS: .*\.$"):
        _guard(settings)


@pytest.mark.spec("N1.2")
def test_the_pace_of_sources_can_not_be_given_up_in_production() -> None:
    assert not load(IntegrationSettings, mode=Mode.LOCAL).simulated_sources, "nor is it by itself"
    assert load(IntegrationSettings, mode=Mode.LOCAL, simulated_sources=True).simulated_sources
    with pytest.raises(ConfigError, match=r"^CLOSELOOP_SIMULATED_SOURCES is for local mode: .*\.$"):
        load(IntegrationSettings, mode=Mode.PRODUCTION, simulated_sources=True)
