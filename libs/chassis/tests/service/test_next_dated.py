"""Where a jump in time stops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from sqlalchemy import text

from chassis.clock import FixedClock
from chassis.config import Settings
from chassis.database import Database
from chassis.deadlines import Deadline
from chassis.events import EventCatalog
from chassis.identity import of_service
from chassis.jobs import Job, JobRunner
from chassis.service import Runtime, Service
from chassis.service.state import State
from chassis.service.supervisor import Supervisor
from chassis.testing.identity import Keys
from chassis.unit_of_work import Transaction

MINUTE = timedelta(minutes=1)


def nothing(_tx: Transaction, _due: Deadline) -> None:
    return


@pytest.mark.spec("P11.3")
def test_a_jump_stops_at_clocks_and_dated_jobs_and_not_at_what_repeats(
    service_database: Callable[[str], Database], clock: FixedClock, keys: Keys
) -> None:
    jobs = [
        Job[None]("feed", every=MINUTE, run=lambda _: None),
        Job[None]("evening", daily_at=time(20, 0), run=lambda _: None),
    ]
    runtime = Runtime(
        "timed",
        Settings(),
        EventCatalog(()),
        clock=clock,
        database=service_database("timed"),
        keyring=keys.of("timed"),
    )
    service = Service(runtime, deadlines={"remind": nothing}, jobs=jobs)
    state = State(service, Supervisor([]), None)
    JobRunner(runtime.database, clock, jobs, None).register()
    assert state.next_due() == clock.now()  # the feed, at once
    assert state.next_dated() == clock.now() + timedelta(hours=10)  # from 10:00 to 20:00
    with runtime.uow.begin(of_service("timed")) as tx:
        tx.deadlines.start("remind", "L1", clock.now() + 30 * MINUTE)
        tx.commit()
    assert state.next_dated() == clock.now() + 30 * MINUTE
    with runtime.database.begin() as conn:
        conn.execute(text("DELETE FROM deadline WHERE kind = 'remind'"))
    assert state.next_dated() == clock.now() + timedelta(hours=10)
