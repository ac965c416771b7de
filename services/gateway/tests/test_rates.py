"""Rate limits, with Redis and without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chassis.config import ConfigError
from chassis.local import LocalRedis
from chassis.local.ports import free_port
from gateway.bootstrap import Gateway
from gateway.settings import GatewaySettings

from .conftest import Door, Opener, closed_port, until
from .neighbours import LEAD, Company

LEADS = f"/api/v1/leads/{LEAD}"


def statuses(client: httpx.Client, times: int) -> list[int]:
    return [client.get(LEADS).status_code for _ in range(times)]


@pytest.mark.spec("P1.3")
def test_each_person_has_a_rate_counted_over_all_replicas(opener: Opener, company: Company) -> None:
    company.employ("E10001", "rep", "self")
    company.employ("E10002", "rep", "self")
    with opener.open(company, rate_per_person="5/hour") as one, opener.open(company, rate_per_person="5/hour") as two:
        first, same, other = one.as_("E10001"), two.as_("E10001"), one.as_("E10002")
        assert statuses(first, 3) == [200] * 3
        assert statuses(same, 3) == [200, 200, 429]
        assert statuses(other, 1) == [200]
        refused = first.get(LEADS)
        assert int(refused.headers["retry-after"]) >= 1
        assert "5 per 1 hour" in refused.json()["detail"]


@pytest.mark.spec("P1.3", "P7.2")
def test_without_redis_everything_works_and_is_still_limited(opener: Opener, company: Company) -> None:
    away = f"redis://127.0.0.1:{closed_port()}/0"
    with opener.open(company, redis_url=away, rate_per_person="5/hour") as door:
        assert statuses(door.as_("E00001"), 6) == [200] * 5 + [429]
        held = door.as_("E00002")
        assert held.delete("/api/v1/session").status_code == 204
        assert held.get(LEADS).status_code == 401


@pytest.fixture
def own_redis(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[LocalRedis]:
    """For one test alone: it is killed."""
    with LocalRedis(server_folder / f"redis-{id(request)}", free_port()) as server:
        yield server


@pytest.mark.spec("P1.3", "P7.1", "P7.2")
def test_rates_hold_while_redis_dies_and_comes_back(opener: Opener, company: Company, own_redis: LocalRedis) -> None:
    """Each replica goes on with a count of its own, and they count together again when Redis is there. Whether it
    still knows of the four before depends on how far it had written its log."""
    company.employ("E10003", "rep", "self")
    settings: dict[str, Any] = {"redis_url": own_redis.url, "rate_per_person": "10/day"}
    with opener.open(company, **settings) as one, opener.open(company, **settings) as two:
        first, second = one.as_("E10003"), two.as_("E10003")
        assert statuses(first, 2) + statuses(second, 2) == [200] * 4

        own_redis.process.kill()
        own_redis.stop()
        assert statuses(first, 12) == statuses(second, 12) == [200] * 10 + [429] * 2

        own_redis.start()
        for client in (first, second):
            until(lambda client=client: client.get(LEADS).status_code == 200)
        together = [client.get(LEADS).status_code for client in (first, second) * 6]
        assert together in ([200] * left + [429] * (12 - left) for left in range(4, 9))


@pytest.mark.spec("P1.3")
def test_signing_in_is_limited_by_address(opener: Opener, company: Company) -> None:
    with opener.open(company, rate_of_sign_in="5/day") as door:
        body = {"employeeId": "E99999"}
        answers = [door.client.post("/api/v1/session", json=body).status_code for _ in range(8)]
    assert answers == [401] * 5 + [429] * 3


@pytest.mark.spec("P1.3")
def test_a_rate_that_is_none_does_not_start(opener: Opener) -> None:
    with pytest.raises(ConfigError, match="CLOSELOOP_RATE_PER_PERSON"):
        Gateway(GatewaySettings(**(opener.values | {"rate_per_person": "many"})))


@pytest.mark.spec("P9.1")
def test_every_answer_carries_the_security_headers(door: Door) -> None:
    for path in ("/openapi.json", "/nothing", "/api/v1/session"):
        headers = door.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers


@pytest.mark.spec("P1.3")
def test_cors_knows_its_origins_by_name(opener: Opener, company: Company) -> None:
    with opener.open(company, cors_origins=["https://console.example"]) as door:
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "idempotency-key"}
        good = door.client.options(LEADS, headers={"origin": "https://console.example", **asked})
        assert good.headers["access-control-allow-origin"] == "https://console.example"
        bad = door.client.options(LEADS, headers={"origin": "https://evil.example", **asked})
        assert "access-control-allow-origin" not in bad.headers
        refused = door.client.get(LEADS, headers={"origin": "https://console.example"})
        assert refused.headers["access-control-allow-origin"] == "https://console.example"


@pytest.mark.spec("P1.3")
def test_a_wildcard_origin_does_not_start() -> None:
    with pytest.raises(ValueError, match="name each origin"):
        GatewaySettings(cors_origins=["*"])
