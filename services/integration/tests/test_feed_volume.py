"""Volume and credentials: what is unusual although every call succeeds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.calendar import BusinessCalendar
from chassis.kernel.ids import new_id
from integration.feeds.rules import Health, Verdict, with_credential
from integration.feeds.volume_rules import unusual
from integration.tables import feed_alert, feed_run
from services.integration.tests.conftest import World
from services.integration.tests.world import order

CALENDAR = BusinessCalendar()
MONDAY = date(2026, 3, 9)


def workdays(before: date, number: int) -> list[date]:
    days = (before - timedelta(days=each) for each in range(1, 60))
    return [day for day in days if CALENDAR.is_workday(day)][:number]


@pytest.mark.spec("N2.1")
@pytest.mark.parametrize(
    ("usually", "yesterday", "days", "told"),
    [
        (100, 19, 8, "19 new records on 2026-03-09, usually 100"),
        (100, 20, 8, ""),
        (100, 500, 8, ""),
        (100, 501, 8, "501 new records on 2026-03-09, usually 100"),
        (100, 0, 8, "0 new records on 2026-03-09, usually 100"),
        (100, 0, 4, ""),
        (19, 0, 8, ""),
    ],
)
def test_a_day_far_from_the_usual_is_told(usually: int, yesterday: int, days: int, told: str) -> None:
    counts = dict.fromkeys(workdays(MONDAY, days), usually) | ({MONDAY: yesterday} if yesterday else {})
    found = unusual(counts, MONDAY, 5, CALENDAR)
    assert (found.en if found else "") == told
    assert unusual(counts, MONDAY, 0, CALENDAR) is None


@pytest.mark.spec("N2.1")
def test_a_quiet_sunday_is_compared_with_sundays() -> None:
    counts = dict.fromkeys(workdays(MONDAY, 20), 1000)
    assert unusual(counts, date(2026, 3, 8), 5, CALENDAR) is None


@pytest.mark.spec("N2.1")
@given(st.lists(st.integers(20, 40), min_size=8, max_size=20))
def test_what_stays_near_the_middle_is_never_told(counts: list[int]) -> None:
    days = dict(zip(workdays(MONDAY, len(counts)), counts, strict=True))
    assert unusual(days | {MONDAY: counts[0]}, MONDAY, 5, CALENDAR) is None


@pytest.mark.spec("N2.1")
def test_a_feed_that_brings_far_too_little_is_degraded_for_the_day(world: World) -> None:
    runs = [
        {"id": new_id(), "feed": "erp_orders", "outcome": "ok", "records_new": 50,
         "started_at": world.clock.now() - timedelta(days=each)}
        for each in range(2, 25)
    ]  # fmt: skip
    world.put(feed_run, *runs)
    world.sell(order())
    state = world.feed("erp_orders")
    assert (state.health, state.reason) == ("degraded", "0 new records on 2026-03-09, usually 50")
    world.put(feed_run, runs[0] | {"id": new_id(), "started_at": world.clock.now(), "records_new": 60})
    world.clock.advance(timedelta(days=1))
    world.sell(order())
    assert world.feed("erp_orders").health == "healthy"


ENDS = date(2026, 3, 24)


@pytest.mark.spec("N2.1")
@pytest.mark.parametrize(
    ("today", "verdict", "health", "reason"),
    [
        (date(2026, 3, 9), Verdict(Health.HEALTHY), Health.HEALTHY, ""),
        (date(2026, 3, 10), Verdict(Health.HEALTHY), Health.DEGRADED, "the credential ends on 2026-03-24"),
        (
            date(2026, 3, 30),
            Verdict(Health.DEGRADED, "a", "甲"),
            Health.DEGRADED,
            "a; the credential ends on 2026-03-24",
        ),
        (date(2026, 3, 30), Verdict(Health.DOWN, "a", "甲"), Health.DOWN, "a"),
    ],
)
def test_a_credential_that_ends_soon_opens_an_alert(today: date, verdict: Verdict, health: Health, reason: str) -> None:
    found = with_credential(verdict, ENDS, today, timedelta(days=14))
    assert (found.health, found.en) == (health, reason)
    assert with_credential(verdict, None, today, timedelta(days=14)) == verdict


@pytest.mark.spec("N2.1")
def test_a_credential_that_ends_makes_no_figure_provisional(world: World) -> None:
    connector = world.connectors["erp_orders"]
    connector.access = replace(connector.access, expires_on=date(2026, 3, 20))  # type: ignore[misc]
    world.sell(order())
    assert world.feed("erp_orders").health == "healthy"
    assert world.events("integration.feed_degraded") == []
    [alert] = world.rows(feed_alert)
    assert (alert.state, alert.reason_zh) == ("open", "访问凭证将于 2026-03-20 到期")
    connector.access = replace(connector.access, expires_on=date(2027, 3, 20))  # type: ignore[misc]
    world.sell(order())
    assert world.rows(feed_alert)[0].state == "resolved"
