"""A session that was signed out is out at every replica, whatever happens to the line on which they tell each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from redis import Redis

from chassis.local import LocalRedis
from chassis.local.ports import free_port

from .conftest import Door, Opener, until
from .neighbours import LEAD, Company

LEADS, SESSION = f"/api/v1/leads/{LEAD}", "/api/v1/session"


@pytest.fixture
def own_redis(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[LocalRedis]:
    """For one test alone: it is killed."""
    with LocalRedis(server_folder / f"redis-{id(request)}", free_port()) as server:
        yield server


@pytest.fixture
def replicas(opener: Opener, company: Company, own_redis: LocalRedis) -> Iterator[tuple[Door, Door]]:
    with ExitStack() as stack:
        one, two = (stack.enter_context(opener.open(company, redis_url=own_redis.url)) for _ in range(2))
        until(lambda: one.gateway.withdrawn.hears and two.gateway.withdrawn.hears)
        yield one, two


def with_token(door: Door, token: str) -> httpx.Client:
    return door._new_client({"authorization": f"Bearer {token}"})


def signed_in(one: Door, two: Door) -> tuple[httpx.Client, httpx.Client]:
    token = one.token("E00001")
    first, second = with_token(one, token), with_token(two, token)
    assert [first.get(LEADS).status_code, second.get(LEADS).status_code] == [200, 200]
    return first, second


@pytest.mark.spec("P1.3")
def test_who_signs_out_is_out_at_every_replica_at_once(replicas: tuple[Door, Door]) -> None:
    for _ in range(20):
        first, second = signed_in(*replicas)
        assert first.delete(SESSION).status_code == 204
        assert second.get(LEADS).status_code == 401


@pytest.mark.spec("P1.3")
def test_a_replica_that_lost_its_line_asks_until_it_hears_again(
    replicas: tuple[Door, Door], own_redis: LocalRedis
) -> None:
    first, second = signed_in(*replicas)
    with Redis.from_url(own_redis.url) as redis:
        redis.client_kill_filter(_type="pubsub")
    assert first.delete(SESSION).status_code == 204
    assert second.get(LEADS).status_code == 401
    until(lambda: replicas[0].gateway.withdrawn.hears and replicas[1].gateway.withdrawn.hears)
    first, second = signed_in(*replicas)
    assert first.delete(SESSION).status_code == 204
    assert second.get(LEADS).status_code == 401


@pytest.mark.spec("P1.3", "P7.2")
def test_what_a_replica_heard_it_knows_without_redis(replicas: tuple[Door, Door], own_redis: LocalRedis) -> None:
    first, second = signed_in(*replicas)
    assert first.delete(SESSION).status_code == 204
    own_redis.process.kill()
    own_redis.stop()
    assert second.get(LEADS).status_code == 401


@pytest.mark.spec("P1.3", "P7.2")
def test_a_replica_that_starts_later_learns_of_earlier_sign_outs(
    opener: Opener, company: Company, own_redis: LocalRedis
) -> None:
    with opener.open(company, redis_url=own_redis.url) as one:
        token = one.token("E00001")
        assert with_token(one, token).delete(SESSION).status_code == 204
        with opener.open(company, redis_url=own_redis.url) as late:
            until(lambda: late.gateway.withdrawn.hears)
            own_redis.process.kill()
            own_redis.stop()
            assert with_token(late, token).get(LEADS).status_code == 401


@pytest.mark.spec("P1.3")
def test_requests_are_let_in_without_asking_redis_about_each(
    replicas: tuple[Door, Door], own_redis: LocalRedis
) -> None:
    first, _ = signed_in(*replicas)
    with Redis.from_url(own_redis.url) as redis:
        redis.config_resetstat()
        for _ in range(30):
            assert first.get(LEADS).status_code == 200
        asked = redis.info("commandstats")
    # 1,200 a minute are counted twelve at a time, by a script that itself looks whether there is a count.
    assert 2 <= asked["cmdstat_evalsha"]["calls"] <= 3
    assert asked["cmdstat_exists"]["calls"] == asked["cmdstat_evalsha"]["calls"]


@pytest.mark.spec("P1.3")
def test_bundles_of_two_replicas_add_up_to_what_is_allowed(
    opener: Opener, company: Company, own_redis: LocalRedis
) -> None:
    settings = {"redis_url": own_redis.url, "rate_per_person": "205/day"}
    with opener.open(company, **settings) as one, opener.open(company, **settings) as two:
        clients = (one.as_("E00001"), two.as_("E00001"))
        answers = [client.get(LEADS).status_code for _ in range(104) for client in clients]
    assert answers.count(200) == 205
    assert answers.count(429) == 3
