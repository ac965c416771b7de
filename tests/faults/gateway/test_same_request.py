"""`Idempotency-Key` through REST: twice, twice at once, with another body, through kills of gateway and service."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from tests.faults.depot import at_once
from tests.faults.gateway.system import System
from tests.faults.programs import wait_for
from tests.faults.scale import scaled

REQUESTS = scaled(200, least=10)
PLANS = "/api/v1/plans"
KEY = "Idempotency-Key"
# May open plans, and exists before any feed.
OPERATOR = "bootstrap"


@pytest.fixture
def doors(system: System) -> Iterator[list[httpx.Client]]:
    """The same person at two gateways."""
    with ExitStack() as stack:
        yield [stack.enter_context(each.client(OPERATOR)) for each in system.replicas[:2]]


def open_plan(door: httpx.Client, key: str, name: str = "", category: str = "") -> httpx.Response:
    """The answer to the first request that gets one: "not available" and "took too long" ask to be repeated."""
    plan = {"name": name or key, "firstMonth": "2026-04", "months": 3, "category": category or key}
    answers: list[httpx.Response] = []

    def answered() -> bool:
        answers.append(door.post(PLANS, json=plan, headers={KEY: key} if key else {}))
        return answers[-1].status_code not in (503, 504)

    wait_for(answered, what=f"an answer for {key}")
    return answers[-1]


def plan_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["plan"]["planId"])


def plans(door: httpx.Client, prefix: str) -> list[str]:
    found: list[str] = []
    query = {"page.size": "200", "page.token": ""}
    while True:
        page = door.get(PLANS, params=query).raise_for_status().json()
        found += [each["planId"] for each in page["plans"] if each["name"].startswith(prefix)]
        query["page.token"] = page["page"]["nextToken"]
        if not query["page.token"]:
            return found


@pytest.mark.timeout(900)
@pytest.mark.spec("P1.1", "P7.1")
def test_a_key_has_one_effect_and_one_answer_through_kills_of_gateway_and_service(
    system: System, doors: list[httpx.Client]
) -> None:
    keys = [f"once-{number}" for number in range(REQUESTS)]
    first = {}
    for key in keys:
        made = {plan_of(each) for each in at_once(*[lambda d=door, k=key: open_plan(d, k) for door in doors])}
        assert len(made) == 1
        first[key] = made.pop()
    restarts = (system.replicas[0].restart, lambda: system.restart_service("targets"), system.replicas[1].restart)
    for restart in restarts:
        restart()
        for door in doors:
            assert {key: plan_of(open_plan(door, key)) for key in keys} == first
    others = [open_plan(doors[0], key, name="another") for key in keys]
    assert {(each.status_code, each.json()["reason"]) for each in others} == {(409, "REQUEST_ID_REUSED")}
    assert sorted(plans(doors[0], "once-")) == sorted(first.values())
    print(f"\n{REQUESTS} keys, each 8 times at 2 gateways, 3 kills: {REQUESTS} plans, one answer each; "
          f"{len(others)} other bodies refused")  # fmt: skip


@pytest.mark.timeout(900)
@pytest.mark.spec("P1.1", "P7.1")
def test_what_was_on_its_way_when_the_gateway_died_is_done_once(system: System, doors: list[httpx.Client]) -> None:
    """The client knows nothing of these requests, not even whether they arrived: it repeats them elsewhere."""
    dying, other = doors
    answered: dict[str, str] = {}

    def send(key: str) -> None:
        try:
            answered[key] = plan_of(open_plan(dying, key))
        except httpx.TransportError:
            answered[key] = ""

    keys = [f"way-{number}" for number in range(10 * REQUESTS)]
    with ThreadPoolExecutor(8) as pool:
        sending = [pool.submit(send, key) for key in keys]
        wait_for(lambda: len(answered) >= REQUESTS, what="the first answers")
        system.replicas[0].program.kill()
        for each in sending:
            each.result()
    system.replicas[0].program.start().wait_until_ready()
    unknown = [key for key, plan in answered.items() if not plan]
    answered |= {key: plan_of(open_plan(other, key)) for key in unknown}
    assert unknown
    assert sorted(plans(other, "way-")) == sorted(answered.values())
    print(f"\n{len(keys)} keys, {len(unknown)} without an answer when the gateway died, repeated: {len(keys)} plans")


@pytest.mark.timeout(600)
@pytest.mark.spec("P1.1", "P7.1")
def test_a_refusal_is_not_kept_and_keys_are_of_one_person(system: System, doors: list[httpx.Client]) -> None:
    plan_of(open_plan(doors[0], "kept-1", category="kept"))
    overlapping = open_plan(doors[0], "kept-2", category="kept")
    assert (overlapping.status_code, overlapping.headers[KEY]) == (409, "kept-2")
    mended = plan_of(open_plan(doors[1], "kept-2", category="elsewhere"))
    assert plan_of(open_plan(doors[0], "kept-2", category="elsewhere")) == mended

    system.employ("E70001", position="vp_sales")
    with system.replicas[0].client("E70001") as another:
        assert plan_of(open_plan(another, "kept-2", category="a third")) != mended


@pytest.mark.timeout(600)
@pytest.mark.spec("P1.1")
def test_the_key_that_the_door_made_is_good_for_repeating(doors: list[httpx.Client]) -> None:
    made = open_plan(doors[0], "", name="own-key", category="own-key")
    again = open_plan(doors[1], made.headers[KEY], name="own-key", category="own-key")
    assert plan_of(again) == plan_of(made)
