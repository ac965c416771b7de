"""The ERP's catalogue: read by delta, with registrations of medical devices and when they end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import InvalidInput, NotFound
from chassis.testing.identity import as_rep
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import product_service_pb2 as pb
from closeloop.integration.v1 import product_service_pb2_grpc as pb_grpc
from integration.connectors._erp import ErpSettings
from integration.connectors.erp_products import ErpProducts
from integration.feeds.policy import FeedRule
from integration.tables import product, quarantine
from services.integration.tests.conftest import QUICK, World, odata


def told(code: str = "IMG-1", **changes: Any) -> dict[str, Any]:
    return {
        "ProductCode": code,
        "ProductName": "数字影像系统",
        "Category": "影像",
        "Unit": "台",
        "ListPrice": "52000.00",
        "Currency": "CNY",
        "RegistrationNo": "国械注准20203060001",
        "RegistrationExpiresOn": "2026-03-10",
        "Active": True,
        "Version": 1,
    } | changes


def offer(world: World, *products: dict[str, Any]) -> Any:
    connector = ErpProducts(ErpSettings(erp_url=world.erp.url, erp_products_set="Products"), world.policy)
    connector.rule = FeedRule(**(connector.rule.model_dump() | QUICK))
    world.connectors["erp_products"] = connector
    world.erp.routes["/odata/Products"] = odata("Products", world.erp, products)
    return world.run("erp_products")


def stub(world: World, rpc: Rpc) -> pb_grpc.ProductServiceStub:
    return pb_grpc.ProductServiceStub(rpc(world.service, as_=as_rep()))


@pytest.mark.spec("N1.1")
def test_a_product_is_kept_with_its_registration(world: World, rpc: Rpc) -> None:
    assert offer(world, told()).records_new == 1
    found = stub(world, rpc).GetProduct(pb.GetProductRequest(product_code="IMG-1")).product
    assert (found.name, found.list_price.fen, found.registration_number) == (
        "数字影像系统", 5_200_000, "国械注准20203060001",
    )  # fmt: skip
    assert (found.registration_ends_on, found.registration_ended) == ("2026-03-10", False)
    world.clock.advance(timedelta(days=1))
    assert stub(world, rpc).GetProduct(pb.GetProductRequest(product_code="IMG-1")).product.registration_ended
    with pytest.raises(NotFound):
        stub(world, rpc).GetProduct(pb.GetProductRequest(product_code="X"))


@pytest.mark.spec("N1.3")
def test_a_product_that_comes_again(world: World) -> None:
    offer(world, told())
    run = offer(world, told(), told("IMG-2"), told("IMG-1", Version=2, ListPrice="50000.00"))
    assert (run.records_new, run.corrected, run.duplicates) == (1, 1, 1)
    assert offer(world, told("IMG-1", Version=1, ListPrice="1.00")).duplicates == 1
    assert [row.list_price_fen for row in world.rows(product)] == [5_000_000, 5_200_000]
    events = [each.message for each in world.events("integration.product_changed")]
    assert [(each.product_code, each.version, each.list_price.fen) for each in events] == [
        ("IMG-1", 1, 5_200_000), ("IMG-1", 2, 5_000_000), ("IMG-2", 1, 5_200_000),
    ]  # fmt: skip
    assert events[0].registration_ends_on == "2026-03-10"


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    "change", [{"ListPrice": "-1"}, {"ListPrice": 1.5}, {"RegistrationExpiresOn": "soon"}, {"ProductName": ""}]
)
def test_a_product_that_can_t_be_read_waits_in_quarantine(world: World, change: dict[str, Any]) -> None:
    run = offer(world, told(), told("IMG-2", **change))
    assert (run.records_new, run.rejected) == (1, 1)
    assert world.rows(quarantine)[0].field == next(iter(change))
    offer(world, told("IMG-2"))
    assert [row.state for row in world.rows(quarantine)] == ["superseded"]


@pytest.mark.spec("N1.1")
def test_the_catalogue_is_searched_and_shows_what_ends_soon(world: World, rpc: Rpc) -> None:
    offer(
        world,
        told("A-1", ProductName="显微镜", RegistrationNo=None, RegistrationExpiresOn=None),
        told("B-1", RegistrationExpiresOn="2026-06-30"),
        told("C-1", RegistrationExpiresOn="2027-06-30"),
    )

    def codes(**asked: str) -> list[str]:
        return [each.product_code for each in stub(world, rpc).ListProducts(pb.ListProductsRequest(**asked)).products]

    assert codes() == ["A-1", "B-1", "C-1"]
    assert codes(text="显微") == ["A-1"]
    assert codes(registration_ends_by="2026-12-31") == ["B-1"]
    with pytest.raises(InvalidInput):
        codes(registration_ends_by="2026-02-31")


def test_without_an_entity_set_the_catalogue_is_not_read() -> None:
    assert ErpProducts(ErpSettings(erp_url="https://erp.example"), lambda name: None).access.url == ""
