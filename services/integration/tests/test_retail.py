"""Sign-ups at points of sale, and promotions with what they cost."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from chassis.errors import InvalidInput, NotFound, PermissionDenied
from chassis.testing.identity import as_hq, as_rep
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import retail_service_pb2 as pb
from closeloop.integration.v1 import retail_service_pb2_grpc as pb_grpc
from integration.connectors._pos import PosSettings
from integration.connectors.pos_customers import PosCustomers
from integration.connectors.promotions import Promotions, PromotionSettings
from integration.feeds.connector import Connector
from integration.feeds.policy import FeedRule
from integration.tables import pos_customer, pos_sale, promotion, quarantine
from services.integration.tests.conftest import QUICK, World
from services.integration.tests.shop import Shop


@pytest.fixture
def shop(world: World) -> Shop:
    connectors: list[Connector] = [
        PosCustomers(PosSettings(pos_url=world.erp.url)), Promotions(PromotionSettings(promotions_url=world.erp.url)),
    ]  # fmt: skip
    for each in connectors:
        each.rule = FeedRule(**(each.rule.model_dump() | QUICK))  # type: ignore[misc]
        world.connectors[each.feed] = each
    return Shop(world.erp).open()


def sign_up(customer_id: str = "P1", **changes: Any) -> dict[str, Any]:
    return {
        "CustomerId": customer_id, "Version": 1, "Name": "王女士", "Company": None, "Phone": "13800138000",
        "Store": "S001", "StoreName": "西湖店", "Province": "浙江省", "City": "杭州市", "Consent": True,
        "SignedUpAt": "2026-03-10T09:58:00+08:00",
    } | changes  # fmt: skip


def campaign(promotion_id: str = "PR-1", **changes: Any) -> dict[str, Any]:
    return {
        "PromotionId": promotion_id, "Version": 1, "Name": "春季满减", "Region": "华东大区", "Skus": ["CON-1"],
        "StartsOn": "2026-03-01", "EndsOn": "2026-03-31", "Cost": "80000.00", "Currency": "CNY", "Status": "RUNNING",
    } | changes  # fmt: skip


def signed_up(world: World) -> list[str]:
    return [each.message.pos_customer_id for each in world.events("integration.pos_customer_registered")]


@pytest.mark.spec("N1.1", "N1.3")
def test_who_signs_up_and_agrees_is_told_of_once(world: World, shop: Shop) -> None:
    shop.lists["customers"] = [sign_up("P1"), sign_up("P2", Consent=False)]
    assert world.run("pos_customers").records_new == 2
    assert signed_up(world) == ["P1"]
    shop.lists["customers"] += [
        sign_up("P1", Version=2, Name="王丽"), sign_up("P2", Version=2), sign_up("P1", Version=1),
    ]  # fmt: skip
    run = world.run("pos_customers")
    assert (run.corrected, run.duplicates) == (2, 1)
    assert signed_up(world) == ["P1", "P2"]
    assert {row.pos_customer_id: row.name for row in world.rows(pos_customer)} == {"P1": "王丽", "P2": "王女士"}
    assert world.feed("pos_customers").checkpoint == "5"


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("change", [{"Phone": ""}, {"Consent": "yes"}, {"SignedUpAt": "2026-03-10"}, {"Version": -1}])
def test_a_sign_up_that_can_t_be_read_waits(world: World, shop: Shop, change: dict[str, Any]) -> None:
    shop.lists["customers"] = [sign_up("P1", **change), sign_up("P2")]
    run = world.run("pos_customers")
    assert (run.records_new, run.rejected) == (1, 1)
    assert world.rows(quarantine)[0].field == next(iter(change))
    assert signed_up(world) == ["P2"]


@pytest.mark.spec("N1.1")
def test_promotions_are_told_on_and_shown_with_their_cost(world: World, shop: Shop, rpc: Rpc) -> None:
    shop.lists["promotions"] = [
        campaign(), campaign("PR-2", Region=None, Skus=None, StartsOn="2026-04-01", EndsOn="2026-04-30"),
        campaign("PR-3", Status="cancelled"),
    ]  # fmt: skip
    assert world.run("promotions").records_new == 3
    shop.lists["promotions"].append(campaign(Version=2, Cost="95000.00"))
    assert world.run("promotions").corrected == 1
    told = [(each.message.promotion_id, each.message.version, each.message.cost.fen)
            for each in world.events("integration.promotion_changed")]  # fmt: skip
    assert told == [("PR-1", 1, 8_000_000), ("PR-2", 1, 8_000_000), ("PR-3", 1, 8_000_000), ("PR-1", 2, 9_500_000)]
    stub = pb_grpc.RetailServiceStub(rpc(world.service, as_=as_hq("E00700", "ops")))

    def shown(**asked: str) -> list[str]:
        return [each.promotion_id for each in stub.ListPromotions(pb.ListPromotionsRequest(**asked)).promotions]

    assert shown() == ["PR-2", "PR-3", "PR-1"]
    assert shown(day="2026-03-31") == ["PR-1"]
    assert shown(day="2026-04-01", region="华南大区", sku="CON-7") == ["PR-2"]
    one = stub.GetPromotion(pb.GetPromotionRequest(promotion_id="PR-1")).promotion
    assert (one.cost.fen, list(one.skus), one.ends_on, one.state) == (9_500_000, ["CON-1"], "2026-03-31", "running")
    with pytest.raises(NotFound):
        stub.GetPromotion(pb.GetPromotionRequest(promotion_id="PR-9"))
    with pytest.raises(InvalidInput):
        shown(day="2026-02-31")
    with pytest.raises(PermissionDenied):
        pb_grpc.RetailServiceStub(rpc(world.service, as_=as_rep())).ListPromotions(pb.ListPromotionsRequest())


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    "change", [{"Cost": 1.5}, {"Cost": "-1"}, {"EndsOn": "2026-02-01"}, {"Status": "nearly"}, {"Name": None}]
)
def test_a_promotion_that_can_t_be_read_waits(world: World, shop: Shop, change: dict[str, Any]) -> None:
    shop.lists["promotions"] = [campaign("PR-1", **change), campaign("PR-2")]
    assert (world.run("promotions").rejected, len(world.rows(promotion))) == (1, 1)


@pytest.mark.spec("N1.2")
def test_a_cursor_that_stands_still_ends_the_run(world: World, shop: Shop) -> None:
    world.erp.routes["/promotions"] = lambda _: {"promotions": [campaign()], "cursor": ""}
    assert world.run("promotions").error_class == "schema"
    assert world.rows(promotion) == []


def test_a_page_of_sales_goes_on_where_the_last_ended(world: World, rpc: Rpc) -> None:
    stub = pb_grpc.RetailServiceStub(rpc(world.service, as_=as_hq("E00700", "ops")))
    rows = [{"day": date(2026, 2, day), "region": "华东大区", "category": "耗材", "sku": f"CON-{number}", "units": 1,
             "amount_fen": 100} for number in range(5) for day in (1, 2)]  # fmt: skip
    world.put(pos_sale, *rows)
    seen: list[tuple[str, int]] = []
    request = pb.ListPosSalesRequest(month="2026-02")
    request.page.size = 2
    while True:
        answer = stub.ListPosSales(request)
        seen += [(each.sku, each.units) for each in answer.sales]
        if not answer.page.next_token:
            break
        request.page.token = answer.page.next_token
    assert seen == [(f"CON-{number}", 2) for number in range(5)]
    with pytest.raises(InvalidInput):
        stub.ListPosSales(pb.ListPosSalesRequest(month="2026-13"))
