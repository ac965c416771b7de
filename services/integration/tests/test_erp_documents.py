"""Schedules, deliveries, invoices, stock and service calls of the ERP: kept, told on, shown to whom they concern."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.testing.identity import as_manager, as_rep
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import erp_document_service_pb2 as pb
from closeloop.integration.v1 import erp_document_service_pb2_grpc as pb_grpc
from integration.connectors._erp import ErpFeed, ErpSettings
from integration.connectors.erp_deliveries import ErpDeliveries
from integration.connectors.erp_invoices import ErpInvoices
from integration.connectors.erp_schedules import ErpSchedules
from integration.connectors.erp_service_calls import ErpServiceCalls
from integration.connectors.erp_stock import ErpStock
from integration.feeds.policy import FeedRule
from integration.feeds.replay_quarantine import replay_quarantine
from integration.invoices.rules import InvoiceRecord
from integration.tables import erp_delivery, erp_invoice, erp_schedule, erp_stock, quarantine, service_call
from services.integration.tests.conftest import QUICK, World, odata
from services.integration.tests.erp_samples import as_finance, delivery, invoice, schedule, service_visit, stock
from services.integration.tests.world import order

SETS = ErpSettings(
    erp_schedules_set="Schedules", erp_deliveries_set="Deliveries", erp_invoices_set="Invoices",
    erp_stock_set="Stock", erp_service_calls_set="ServiceCalls",
)  # fmt: skip
# Connector, entity set, a record, the event, a field and a value it can't have.
Case = tuple[type[ErpFeed], str, Callable[..., dict[str, Any]], str, tuple[str, Any]]
KINDS: list[Case] = [
    (ErpSchedules, "Schedules", schedule, "integration.order_scheduled", ("ReadyOn", "bald")),
    (ErpDeliveries, "Deliveries", delivery, "integration.delivered", ("Amount", 1.5)),
    (ErpInvoices, "Invoices", invoice, "integration.invoice_received", ("Kind", "green")),
    (ErpStock, "Stock", stock, "integration.stock_changed", ("CountedAt", "2026-03-10 09:00")),
    (ErpServiceCalls, "ServiceCalls", service_visit, "integration.service_call_recorded", ("Status", "X")),
]
TABLES = {
    "Schedules": erp_schedule, "Deliveries": erp_delivery, "Invoices": erp_invoice, "Stock": erp_stock,
    "ServiceCalls": service_call,
}  # fmt: skip


def offer(world: World, kind: type[ErpFeed], entity_set: str, *records: dict[str, Any]) -> Any:
    settings = SETS.model_copy(update={"erp_url": world.erp.url})
    connector = kind(settings, world.policy)  # type: ignore[call-arg]
    connector.rule = FeedRule(**(connector.rule.model_dump() | QUICK))
    world.connectors[connector.feed] = connector
    world.erp.routes[f"/odata/{entity_set}"] = odata(entity_set, world.erp, records)
    return world.run(connector.feed)


def stub(world: World, rpc: Rpc, who: object) -> pb_grpc.ErpDocumentServiceStub:
    return pb_grpc.ErpDocumentServiceStub(rpc(world.service, as_=who))


@pytest.mark.spec("N1.1", "N1.3")
@pytest.mark.parametrize("case", KINDS, ids=lambda case: case[1])
def test_a_document_is_kept_once_and_told_on(world: World, case: Case) -> None:
    kind, entity_set, record, event, _ = case
    run = offer(world, kind, entity_set, record("D-1"), record("D-2"))
    assert (run.outcome, run.records_new) == ("ok", 2)
    again = offer(world, kind, entity_set, record("D-1"), record("D-2", Version=2))
    assert (again.records_new, again.corrected, again.duplicates) == (0, 0, 2), "a version that says the same"
    told = world.events(event)
    assert [each.key for each in told] == ["D-1", "D-2"]
    assert [each.message.version for each in told] == [1, 1]
    assert world.feed(kind.feed).health == "healthy"
    assert len(world.rows(TABLES[entity_set])) == 2


@pytest.mark.spec("N1.3")
def test_a_correction_counts_and_an_older_version_does_not(world: World) -> None:
    offer(world, ErpDeliveries, "Deliveries", delivery("D-1", Version=3, Amount="100.00"))
    offer(world, ErpDeliveries, "Deliveries", delivery("D-1", Version=4, Amount="90.00"))
    late = offer(world, ErpDeliveries, "Deliveries", delivery("D-1", Version=2, Amount="70.00"))
    assert late.duplicates == 1
    silent = offer(world, ErpDeliveries, "Deliveries", delivery("D-1", Version=4, Amount="80.00"))
    assert silent.corrected == 1, "the same version with other content: the source is believed"
    told = [(each.message.version, each.message.amount.fen) for each in world.events("integration.delivered")]
    assert told == [(1, 10_000), (2, 9_000), (3, 8_000)]
    assert world.row(erp_delivery, delivery_id="D-1").amount_fen == 8_000


@pytest.mark.spec("N1.3")
def test_what_is_older_than_a_version_that_said_the_same_is_late(world: World) -> None:
    offer(world, ErpDeliveries, "Deliveries", delivery("D-1", Version=1, Amount="100.00"))
    same = offer(world, ErpDeliveries, "Deliveries", delivery("D-1", Version=3, Amount="100.00"))
    late = offer(world, ErpDeliveries, "Deliveries", delivery("D-1", Version=2, Amount="70.00"))
    assert (same.duplicates, late.duplicates, late.corrected) == (1, 1, 0)
    kept = world.row(erp_delivery, delivery_id="D-1")
    assert (kept.amount_fen, kept.version, kept.source_version) == (10_000, 1, 3)
    assert len(world.events("integration.delivered")) == 1


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("case", KINDS, ids=lambda case: case[1])
def test_what_can_t_be_read_waits_until_a_good_one_comes(world: World, case: Case) -> None:
    kind, entity_set, record, event, (field, wrong) = case
    run = offer(world, kind, entity_set, record("D-1"), record("D-2", **{field: wrong}))
    assert (run.records_new, run.rejected) == (1, 1)
    [kept] = world.rows(quarantine)
    assert (kept.record_key, kept.field, kept.reason_zh) == ("D-2", field, f"{field} 的内容不符合约定")
    assert world.feed(kind.feed).health == "degraded"
    with world.service.uow.begin(as_finance()) as tx:
        replayed = replay_quarantine(tx, world.connectors[kind.feed])
        tx.commit()
    assert (replayed.replayed, replayed.still_rejected) == (0, 1), "nothing was put right yet"
    offer(world, kind, entity_set, record("D-2", Version=2))
    assert [row.state for row in world.rows(quarantine)] == ["superseded"]
    assert world.feed(kind.feed).health == "healthy"
    assert len(world.events(event)) == 2


@pytest.mark.spec("N5.1")
def test_a_red_invoice_is_negative_however_it_is_written_and_a_void_one_is_nothing(world: World) -> None:
    offer(
        world, ErpInvoices, "Invoices",
        invoice("F-1", Amount="1000.00"),
        invoice("F-2", Amount="-200.00", RedOf="F-1"),
        invoice("F-3", Amount="300.00", Kind="red", RedOf="F-1"),
        invoice("F-4", Amount="-400.00", Kind="RED"),
        invoice("F-5", Amount="900.00", Status="VOID"),
    )  # fmt: skip
    kept = [(row.amount_fen, row.kind, row.state) for row in world.rows(erp_invoice)]
    assert kept == [
        (100_000, "blue", "issued"), (-20_000, "red", "issued"), (-30_000, "red", "issued"),
        (-40_000, "red", "issued"), (0, "blue", "void"),
    ]  # fmt: skip
    told = {each.message.invoice_id: each.message.amount.fen for each in world.events("integration.invoice_received")}
    assert told == {"F-1": 100_000, "F-2": -20_000, "F-3": -30_000, "F-4": -40_000, "F-5": 0}


@pytest.mark.spec("N5.1")
@given(st.decimals(min_value="-1e9", max_value="1e9", places=2), st.sampled_from(["BLUE", "RED"]))
def test_no_red_invoice_ever_adds(amount: Any, kind: str) -> None:
    told = invoice("F-1", Amount=str(amount), Kind=kind)
    record = InvoiceRecord.model_validate(told)
    assert abs(record.value.yuan) == abs(amount)
    assert (record.value.fen < 0) == (record.kind == "RED" and amount != 0)


@pytest.mark.spec("N1.1")
def test_a_delivery_taken_back_counts_nothing(world: World) -> None:
    offer(world, ErpDeliveries, "Deliveries", delivery("D-1"), delivery("D-2", Amount="-50.00"))
    offer(world, ErpDeliveries, "Deliveries", delivery("D-1", Version=2, Status="cancelled"))
    assert [(row.amount_fen, row.state) for row in world.rows(erp_delivery)] == [
        (0, "cancelled"),
        (-5_000, "delivered"),
    ]


@pytest.mark.spec("N1.1")
def test_documents_are_seen_by_those_who_sell(staffed: World, rpc: Rpc) -> None:
    world = staffed
    theirs = {"OrderId": "SO-2", "ContractNo": "HT-2", "CustomerCode": "C0002"}
    world.sell(order("SO-1"), order("SO-2", ContractNo="HT-2", CustomerCode="C0002", SalespersonId="E00002"))
    offer(world, ErpSchedules, "Schedules", schedule("P-1"), schedule("P-2", OrderId="SO-2"))
    # The first names its contract only.
    offer(world, ErpDeliveries, "Deliveries", delivery("D-1", OrderId=None), delivery("D-2", **theirs))
    offer(
        world,
        ErpInvoices,
        "Invoices",
        invoice("F-1"),
        invoice("F-2", **theirs),
        invoice("F-3", OrderId="SO-77", ContractNo=None),
    )
    offer(world, ErpServiceCalls, "ServiceCalls", service_visit("W-1"), service_visit("W-2", CustomerCode="C0002"))

    def seen(who: object) -> dict[str, list[str]]:
        door = stub(world, rpc, who)
        return {
            "plans": [each.schedule_id for each in door.ListSchedules(pb.ListSchedulesRequest()).schedules],
            "goods": [each.delivery_id for each in door.ListShipments(pb.ListShipmentsRequest()).shipments],
            "bills": [each.invoice_id for each in door.ListInvoices(pb.ListInvoicesRequest()).invoices],
            "calls": [each.call_id for each in door.ListServiceCalls(pb.ListServiceCallsRequest()).service_calls],
        }

    assert seen(as_rep("E00001")) == {"plans": ["P-1"], "goods": ["D-1"], "bills": ["F-1"], "calls": ["W-1"]}
    assert seen(as_rep("E00002")) == {"plans": ["P-2"], "goods": ["D-2"], "bills": ["F-2"], "calls": ["W-2"]}
    assert seen(as_manager("E00100", "/HQ/EAST/HZ1/"))["goods"] == ["D-1"]
    everything = seen(as_finance())
    assert (everything["bills"], everything["calls"]) == (["F-3", "F-2", "F-1"], ["W-2", "W-1"])


@pytest.mark.spec("N1.1")
def test_documents_are_filtered_and_paged(world: World, rpc: Rpc) -> None:
    days = [f"2026-03-{day:02d}" for day in range(1, 6)]
    offer(world, ErpDeliveries, "Deliveries", *(delivery(f"D-{day}", DeliveredOn=day) for day in days))
    door = stub(world, rpc, as_finance())
    first = door.ListShipments(pb.ListShipmentsRequest(order_id="SO-1", page={"size": 3}))
    rest = door.ListShipments(
        pb.ListShipmentsRequest(order_id="SO-1", page={"size": 3, "token": first.page.next_token})
    )
    assert [each.delivered_on for each in [*first.shipments, *rest.shipments]] == days[::-1]
    assert rest.page.next_token == ""
    assert not door.ListShipments(pb.ListShipmentsRequest(contract_number="HT-X")).shipments


@pytest.mark.spec("N1.1")
def test_a_service_call_tells_how_long_the_customer_waited(world: World, rpc: Rpc) -> None:
    answered = service_visit(
        "W-1", RespondedAt="2026-03-10T09:45:00+08:00", ClosedAt="2026-03-10T11:00:00+08:00", Status="closed"
    )
    offer(world, ErpServiceCalls, "ServiceCalls", answered, service_visit("W-2"))
    door = stub(world, rpc, as_finance())
    told = {each.call_id: each for each in door.ListServiceCalls(pb.ListServiceCallsRequest()).service_calls}
    assert (told["W-1"].response_minutes, told["W-1"].state) == (45, "closed")
    assert not told["W-2"].HasField("response_minutes")
    still_open = door.ListServiceCalls(pb.ListServiceCallsRequest(open_only=True)).service_calls
    assert [each.call_id for each in still_open] == ["W-2"]


@pytest.mark.spec("N1.1")
def test_the_stock_says_what_may_no_longer_be_sold(world: World, rpc: Rpc) -> None:
    from services.integration.tests.test_products import offer as offer_products
    from services.integration.tests.test_products import told as product

    offer_products(world, product("IMG-1"))
    offer(world, ErpStock, "Stock", stock("S-1"), stock("S-2", ProductCode="NEW-1", Available=None))
    door = stub(world, rpc, as_rep())
    first, second = door.ListStock(pb.ListStockRequest()).stock
    assert (first.product_name, first.quantity, first.available) == ("数字影像系统", "12.5", "10")
    assert (first.registration_ends_on, first.registration_ended) == ("2026-03-10", False)
    assert (second.available, second.registration_ends_on) == ("", "")
    world.clock.advance(timedelta(days=1))
    [ended] = door.ListStock(pb.ListStockRequest(product_code="IMG-1")).stock
    assert ended.registration_ended
