"""December tells that next year's working calendar is a guess."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from chassis.jobs import JobRunner
from integration.jobs import jobs
from integration.notifications.warn_of_provisional_year import notice_on
from integration.tables import delivery, notification
from services.integration.tests.conftest import World
from services.integration.tests.world import employee


@pytest.mark.spec("P11.2")
@pytest.mark.parametrize(
    ("day", "published", "told"),
    [
        (date(2026, 11, 30), False, False),
        (date(2026, 12, 1), False, True),
        (date(2026, 12, 31), False, True),
        (date(2026, 12, 31), True, False),
        (date(2027, 1, 1), False, False),
    ],
)
def test_only_december_asks_and_only_of_the_next_year(day: date, published: bool, told: bool) -> None:
    asked: list[int] = []

    def provisional(year: int) -> bool:
        asked.append(year)
        return not published

    assert (notice_on(day, provisional) is not None) is told
    assert set(asked) <= {2027}


@pytest.mark.spec("P11.2")
def test_the_cio_hears_of_it_once_whatever_the_day(world: World) -> None:
    world.hire(employee("E00009", position="cio"), employee("E00001"))
    runner = JobRunner(world.service.uow.database, world.clock, jobs(world.connectors), world.service.app)
    runner.register()
    for day in (1, 2):  # of a December whose next year nobody has published
        world.clock.set(datetime(2090, 12, day, 2, tzinfo=UTC))
        while runner.turn():
            pass
    told = world.rows(notification, kind="calendar_provisional")
    assert [(each.recipient_id, each.title) for each in told] == [
        ("E00009", "The working calendar of 2091 is provisional")
    ]
    assert [each.recipient_id for each in world.rows(delivery, dedupe_key="calendar_provisional:2091")] == ["E00009"]
