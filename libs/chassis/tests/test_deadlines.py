from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import Column, DateTime, MetaData, Table, Text, func, insert, select, update

from chassis import deadlines
from chassis.clock import Clock, FixedClock, MovableClock
from chassis.database import Database
from chassis.deadline_runner import DeadlineRunner, Handler
from chassis.deadlines import Deadline
from chassis.events import EventCatalog
from chassis.identity import of_service
from chassis.metrics import metrics
from chassis.schema import deadline
from chassis.testing.locks import until_blocked
from chassis.unit_of_work import Transaction, UnitOfWork

ME = of_service("leads")
NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

effect = Table("effect", MetaData(), Column("subject", Text), Column("kind", Text), Column("at", DateTime(True)))


@pytest.fixture
def database(service_database: Callable[[str], Database]) -> Database:
    database = service_database("timed")
    with database.begin() as conn:
        effect.create(conn)
    return database


def work(database: Database, clock: Clock) -> UnitOfWork:
    return UnitOfWork(database, clock, EventCatalog(()), "leads")


def leave_effect(tx: Transaction, due: Deadline) -> None:
    tx.execute(insert(effect).values(subject=due.subject_id, kind=due.kind, at=tx.now))


def start(uow: UnitOfWork, kind: str, subject: str, due_at: datetime, **payload: object) -> None:
    with uow.begin(ME) as tx:
        tx.deadlines.start(kind, subject, due_at, payload)
        tx.commit()


def effects(database: Database) -> list[tuple[str, str]]:
    with database.connect() as conn:
        return [(row.subject, row.kind) for row in conn.execute(select(effect))]


def states(database: Database) -> dict[tuple[str, str], str]:
    with database.connect() as conn:
        return {(row.subject_id, row.kind): row.state for row in conn.execute(select(deadline))}


def real_time(database: Database) -> datetime:
    with database.connect() as conn:
        return conn.execute(select(func.clock_timestamp())).scalar_one()


def retry_at(database: Database) -> datetime:
    with database.connect() as conn:
        return conn.execute(select(deadline.c.retry_at)).scalar_one()


def rest_for(database: Database, pause: timedelta) -> None:
    """What failed rests as long from now on, however slow the machine is."""
    with database.begin() as conn:
        again = func.clock_timestamp() + pause
        conn.execute(update(deadline).where(deadline.c.retry_at.is_not(None)).values(retry_at=again))


def runner(uow: UnitOfWork, **handlers: Handler) -> DeadlineRunner:
    return DeadlineRunner(uow, handlers or {"remind": leave_effect})


@pytest.mark.spec("P3.1")
def test_a_clock_fires_once_when_it_is_due_and_not_before(database: Database, clock: FixedClock) -> None:
    uow = work(database, clock)
    start(uow, "remind", "L1", clock.now() + 30 * MINUTE)
    remind = runner(uow)
    clock.advance(29 * MINUTE)
    assert remind.turn() == 0
    clock.advance(MINUTE)
    assert (remind.turn(), remind.turn()) == (1, 0)
    assert effects(database) == [("L1", "remind")]
    with database.connect() as conn:
        assert conn.scalar(select(deadline.c.fired_at)) == clock.now()
        assert deadlines.next_due(conn) is None


@pytest.mark.spec("P3.1")
def test_the_handler_gets_what_the_clock_was_started_with(database: Database, clock: FixedClock) -> None:
    uow = work(database, clock)
    seen: list[Deadline] = []
    with uow.begin(ME) as tx:
        tx.deadlines.start("remind", "L1", clock.now(), {"rep": "E1", "since": clock.now()}, policy_version=7)
        tx.commit()
    assert runner(uow, remind=lambda tx, due: seen.append(due)).turn() == 1
    (due,) = seen
    assert (due.kind, due.subject_id, due.due_at, due.policy_version) == ("remind", "L1", clock.now(), 7)
    assert due.payload == {"rep": "E1", "since": "2026-03-10T02:00:00+00:00"}


@pytest.mark.spec("P3.1")
def test_starting_and_stopping_belong_to_the_transaction(database: Database, clock: FixedClock) -> None:
    uow = work(database, clock)
    with uow.begin(ME) as tx:
        tx.deadlines.start("remind", "L1", clock.now())
    start(uow, "remind", "L2", clock.now())
    with uow.begin(ME) as tx:
        assert tx.deadlines.stop("remind", "L2") is True
    runner(uow).turn()
    assert effects(database) == [("L2", "remind")]


@pytest.mark.spec("P3.1")
def test_a_stopped_clock_never_fires(database: Database, clock: FixedClock) -> None:
    uow = work(database, clock)
    for kind in ("remind", "escalate", "recycle"):
        start(uow, kind, "L1", clock.now())
    start(uow, "remind", "L2", clock.now())
    with uow.begin(ME) as tx:
        assert tx.deadlines.stop("remind", "L1") is True
        assert tx.deadlines.stop("remind", "L1") is False
        assert tx.deadlines.stop_all("L1") == 2
        tx.commit()
    assert runner(uow, remind=leave_effect, escalate=leave_effect, recycle=leave_effect).turn() == 1
    assert effects(database) == [("L2", "remind")]


@pytest.mark.spec("P3.1")
def test_starting_a_running_clock_again_moves_it(database: Database, clock: FixedClock) -> None:
    uow = work(database, clock)
    start(uow, "remind", "L1", clock.now())
    start(uow, "remind", "L1", clock.now() + MINUTE)
    assert runner(uow).turn() == 0
    clock.advance(MINUTE)
    assert runner(uow).turn() == 1
    assert effects(database) == [("L1", "remind")]


@pytest.mark.spec("P3.1")
def test_a_handler_may_start_its_own_clock_again(database: Database, clock: FixedClock) -> None:
    def remind_daily(tx: Transaction, due: Deadline) -> None:
        leave_effect(tx, due)
        tx.deadlines.start("remind", due.subject_id, due.due_at + timedelta(days=1))

    uow = work(database, clock)
    start(uow, "remind", "L1", clock.now())
    daily = runner(uow, remind=remind_daily)
    for _ in range(3):
        assert (daily.turn(), daily.turn()) == (1, 0)
        clock.advance(timedelta(days=1))
    assert effects(database) == [("L1", "remind")] * 3


@pytest.mark.spec("P3.1")
def test_a_handler_may_stop_all_clocks_of_its_subject(database: Database, clock: FixedClock) -> None:
    def recycle(tx: Transaction, due: Deadline) -> None:
        leave_effect(tx, due)
        assert tx.deadlines.stop_all(due.subject_id) == 1
        assert tx.deadlines.stop("recycle", due.subject_id) is False

    uow = work(database, clock)
    start(uow, "recycle", "L1", clock.now())
    start(uow, "remind", "L1", clock.now() + MINUTE)
    assert runner(uow, recycle=recycle).turn() == 1
    assert states(database) == {("L1", "recycle"): "fired", ("L1", "remind"): "stopped"}


@pytest.mark.spec("P3.1")
def test_a_failing_handler_leaves_nothing_is_tried_again_and_holds_up_nobody(
    database: Database, clock: FixedClock
) -> None:
    broken = True

    def touchy(tx: Transaction, due: Deadline) -> None:
        leave_effect(tx, due)
        if broken and due.subject_id == "L1":
            raise RuntimeError("no such rep")

    uow = work(database, clock)
    start(uow, "remind", "L1", clock.now() - MINUTE)
    start(uow, "remind", "L2", clock.now())
    start(uow, "escalate", "L1", clock.now())
    reminding = runner(uow, remind=touchy, escalate=leave_effect)
    assert reminding.turn() == 2
    assert sorted(effects(database)) == [("L1", "escalate"), ("L2", "remind")]
    with database.connect() as conn:
        row = conn.execute(select(deadline).where(deadline.c.state == "pending")).one()
        assert (row.attempts, row.reason) == (1, "RuntimeError: no such rep")
        assert row.retry_at is not None
        assert deadlines.next_due(conn) == clock.now() - MINUTE  # it is overdue, not forgotten
    rest_for(database, MINUTE)
    assert reminding.turn() == 0
    broken = False
    rest_for(database, 0 * MINUTE)
    assert reminding.turn() == 1
    assert ("L1", "remind") in effects(database)


@pytest.mark.spec("P6.1")
def test_a_failing_clock_and_how_long_the_earliest_is_due_are_figures(database: Database, clock: FixedClock) -> None:
    def fail(tx: Transaction, due: Deadline) -> None:
        raise RuntimeError

    def figure(name: str, **labels: str) -> float:
        return metrics.registry.get_sample_value(name, labels) or 0

    uow = work(database, clock)
    before = figure("closeloop_deadline_failures_total", kind="ring")
    start(uow, "ring", "L1", clock.now() - MINUTE)
    runner(uow, ring=fail).turn()
    assert figure("closeloop_deadline_failures_total", kind="ring") == before + 1
    assert figure("closeloop_deadline_overdue_seconds") == 60
    rest_for(database, MINUTE)
    runner(uow, ring=fail).turn()  # its failures are told by the counter
    assert figure("closeloop_deadline_overdue_seconds") == 0


@pytest.mark.spec("P3.1")
def test_pauses_grow_while_a_handler_keeps_failing(database: Database, clock: FixedClock) -> None:
    def fail(tx: Transaction, due: Deadline) -> None:
        raise RuntimeError

    uow = work(database, clock)
    start(uow, "remind", "L1", clock.now())
    failing = runner(uow, remind=fail)
    for seconds in (1, 2, 4, 8):
        before = real_time(database)
        failing.turn()
        assert before <= retry_at(database) - timedelta(seconds=seconds) <= real_time(database)
        rest_for(database, 0 * MINUTE)


@pytest.mark.spec("P3.1")
def test_a_clock_without_a_handler_here_waits_for_a_replica_that_has_one(database: Database, clock: FixedClock) -> None:
    uow = work(database, clock)
    start(uow, "from-the-next-release", "L1", clock.now())
    assert runner(uow).turn() == 0
    assert runner(uow, **{"from-the-next-release": leave_effect}).turn() == 1
    with database.connect() as conn:
        assert deadlines.next_due(conn, ["remind"]) is None


@pytest.mark.spec("P7.1")
def test_a_clock_stopped_by_a_command_while_its_handler_runs_has_no_effect(
    database: Database, clock: FixedClock
) -> None:
    uow = work(database, clock)

    def overtaken(tx: Transaction, due: Deadline) -> None:
        leave_effect(tx, due)
        with uow.begin(ME) as command:
            assert command.deadlines.stop("remind", "L1")
            command.commit()

    start(uow, "remind", "L1", clock.now())
    assert runner(uow, remind=overtaken).turn() == 0
    assert effects(database) == []
    assert states(database) == {("L1", "remind"): "stopped"}


@pytest.mark.spec("P7.1")
def test_a_clock_started_anew_while_its_handler_runs_fires_only_at_the_new_time(
    database: Database, clock: FixedClock
) -> None:
    uow = work(database, clock)

    def overtaken(tx: Transaction, due: Deadline) -> None:
        leave_effect(tx, due)
        start(uow, "remind", "L1", clock.now() + MINUTE)

    start(uow, "remind", "L1", clock.now())
    assert runner(uow, remind=overtaken).turn() == 0
    clock.advance(MINUTE)
    assert runner(uow).turn() == 1
    assert effects(database) == [("L1", "remind")]


@pytest.mark.spec("P7.1")
def test_a_command_that_holds_the_subject_can_stop_its_clock_while_the_handler_waits_for_the_subject(
    database: Database, clock: FixedClock
) -> None:
    lock_lead = select(effect).where(effect.c.subject == "L1", effect.c.kind == "lead").with_for_update()

    def remind(tx: Transaction, due: Deadline) -> None:
        tx.execute(lock_lead)
        leave_effect(tx, due)

    uow = work(database, clock)
    start(uow, "remind", "L1", clock.now())
    with database.begin() as conn:
        conn.execute(insert(effect).values(subject="L1", kind="lead", at=clock.now()))
    firing = Thread(target=runner(uow, remind=remind).turn)
    with uow.begin(ME) as command:
        command.execute(lock_lead)
        firing.start()
        until_blocked(database)
        assert command.deadlines.stop("remind", "L1")  # a circle of locks would end here after deadlock_timeout
        command.commit()
    firing.join(10)
    assert effects(database) == [("L1", "lead")]
    assert states(database) == {("L1", "remind"): "stopped"}


@pytest.mark.spec("P7.1")
def test_many_replicas_fire_each_clock_once_and_in_order_for_each_subject(
    database: Database, clock: FixedClock
) -> None:
    uow = work(database, clock)
    with uow.begin(ME) as tx:
        for subject in range(12):
            for step in range(5):
                tx.deadlines.start(f"step{step}", f"L{subject}", clock.now() - timedelta(minutes=5 - step))
        tx.commit()
    together = Barrier(3)
    handled: list[str] = []

    def handle(tx: Transaction, due: Deadline) -> None:
        handled.append(due.id)
        leave_effect(tx, due)

    def replica() -> None:
        own = Database(database.url, pool_size=2)
        firing = DeadlineRunner(work(own, clock), {f"step{step}": handle for step in range(5)}, batch=7)
        together.wait()
        while deadlines_left(own):
            firing.turn()
        own.close()

    threads = [Thread(target=replica) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    fired = effects(database)
    assert len(handled) == 60  # no handler ran in vain
    assert Counter(fired) == Counter({(f"L{n}", f"step{s}"): 1 for n in range(12) for s in range(5)})
    for subject in range(12):
        assert [kind for one, kind in fired if one == f"L{subject}"] == [f"step{step}" for step in range(5)]


def deadlines_left(database: Database) -> bool:
    with database.connect() as conn:
        return bool(conn.scalar(select(func.count()).where(deadline.c.state == "pending")))


@pytest.mark.spec("P11.3")
def test_a_jump_in_time_fires_all_it_passed_in_the_order_they_were_due(database: Database, tmp_path: Path) -> None:
    clock = MovableClock(tmp_path / "clock.json", mode="local")
    clock.move_to(NOW)
    uow = work(database, clock)
    start(uow, "recycle", "L1", NOW + timedelta(hours=24))
    start(uow, "popup", "L1", NOW + timedelta(hours=2))
    start(uow, "remind", "L1", NOW + 30 * MINUTE)
    start(uow, "popup", "L2", NOW + timedelta(hours=1))
    start(uow, "later", "L1", NOW + timedelta(hours=25))
    firing = runner(uow, **dict.fromkeys(("remind", "popup", "recycle", "later"), leave_effect))
    assert firing.turn() == 0
    with database.connect() as conn:
        assert deadlines.next_due(conn) == NOW + 30 * MINUTE
    clock.move_to(NOW + timedelta(hours=24, minutes=10))
    assert firing.turn() == 4
    assert effects(database) == [("L1", "remind"), ("L2", "popup"), ("L1", "popup"), ("L1", "recycle")]
    with database.connect() as conn:
        assert deadlines.next_due(conn) == NOW + timedelta(hours=25)


@pytest.mark.spec("P3.1")
def test_the_running_loop_fires_soon_after_time_has_come_and_tells_how_late(
    database: Database, clock: FixedClock
) -> None:
    uow = work(database, clock)
    fired = Event()
    start(uow, "remind", "L1", clock.now() + MINUTE)
    stop = Event()
    loop = Thread(target=runner(uow, remind=lambda tx, due: fired.set()).run, args=(stop,))
    before = metrics.registry.get_sample_value("closeloop_deadline_delay_seconds_sum", {"kind": "remind"}) or 0
    loop.start()
    clock.advance(3 * MINUTE)
    assert fired.wait(5)
    stop.set()
    loop.join(5)
    assert not loop.is_alive()
    after = metrics.registry.get_sample_value("closeloop_deadline_delay_seconds_sum", {"kind": "remind"}) or 0
    assert after - before == 120
