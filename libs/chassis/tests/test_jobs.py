from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from threading import Barrier, Event, Lock, Thread
from typing import Any

import pytest
from sqlalchemy import Row, select, text

from chassis import jobs
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.jobs import Job, JobRunner
from chassis.schema import job as table

FIVE = timedelta(minutes=5)
App = list[str]


@pytest.fixture
def database(service_database: Callable[[str], Database]) -> Database:
    return service_database("scheduled")


def named(name: str, **schedule: Any) -> Job[App]:
    return Job(name, run=lambda app: app.append(name), **schedule)


def row(database: Database, name: str) -> Row[*tuple[Any, ...]]:
    with database.connect() as conn:
        return conn.execute(select(table).where(table.c.name == name)).one()


def registered(database: Database, clock: FixedClock, app: App, *declared: Job[App]) -> JobRunner[App]:
    runner = JobRunner(database, clock, declared, app)
    runner.register()
    return runner


def next_due(database: Database, *names: str) -> datetime | None:
    with database.connect() as conn:
        return jobs.next_due(conn, names or None)


@pytest.mark.spec("P3.1")
def test_repeated_work_runs_at_once_and_then_in_its_rhythm(database: Database, clock: FixedClock) -> None:
    ran: App = []
    begin = clock.now()
    runner = registered(database, clock, ran, named("feed", every=FIVE))
    assert (runner.turn(), runner.turn()) == (["feed"], [])
    clock.advance(timedelta(minutes=4, seconds=59))
    assert runner.turn() == []
    clock.advance(timedelta(seconds=3))
    assert runner.turn() == ["feed"]
    assert ran == ["feed", "feed"]
    assert next_due(database) == begin + 2 * FIVE
    assert row(database, "feed").last_success_at == clock.now()


@pytest.mark.spec("P3.1")
def test_after_an_outage_a_job_runs_once_late_rather_than_never(database: Database, clock: FixedClock) -> None:
    ran: App = []
    runner = registered(database, clock, ran, named("sample", daily_at=time(8, 30), workdays_only=True))
    clock.advance(timedelta(days=6))
    assert (runner.turn(), runner.turn()) == (["sample"], [])
    assert next_due(database) == datetime(2026, 3, 17, 0, 30, tzinfo=UTC)


@pytest.mark.spec("P11.3")
def test_a_jump_in_time_runs_the_jobs_in_the_order_they_were_due(database: Database, clock: FixedClock) -> None:
    ran: App = []
    declared = [named("evening", daily_at=time(20)), named("noon", daily_at=time(12)), named("four", daily_at=time(16))]
    runner = registered(database, clock, ran, *declared)
    assert next_due(database) == datetime(2026, 3, 10, 4, tzinfo=UTC)
    assert next_due(database, "four", "evening") == datetime(2026, 3, 10, 8, tzinfo=UTC)
    clock.set(datetime(2026, 3, 10, 10, tzinfo=UTC))
    assert runner.turn() == ["noon", "four"]
    assert ran == ["noon", "four"]


@pytest.mark.spec("P3.1")
def test_a_run_that_fails_is_recorded_and_tried_again_and_others_run(database: Database, clock: FixedClock) -> None:
    ran: App = []
    broken = True

    def touchy(app: App) -> None:
        if broken:
            raise ConnectionError("no answer from HR")
        app.append("touchy")

    runner = registered(database, clock, ran, Job("touchy", run=touchy, every=FIVE), named("other", every=FIVE))
    begin = clock.now()
    assert runner.turn() == ["other"]
    failed = row(database, "touchy")
    assert (failed.failures, failed.reason) == (1, "ConnectionError: no answer from HR")
    assert failed.next_due == begin
    assert runner.turn() == []  # it rests
    forget_rest(database)
    assert runner.turn() == []
    assert row(database, "touchy").failures == 2
    broken = False
    forget_rest(database)
    assert runner.turn() == ["touchy"]
    recovered = row(database, "touchy")
    assert (recovered.failures, recovered.reason, recovered.retry_at) == (0, "", None)
    assert recovered.next_due == begin + FIVE


def forget_rest(database: Database) -> None:
    with database.begin() as conn:
        conn.execute(text("UPDATE job SET retry_at = clock_timestamp() WHERE retry_at IS NOT NULL"))


@pytest.mark.spec("P7.1")
def test_two_replicas_never_run_a_job_at_the_same_time_and_it_runs_once_when_due(
    database: Database, clock: FixedClock
) -> None:
    at_work, most, runs = 0, 0, 0
    guard, together = Lock(), Barrier(3)

    def busy(app: App) -> None:
        nonlocal at_work, most, runs
        with guard:
            at_work, runs = at_work + 1, runs + 1
            most = max(most, at_work)
        with database.connect() as conn:
            conn.execute(text("SELECT count(*) FROM generate_series(1, 300000)"))
        with guard:
            at_work -= 1

    registered(database, clock, [], Job("busy", run=busy, every=FIVE))

    def replica() -> None:
        own = Database(database.url, pool_size=2)
        runner = JobRunner(own, clock, [Job("busy", run=busy, every=FIVE)], [])
        for _ in range(4):
            together.wait(20)
            runner.turn()
            together.wait(20)
        own.close()

    replicas = [Thread(target=replica) for _ in range(2)]
    for each in replicas:
        each.start()
    for _ in range(4):
        together.wait(20)
        together.wait(20)
        clock.advance(FIVE)
    for each in replicas:
        each.join(20)
    assert (most, runs) == (1, 4)


@pytest.mark.spec("P7.1")
def test_a_job_whose_process_died_in_the_run_is_due_still_and_free(database: Database, clock: FixedClock) -> None:
    def die(app: App) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        registered(database, clock, [], Job("feed", run=die, every=FIVE)).turn()
    assert registered(database, clock, [], named("feed", every=FIVE)).turn() == ["feed"]


@pytest.mark.spec("P3.1")
def test_a_changed_schedule_holds_at_once_and_an_unchanged_one_survives_a_restart(
    database: Database, clock: FixedClock
) -> None:
    ran: App = []
    registered(database, clock, ran, named("feed", every=timedelta(hours=6))).turn()
    begin = clock.now()
    clock.advance(FIVE)
    assert registered(database, clock, ran, named("feed", every=timedelta(hours=6))).turn() == []
    assert next_due(database) == begin + timedelta(hours=6)
    assert registered(database, clock, ran, named("feed", daily_at=time(10, 6))).turn() == []
    assert next_due(database) == begin + timedelta(minutes=6)


@pytest.mark.spec("P11.3")
def test_a_clock_set_back_before_the_day_begins_does_not_leave_jobs_in_the_future(
    database: Database, clock: FixedClock
) -> None:
    ran: App = []
    today = clock.now()
    clock.set(datetime(2026, 11, 22, tzinfo=UTC))
    runner = registered(database, clock, ran, named("feed", every=FIVE))
    runner.turn()
    clock.set(today)
    runner.turn()
    assert next_due(database) == today + FIVE


@pytest.mark.spec("P3.1")
def test_the_running_loop_runs_jobs_side_by_side_and_waits_for_them_at_the_end(
    database: Database, clock: FixedClock
) -> None:
    begun, let_go, other_ran, finished = Event(), Event(), Event(), Event()

    def slow(app: App) -> None:
        begun.set()
        let_go.wait(20)
        finished.set()

    declared: list[Job[App]] = [
        Job("slow", run=slow, every=FIVE),
        Job("quick", run=lambda app: other_ran.set(), every=FIVE),
    ]
    stop = Event()
    loop = Thread(target=JobRunner(database, clock, declared, []).run, args=(stop,))
    loop.start()
    assert begun.wait(10)
    assert other_ran.wait(10)
    stop.set()
    let_go.set()
    loop.join(10)
    assert finished.is_set()
    assert not loop.is_alive()
    assert row(database, "slow").last_success_at == clock.now()
