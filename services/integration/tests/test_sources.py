"""Sources over HTTP: classes of failure, retries, breaker, rate limit, and where connectors may go."""

from __future__ import annotations

import contextlib
import time
from threading import Thread

import pytest

from integration.connectors.hr import HrConnector, HrSettings
from integration.feeds.errors import SourceFailed
from integration.feeds.guard import AddressGuard
from integration.feeds.policy import FeedRule
from integration.feeds.source import Access
from integration.feeds.sources import Sources, is_on_this_host
from integration.jobs import jobs
from services.integration.tests.conftest import World, odata
from services.integration.tests.world import order


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


@pytest.mark.spec("N1.2", "P4.1")
def test_a_simulator_is_asked_as_fast_as_it_answers(world: World) -> None:
    world.erp.routes["/ping"] = lambda _: {}
    sources = Sources(AddressGuard(local=True), simulated=True)
    source = sources.open(Access("erp", world.erp.url), FeedRule(requests_per_minute=1, timeout_seconds=5))
    began = time.monotonic()
    for _ in range(10):
        source.get("ping")
    sources.close()
    assert len(world.erp.asked) == 10
    assert time.monotonic() - began < 30, "at its pace that takes nine minutes"


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8080/rss", True),
        ("imap://sales@127.0.0.1:993", True),
        ("http://[::1]:8080/", True),
        ("http://localhost:8080/", False),
        ("http://10.1.2.3/", False),
        ("https://www.ccgp.gov.cn/cggg/", False),
        ("https://127.0.0.1.example.com/", False),
        ("", False),
    ],
)
def test_real_sites_keep_their_pace_beside_simulators(url: str, here: bool) -> None:
    assert is_on_this_host(url) is here


@pytest.mark.spec("N1.2")
def test_the_key_goes_to_the_source(world: World) -> None:
    world.sell(order())
    assert world.erp.keys == {"erp-key"}


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
