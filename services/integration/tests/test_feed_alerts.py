"""Alerts of feeds: open once, acknowledged by people, escalated when left alone, closed by proof."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chassis.errors import FailedPrecondition, NotFound, PermissionDenied
from chassis.testing.identity import as_hq, as_rep
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import feed_service_pb2 as pb
from closeloop.integration.v1 import feed_service_pb2_grpc as pb_grpc
from integration.feeds.alerts.rules import State, is_left_alone, worst
from integration.feeds.watch_feeds import watch_feeds
from integration.tables import feed_alert
from services.integration.tests.conftest import World
from services.integration.tests.world import order

OPS = as_hq("E00700", "ops")


def desk(world: World, rpc: Rpc, who: object = OPS) -> pb_grpc.FeedServiceStub:
    return pb_grpc.FeedServiceStub(rpc(world.service, as_=who))


def fail(world: World, times: int = 1) -> None:
    world.erp.routes["/odata/SalesOrders"] = lambda _: (500, b"")
    for _ in range(times):
        world.run("erp_orders")


def shown(stub: pb_grpc.FeedServiceStub, *, open_only: bool = False) -> list[pb.FeedAlert]:
    return list(stub.ListFeedAlerts(pb.ListFeedAlertsRequest(open_only=open_only)).alerts)


def watch(world: World, minutes: int) -> None:
    world.clock.advance(timedelta(minutes=minutes))
    watch_feeds(world.service.uow, world.connectors, world.service.app.rule_of, timedelta(seconds=5))


@pytest.mark.spec("N2.1")
def test_an_alert_opens_once_grows_worse_and_closes_itself(world: World, rpc: Rpc) -> None:
    stub = desk(world, rpc)
    world.sell()
    fail(world, 3)
    [alert] = shown(stub)
    assert (alert.feed, alert.state, alert.health) == (
        "erp_orders", pb.FEED_ALERT_STATE_OPEN, pb.FEED_HEALTH_DOWN,
    )  # fmt: skip
    assert alert.reason_zh == "数据源返回服务器错误"
    world.sell(order())
    assert shown(stub, open_only=True) == []
    [closed] = shown(stub)
    assert (closed.state, closed.resolved_at.ToDatetime()) == (
        pb.FEED_ALERT_STATE_RESOLVED, world.clock.now().replace(tzinfo=None),
    )  # fmt: skip
    fail(world)
    assert [each.state for each in shown(stub)] == [pb.FEED_ALERT_STATE_OPEN, pb.FEED_ALERT_STATE_RESOLVED]


@pytest.mark.spec("N2.1")
def test_an_alert_that_nobody_acknowledges_is_escalated_once(world: World, rpc: Rpc) -> None:
    connector = world.connectors["erp_orders"]
    connector.rule = connector.rule.model_copy(update={"cadence_seconds": 86_400})  # type: ignore[misc]
    world.sell()
    fail(world)
    watch(world, 29)
    assert world.events("integration.feed_escalated") == []
    watch(world, 1)
    watch(world, 60)
    [told] = world.events("integration.feed_escalated")
    [row] = world.rows(feed_alert)
    assert (told.message.feed, told.message.alert_id, told.message.health) == ("erp_orders", row.id, "degraded")
    assert row.state == "escalated"
    stub = desk(world, rpc)
    request = pb.AcknowledgeFeedAlertRequest(request_id="1", alert_id=row.id, note="ERP 已报修")
    assert stub.AcknowledgeFeedAlert(request).alert.state == pb.FEED_ALERT_STATE_ACKNOWLEDGED


@pytest.mark.spec("N2.1")
def test_an_acknowledged_alert_is_left_in_peace_until_the_feed_is_well(world: World, rpc: Rpc) -> None:
    connector = world.connectors["erp_orders"]
    connector.rule = connector.rule.model_copy(update={"cadence_seconds": 86_400})  # type: ignore[misc]
    stub = desk(world, rpc)
    world.sell()
    fail(world)
    [alert] = shown(stub)
    request = pb.AcknowledgeFeedAlertRequest(request_id="1", alert_id=alert.alert_id, note="ERP 升级中")
    held = stub.AcknowledgeFeedAlert(request).alert
    assert (held.acknowledged_by, held.note) == ("E00700", "ERP 升级中")
    again = pb.AcknowledgeFeedAlertRequest(request_id="2", alert_id=alert.alert_id, note="另一位")
    assert desk(world, rpc, as_hq("E00800", "finance")).AcknowledgeFeedAlert(again).alert.note == "ERP 升级中"
    watch(world, 120)
    assert world.events("integration.feed_escalated") == []
    world.sell(order())
    with pytest.raises(FailedPrecondition):
        stub.AcknowledgeFeedAlert(pb.AcknowledgeFeedAlertRequest(request_id="3", alert_id=alert.alert_id))


def test_who_may_look_after_alerts(world: World, rpc: Rpc) -> None:
    world.sell()
    fail(world)
    [alert] = shown(desk(world, rpc))
    with pytest.raises(PermissionDenied):
        desk(world, rpc, as_rep()).AcknowledgeFeedAlert(
            pb.AcknowledgeFeedAlertRequest(request_id="1", alert_id=alert.alert_id)
        )
    missing = "019cd000-0000-7000-8000-000000000000"
    with pytest.raises(NotFound):
        desk(world, rpc).AcknowledgeFeedAlert(pb.AcknowledgeFeedAlertRequest(request_id="1", alert_id=missing))


@pytest.mark.spec("N2.1")
@pytest.mark.parametrize(
    ("state", "minutes", "left"),
    [("open", 30, True), ("open", 29, False), ("acknowledged", 99, False), ("escalated", 99, False)],
)
def test_when_an_alert_is_left_alone(state: str, minutes: int, left: bool) -> None:
    now = datetime(2026, 3, 10, 2, tzinfo=UTC)
    assert is_left_alone(State(state), now - timedelta(minutes=minutes), now, timedelta(minutes=30)) is left
    assert (worst("down", "degraded"), worst("degraded", "down")) == ("down", "down")
