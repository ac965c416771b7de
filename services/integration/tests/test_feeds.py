"""Runs of feeds: checkpoints, counts, quarantine, failures, health, and where connectors may go."""

from __future__ import annotations

import contextlib
import time
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import func

from chassis.errors import Conflict, FailedPrecondition, InvalidInput, NotFound, PermissionDenied
from chassis.jobs import JobRunner
from chassis.testing.identity import as_hq, as_rep, as_service
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import feed_service_pb2 as pb
from closeloop.integration.v1 import feed_service_pb2_grpc as pb_grpc
from integration.connectors.hr import HrConnector, HrSettings
from integration.feeds.errors import FeedIsRunning, SourceFailed
from integration.feeds.guard import AddressGuard
from integration.feeds.policy import FeedRule
from integration.feeds.source import Access
from integration.feeds.sources import Sources
from integration.feeds.watch_feeds import watch_feeds
from integration.jobs import jobs
from integration.tables import erp_order, feed, feed_run, quarantine
from services.integration.tests.conftest import World, odata
from services.integration.tests.world import Line, employee, order, statement


def feeds(world: World, rpc: Rpc, who: object = None) -> pb_grpc.FeedServiceStub:
    return pb_grpc.FeedServiceStub(rpc(world.service, as_=who or as_hq("E00700", "ops")))


@pytest.mark.spec("N1.1", "N1.2")
def test_a_run_counts_what_it_read(world: World) -> None:
    run = world.sell(order("SO-1"), order("SO-2"))
    assert (run.outcome, run.records_in, run.records_new, run.duplicates) == ("ok", 2, 2, 0)
    again = world.sell(order("SO-1"), order("SO-2", Version=2, TotalAmount="60000.00"), order("SO-3"))
    assert (again.records_in, again.records_new, again.duplicates, again.corrected) == (3, 1, 1, 1)
    assert again.checkpoint_before == run.checkpoint_after != ""


@pytest.mark.spec("N1.2")
def test_every_page_is_kept_with_its_checkpoint_and_a_broken_run_goes_on_behind_it(world: World) -> None:
    base = world.erp.url
    second = {"answer": (500, b"")}

    def answer(query: dict[str, str]) -> object:
        if "$skiptoken" in query:
            return second["answer"]
        return {"value": [order("SO-1")], "@odata.nextLink": f"{base}/odata/SalesOrders?$skiptoken=1"}

    world.erp.routes["/odata/SalesOrders"] = answer  # type: ignore[assignment]
    assert world.run("erp_orders").outcome == "failed"
    assert [row.order_id for row in world.rows(erp_order)] == ["SO-1"]
    second["answer"] = {"value": [order("SO-2")], "@odata.deltaLink": f"{base}/odata/SalesOrders?$deltatoken=2"}  # type: ignore[assignment]
    world.erp.asked.clear()
    run = world.run("erp_orders")
    assert (run.outcome, run.records_new) == ("ok", 1)
    assert world.erp.asked == ["/odata/SalesOrders?$skiptoken=1"]


@pytest.mark.spec("N1.2")
def test_what_can_t_be_read_is_quarantined_and_the_rest_is_taken(world: World) -> None:
    run = world.sell(order("SO-1"), order("SO-2", TotalAmount="-1.00"), order("SO-3", SignedAt="gestern"))
    assert (run.outcome, run.records_new, run.rejected) == ("ok", 1, 2)
    kept = world.rows(quarantine)
    assert [(row.place, row.field, row.reason) for row in kept] == [
        ("SalesOrders, page 1, row 2", "TotalAmount", "TotalAmount can't be read as agreed"),
        ("SalesOrders, page 1, row 3", "SignedAt", "SignedAt can't be read as agreed"),
    ]
    state = world.feed("erp_orders")
    assert (state.health, state.reason) == ("degraded", "2 records in quarantine")


@pytest.mark.spec("N1.2")
def test_a_good_record_supersedes_the_bad_one_under_its_key(world: World) -> None:
    world.sell(order("SO-2", TotalAmount="12,5"))
    world.sell(order("SO-2"))
    assert [row.state for row in world.rows(quarantine)] == ["superseded"]
    assert world.feed("erp_orders").health == "healthy"


@pytest.mark.spec("N1.2")
def test_a_replay_takes_what_can_be_read_now_and_leaves_the_rest(world: World, rpc: Rpc) -> None:
    world.hr.routes["/units"] = lambda _: {"units": []}
    world.hire(employee("E1"), employee("E2", status="GHOST"), {"no": "employee"})
    stub = feeds(world, rpc)
    first = stub.ReplayQuarantine(pb.ReplayQuarantineRequest(request_id="1", feed="hr"))
    assert (first.replayed, first.still_rejected) == (0, 2)
    with world.service.uow.begin(as_service("integration")) as tx:
        # The fix of a real release is a parser that knows the word; here the record itself is mended.
        mended = func.replace(quarantine.c.raw, "GHOST", "FROZEN")
        tx.execute(quarantine.update().where(quarantine.c.record_key == "E2").values(raw=mended))
        tx.commit()
    second = stub.ReplayQuarantine(pb.ReplayQuarantineRequest(request_id="2", feed="hr"))
    assert (second.replayed, second.still_rejected) == (1, 1)
    again = stub.ReplayQuarantine(pb.ReplayQuarantineRequest(request_id="2", feed="hr"))
    assert (again.replayed, again.still_rejected) == (1, 1)
    shown = stub.ListQuarantine(pb.ListQuarantineRequest(feed="hr")).quarantined
    assert [each.state for each in shown] == ["waiting", "replayed"]
    assert shown[0].raw == '{"no": "employee"}'


@pytest.mark.spec("N1.3")
@pytest.mark.parametrize(
    ("second", "counted"),
    [
        ({"Version": 1}, "duplicates"),
        ({"Version": 0, "TotalAmount": "1.00"}, "duplicates"),
        ({"Version": 2, "Status": "CANCELLED", "CancelledAt": "2026-03-10T12:00:00+08:00"}, "corrected"),
        ({"Version": 1, "TotalAmount": "1.00"}, "corrected"),
    ],
)
def test_an_order_that_comes_again(world: World, second: dict[str, object], counted: str) -> None:
    world.sell(order("SO-1"))
    run = world.sell(order("SO-1", **second))
    assert getattr(run, counted) == 1
    told = [(each.type, each.message.order.version) for each in world.events() if "order" in each.type]
    changed = [("integration.order_changed", 2)] if counted == "corrected" else []
    assert told == [("integration.order_received", 1), *changed]


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    ("answer", "error_class"),
    [
        ((500, b""), "http_5xx"),
        ((401, b""), "auth"),
        ((404, b""), "http_4xx"),
        ((302, b""), "http_4xx"),
        (b"<html>", "parse"),
        ({"orders": []}, "schema"),
        ({"value": []}, "schema"),
        ({"value": [], "@odata.nextLink": "http://elsewhere.example/steal"}, "schema"),
    ],
)
def test_each_failure_has_its_class_and_moves_no_checkpoint(world: World, answer: object, error_class: str) -> None:
    world.erp.routes["/odata/SalesOrders"] = lambda _: answer  # type: ignore[return-value, assignment]
    run = world.run("erp_orders")
    if error_class == "schema" and isinstance(answer, dict) and "@odata.nextLink" in answer:
        # The page itself was fine; the link is refused before the key could leave.
        assert run.error == "a link of the answer leaves the source"
    else:
        assert run.checkpoint_after == ""
    assert (run.outcome, run.error_class) == ("failed", error_class)


@pytest.mark.spec("N1.2")
def test_a_source_that_is_away_or_silent(world: World) -> None:
    connector = world.connectors["erp_orders"]
    connector.rule = FeedRule(**(connector.rule.model_dump() | {"timeout_seconds": 0.05, "attempts": 1}))  # type: ignore[misc]
    released: list[bool] = []

    def slow(_: dict[str, str]) -> dict[str, object]:
        while not released:
            time.sleep(0.01)
        return {}

    world.erp.routes["/odata/SalesOrders"] = slow  # type: ignore[assignment]
    assert world.run("erp_orders").error_class == "timeout"
    released.append(True)
    world.erp.stop()
    assert world.run("erp_orders").error_class == "connect"


@pytest.mark.spec("N1.2")
def test_a_hiccup_is_tried_again_and_a_refusal_is_not(world: World) -> None:
    answers = [(503, b""), (503, b"")]
    fine = odata("SalesOrders", world.erp, [order()])
    world.erp.routes["/odata/SalesOrders"] = lambda query: answers.pop() if answers else fine(query)
    assert world.run("erp_orders").outcome == "ok"
    assert len(world.erp.asked) == 3
    world.erp.asked.clear()
    world.erp.routes["/odata/SalesOrders"] = lambda _: (403, b"")
    world.run("erp_orders")
    assert len(world.erp.asked) == 1


@pytest.mark.spec("N1.2")
def test_after_repeated_failures_the_source_is_left_in_peace(world: World) -> None:
    world.erp.routes["/odata/SalesOrders"] = lambda _: (500, b"")
    rule = FeedRule(attempts=1, breaker_failures=2, breaker_rest_seconds=60)
    sources = Sources(AddressGuard(local=True))
    source = sources.open(Access("erp", world.erp.url), rule)
    classes = []
    for _ in range(4):
        with pytest.raises(SourceFailed) as failure:
            source.get("odata/SalesOrders")
        classes.append(failure.value.error_class)
    sources.close()
    assert classes == ["http_5xx", "http_5xx", "circuit_open", "circuit_open"]
    assert len(world.erp.asked) == 2


@pytest.mark.spec("N1.2")
def test_the_rate_limit_of_a_source_is_kept(world: World) -> None:
    world.erp.routes["/ping"] = lambda _: {}
    sources = Sources(AddressGuard(local=True))
    source = sources.open(Access("erp", world.erp.url), FeedRule(requests_per_minute=3))

    def hurry() -> None:
        # It waits for its turn longer than the source of this test lives.
        with contextlib.suppress(SourceFailed):
            for _ in range(10):
                source.get("ping")

    thread = Thread(target=hurry, daemon=True)
    thread.start()
    until = time.monotonic() + 5
    while len(world.erp.asked) < 3 and time.monotonic() < until:
        time.sleep(0.01)
    thread.join(0.3)
    assert len(world.erp.asked) == 3


@pytest.mark.spec("N1.2")
def test_the_key_goes_to_the_source(world: World) -> None:
    world.sell(order())
    assert world.erp.keys == {"erp-key"}


@pytest.mark.spec("N1.2")
def test_a_cursor_the_source_forgot_starts_the_feed_over(staffed: World) -> None:
    staffed.hr.routes["/employees/delta"] = lambda _: (410, b"")
    assert staffed.run("hr").error_class == "gone"
    assert staffed.feed("hr").checkpoint == ""
    staffed.hire(employee("E00001"))
    assert staffed.feed("hr").checkpoint == "1"


@pytest.mark.spec("N1.2")
def test_a_schema_shows_when_it_changes(world: World) -> None:
    first = world.sell(order("SO-1"))
    assert world.sell(order("SO-2")).schema_fingerprint == first.schema_fingerprint
    assert world.sell(order("SO-3", Discount="5.00")).schema_fingerprint != first.schema_fingerprint


@pytest.mark.spec("N1.2")
def test_one_worker_at_a_time_runs_a_feed(world: World) -> None:
    world.sell()
    with world.service.uow.begin(as_service("integration")) as tx:
        tx.execute(feed.update().values(lease="019cd000-0000-7000-8000-000000000000", lease_until="2126-01-01"))
        tx.commit()
    with pytest.raises(FeedIsRunning):
        world.run("erp_orders")
    with world.service.uow.begin(as_service("integration")) as tx:
        tx.execute(feed.update().values(lease_until="2026-01-01"))
        tx.commit()
    assert world.run("erp_orders").outcome == "ok"


@pytest.mark.spec("N1.2")
def test_a_worker_that_lost_its_lease_keeps_nothing(world: World) -> None:
    world.sell()

    def taken_over(_: dict[str, str]) -> dict[str, object]:
        with world.service.uow.begin(as_service("integration")) as tx:
            tx.execute(feed.update().values(lease="019cd000-0000-7000-8000-000000000000"))
            tx.commit()
        return {"value": [order("SO-9")], "@odata.deltaLink": f"{world.erp.url}/odata/SalesOrders?$deltatoken=9"}

    world.erp.routes["/odata/SalesOrders"] = taken_over  # type: ignore[assignment]
    assert world.run("erp_orders").outcome == "failed"
    assert world.rows(erp_order) == []


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


def test_a_feed_by_hand_is_run_once_per_request(world: World, rpc: Rpc) -> None:
    world.sell()
    stub = feeds(world, rpc)
    first = stub.RunFeed(pb.RunFeedRequest(request_id="again", feed="erp_orders")).run
    second = stub.RunFeed(pb.RunFeedRequest(request_id="again", feed="erp_orders")).run
    assert first.run_id == second.run_id
    assert first.outcome == "ok"
    with pytest.raises(FailedPrecondition):
        stub.RunFeed(pb.RunFeedRequest(request_id="again", feed="hr"))
    with pytest.raises(InvalidInput):
        stub.RunFeed(pb.RunFeedRequest(feed="hr"))
    shown = stub.ListFeedRuns(pb.ListFeedRunsRequest(feed="erp_orders")).runs
    assert next(each.run_id for each in shown) == first.run_id


def test_two_calls_for_one_feed_take_turns(world: World, rpc: Rpc) -> None:
    world.sell()
    stub = feeds(world, rpc)
    answers: list[str] = []

    def call(number: int) -> None:
        try:
            answers.append(stub.RunFeed(pb.RunFeedRequest(request_id=str(number), feed="erp_orders")).run.outcome)
        except Conflict:
            answers.append("busy")

    threads = [Thread(target=call, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers == ["ok"] * 4


def test_feeds_are_shown_with_health_and_who_may_see_their_runs(world: World, rpc: Rpc) -> None:
    world.sell()
    shown = {each.feed: each for each in feeds(world, rpc, as_rep()).ListFeeds(pb.ListFeedsRequest()).feeds}
    assert set(shown) == {"bank", "bank_direct", "erp_orders", "erp_receivables", "hr"}
    assert shown["erp_orders"].health == pb.FEED_HEALTH_HEALTHY
    assert shown["hr"].health == pb.FEED_HEALTH_NEW
    assert shown["bank"].cadence_seconds == 1800
    with pytest.raises(PermissionDenied):
        feeds(world, rpc, as_rep()).RunFeed(pb.RunFeedRequest(request_id="1", feed="hr"))
    with pytest.raises(NotFound):
        feeds(world, rpc).GetFeed(pb.GetFeedRequest(feed="weather"))


@pytest.mark.parametrize(
    ("address", "networks", "local", "allowed"),
    [
        ("127.0.0.1", (), True, True),
        ("127.0.0.1", (), False, False),
        ("10.1.2.3", (), False, False),
        ("10.1.2.3", ("10.1.0.0/16",), False, True),
        ("169.254.169.254", (), False, False),
        ("::1", (), False, False),
        ("::ffff:127.0.0.1", (), False, False),
        ("fd00::1", (), False, False),
        ("0.0.0.0", (), False, False),
        ("100.64.0.1", (), False, False),
        ("224.0.0.1", (), False, False),
        ("1.1.1.1", (), False, True),
    ],
)
def test_connectors_reach_no_private_address_by_themselves(
    address: str, networks: tuple[str, ...], local: bool, allowed: bool
) -> None:
    assert AddressGuard(networks, local=local).allows(address) is allowed


def test_a_private_address_is_refused_when_the_connection_is_opened(world: World) -> None:
    sources = Sources(AddressGuard())
    source = sources.open(Access("erp", world.erp.url), FeedRule(attempts=1))
    with pytest.raises(SourceFailed) as failure:
        source.get("ping")
    sources.close()
    assert failure.value.error_class == "blocked_address"
    assert world.erp.asked == []


def test_a_connector_without_an_address_waits(world: World) -> None:
    connector = HrConnector(HrSettings(hr_url=""), lambda name: None)
    assert jobs({"hr": connector, "bank": world.connectors["bank"]})[0].name == "feed.bank"
