"""The three-way board for tests: documents that come in, and who looks at what they make of a contract."""

from __future__ import annotations

from typing import Any

from chassis.identity import Identity
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import three_way_service_pb2 as pb
from closeloop.integration.v1 import three_way_service_pb2_grpc as pb_grpc
from integration.board.refresh_board import refresh_board
from integration.connectors.erp_deliveries import ErpDeliveries
from integration.connectors.erp_invoices import ErpInvoices
from integration.jobs import App
from integration.tables import bank_entry
from services.integration.tests.conftest import World
from services.integration.tests.erp_samples import as_finance, delivery, invoice
from services.integration.tests.test_erp_documents import offer
from services.integration.tests.world import Line, order, receivable, statement

GREEN, YELLOW, RED = pb.MATCH_COLOUR_GREEN, pb.MATCH_COLOUR_YELLOW, pb.MATCH_COLOUR_RED
WHOLE = 5_200_000


def judged(world: World) -> int:
    app: App = world.service.app
    version, policy = app.three_way()
    return refresh_board(app.uow, policy, version)


def board(world: World, rpc: Rpc, who: Identity | None = None, **asked: Any) -> pb.ListThreeWayResponse:
    judged(world)
    stub = pb_grpc.ThreeWayServiceStub(rpc(world.service, as_=who or as_finance()))
    told: pb.ListThreeWayResponse = stub.ListThreeWay(pb.ListThreeWayRequest(**asked))
    return told


def thread(world: World, rpc: Rpc, order_id: str = "SO-1", who: Identity | None = None) -> pb.Thread:
    stub = pb_grpc.ThreeWayServiceStub(rpc(world.service, as_=who or as_finance()))
    told: pb.Thread = stub.GetOrderThread(pb.GetOrderThreadRequest(order_id=order_id)).thread
    return told


def deliver(world: World, *records: dict[str, Any]) -> None:
    assert offer(world, ErpDeliveries, "Deliveries", *records).rejected == 0


def bill(world: World, *records: dict[str, Any]) -> None:
    assert offer(world, ErpInvoices, "Invoices", *records).rejected == 0


def book(world: World, *lines: Line) -> dict[str, str]:
    """One statement of these; ids of entries by serial."""
    world.vault.statements[1] = statement(1, lines)
    assert world.run("bank").outcome == "ok"
    return {row.serial: row.id for row in world.rows(bank_entry)}


def of(contract: str, **changes: Any) -> dict[str, Any]:
    return {"ContractNo": contract, "OrderId": contract.replace("HT", "SO")} | changes


def due(contract: str, **changes: Any) -> dict[str, Any]:
    return receivable(contract.replace("HT", "AR"), ContractNo=contract, DueOn="2026-03-01", **changes)


def enter_one(world: World) -> None:
    """One contract of which everything is there and matches."""
    world.sell(order())
    world.owe(receivable(DueOn="2026-03-10"))
    deliver(world, delivery())
    bill(world, invoice())
    book(world, Line("0001", "52000.00", remark="HT-2026-001"))
