"""Health of feeds between and after their runs, and who may see it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chassis.errors import NotFound, PermissionDenied
from chassis.jobs import JobRunner
from chassis.testing.identity import as_hq, as_rep
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import feed_service_pb2 as pb
from closeloop.integration.v1 import feed_service_pb2_grpc as pb_grpc
from integration.feeds.watch_feeds import watch_feeds
from integration.jobs import jobs
from integration.tables import feed_run
from services.integration.tests.conftest import World
from services.integration.tests.world import Line, order, statement


def feeds(world: World, rpc: Rpc, who: object = None) -> pb_grpc.FeedServiceStub:
    return pb_grpc.FeedServiceStub(rpc(world.service, as_=who or as_hq("E00700", "ops")))


@pytest.mark.spec("N2.1")
def test_an_alert_opens_once_and_closes_itself(world: World) -> None:
    world.sell()
    world.erp.routes["/odata/SalesOrders"] = lambda _: (500, b"")
    for _ in range(5):
        world.run("erp_orders")
    world.sell(order())
    told = [(each.type, getattr(each.message, "health", "")) for each in world.events() if "feed" in each.type]
    assert told == [
        ("integration.feed_degraded", "degraded"),
        ("integration.feed_degraded", "down"),
        ("integration.feed_recovered", ""),
    ]


@pytest.mark.spec("N2.1", "P11.3")
def test_a_feed_that_proves_nothing_new_turns_late_between_its_runs(world: World) -> None:
    """The bank's balance of the moment does not agree, so only the statement's end is proved."""
    bank = world.connectors["bank"]
    bank.rule = bank.rule.model_copy(update={"cadence_seconds": 6 * 3600})  # type: ignore[misc]
    world.vault.balance, world.vault.statements = "1.00", {1: statement(1, [Line("0001", "5.00")])}
    world.run("bank")
    runner = JobRunner(world.service.uow.database, world.clock, jobs({"bank": bank}), world.service.app)
    runner.register()
    world.clock.advance(timedelta(hours=2))
    runner.turn()
    assert world.feed("bank").health == "healthy"
    world.clock.advance(timedelta(minutes=1))
    runner.turn()
    state = world.feed("bank")
    assert (state.health, state.reason) == ("degraded", "not proved complete for more than 120 minutes")
    assert len(world.rows(feed_run)) == 1


@pytest.mark.spec("N2.1", "P11.3")
def test_after_a_jump_in_time_a_feed_that_runs_again_raises_no_alert(staffed: World) -> None:
    staffed.sell()
    runner = JobRunner(staffed.service.uow.database, staffed.clock, jobs(staffed.connectors), staffed.service.app)
    runner.register()
    staffed.clock.advance(timedelta(hours=6))
    watch_feeds(staffed.service.uow, staffed.connectors, staffed.service.app.rule_of, timedelta(minutes=1))
    runner.turn()
    assert staffed.feed("erp_orders").health == "healthy"
    assert [each for each in staffed.events("integration.feed_degraded") if each.message.feed == "erp_orders"] == []


@pytest.mark.spec("N1.1", "P11.3")
def test_feeds_run_at_their_cadence_of_business_time(staffed: World) -> None:
    staffed.sell()
    staffed.owe()
    staffed.vault.balance = "0.00"
    runner = JobRunner(staffed.service.uow.database, staffed.clock, jobs(staffed.connectors), staffed.service.app)
    runner.register()

    def runs() -> dict[str, int]:
        rows = staffed.rows(feed_run)
        return {name: sum(row.feed == name for row in rows) for name in ("hr", "erp_orders", "bank")}

    before = runs()
    for _ in range(10):
        staffed.clock.advance(timedelta(minutes=1))
        runner.turn()
    assert {name: runs()[name] - before[name] for name in before} == {"hr": 2, "erp_orders": 10, "bank": 1}


def test_feeds_are_shown_with_health_and_who_may_see_their_runs(world: World, rpc: Rpc) -> None:
    world.sell()
    shown = {each.feed: each for each in feeds(world, rpc, as_rep()).ListFeeds(pb.ListFeedsRequest()).feeds}
    assert set(shown) == set(world.connectors)
    assert {"bank", "erp_orders", "erp_invoices", "hr"} <= set(shown)
    assert shown["erp_orders"].health == pb.FEED_HEALTH_HEALTHY
    assert shown["hr"].health == pb.FEED_HEALTH_NEW
    assert shown["bank"].cadence_seconds == 1800
    with pytest.raises(PermissionDenied):
        feeds(world, rpc, as_rep()).RunFeed(pb.RunFeedRequest(request_id="1", feed="hr"))
    with pytest.raises(NotFound):
        feeds(world, rpc).GetFeed(pb.GetFeedRequest(feed="weather"))
