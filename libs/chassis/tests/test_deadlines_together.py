"""Clocks of one kind that fire in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Barrier, Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, Text, func, insert, select

from chassis.clock import FixedClock
from chassis.database import Database
from chassis.deadline_runner import DeadlineRunner, Handler, Together, groups
from chassis.deadlines import Deadline, Start
from chassis.events import EventCatalog
from chassis.identity import of_service
from chassis.metrics import metrics
from chassis.schema import deadline
from chassis.testing.events import recorded_events
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.leads.v1 import events_pb2

ME = of_service("leads")
MINUTE = timedelta(minutes=1)

effect = Table("effect", MetaData(), Column("subject", Text), Column("kind", Text), Column("tx", Text))
lead = Table("lead", MetaData(), Column("id", Text, primary_key=True))
_TX = func.pg_current_xact_id().cast(Text)


@pytest.fixture
def database(service_database: Callable[[str], Database]) -> Database:
    database = service_database("timed")
    with database.begin() as conn:
        effect.create(conn)
        lead.create(conn)
        conn.execute(insert(lead), [{"id": f"L{each}"} for each in range(30)])
    return database


@pytest.fixture
def uow(database: Database, clock: FixedClock) -> UnitOfWork:
    return UnitOfWork(database, clock, EventCatalog(()), "leads")


def leave_effects(tx: Transaction, due: Sequence[Deadline]) -> None:
    lock_leads(tx, *(each.subject_id for each in due))
    for each in due:
        tx.execute(insert(effect).values(subject=each.subject_id, kind=each.kind, tx=_TX))


def lock_leads(tx: Transaction, *ids: str) -> None:
    tx.execute(select(lead).where(lead.c.id.in_(ids)).order_by(lead.c.id).with_for_update())


def start(uow: UnitOfWork, kind: str, *subjects: str, due_at: datetime | None = None) -> None:
    with uow.begin(ME) as tx:
        tx.deadlines.start_all([Start(kind, each, due_at or tx.now) for each in subjects])
        tx.commit()


def effects(database: Database) -> list[tuple[str, str]]:
    with database.connect() as conn:
        return [(row.subject, row.kind) for row in conn.execute(select(effect))]


def transactions(database: Database) -> Counter[int]:
    """How many transactions left how many effects."""
    with database.connect() as conn:
        return Counter(conn.execute(select(func.count()).select_from(effect).group_by(effect.c.tx)).scalars())


def states(database: Database) -> Counter[str]:
    with database.connect() as conn:
        return Counter(conn.execute(select(deadline.c.state)).scalars())


def runner(uow: UnitOfWork, **handlers: Handler) -> DeadlineRunner:
    return DeadlineRunner(uow, handlers or {"remind": Together(leave_effects)})


@pytest.mark.spec("P3.1")
def test_clocks_that_are_due_together_fire_in_one_transaction(database: Database, uow: UnitOfWork) -> None:
    leads = [f"L{each}" for each in range(30)]
    start(uow, "remind", *leads)
    reminding = runner(uow)
    before = metrics.registry.get_sample_value("closeloop_deadline_delay_seconds_count", {"kind": "remind"}) or 0
    assert (reminding.turn(), reminding.turn()) == (30, 0)
    assert Counter(effects(database)) == Counter((each, "remind") for each in leads)
    assert transactions(database) == {30: 1}
    after = metrics.registry.get_sample_value("closeloop_deadline_delay_seconds_count", {"kind": "remind"}) or 0
    assert after - before == 30


@pytest.mark.spec("P3.1")
def test_one_bad_subject_rests_with_its_reason_and_all_others_fire_once(database: Database, uow: UnitOfWork) -> None:
    def touchy(tx: Transaction, due: Sequence[Deadline]) -> None:
        leave_effects(tx, due)
        if any(each.subject_id == "L7" for each in due):
            raise RuntimeError("no such rep")

    start(uow, "remind", *(f"L{each}" for each in range(20)))
    reminding = runner(uow, remind=Together(touchy))
    assert reminding.turn() == 19
    assert Counter(effects(database)) == Counter((f"L{each}", "remind") for each in range(20) if each != 7)
    with database.connect() as conn:
        left = conn.execute(select(deadline).where(deadline.c.state == "pending")).one()
    assert (left.subject_id, left.attempts, left.reason) == ("L7", 1, "RuntimeError: no such rep")
    assert reminding.turn() == 0, "it rests"


@pytest.mark.spec("P7.1")
def test_a_clock_stopped_meanwhile_has_no_effect_and_the_others_fire(database: Database, uow: UnitOfWork) -> None:
    stopped: list[str] = []

    def overtaken(tx: Transaction, due: Sequence[Deadline]) -> None:
        if not stopped:
            with uow.begin(ME) as command:
                assert command.deadlines.stop("remind", "L3")
                command.commit()
            stopped.append("L3")
        leave_effects(tx, due)

    start(uow, "remind", *(f"L{each}" for each in range(6)))
    assert runner(uow, remind=Together(overtaken)).turn() == 5
    assert sorted(subject for subject, _ in effects(database)) == ["L0", "L1", "L2", "L4", "L5"]
    assert states(database) == {"fired": 5, "stopped": 1}


@pytest.mark.spec("P3.1")
def test_a_handler_of_many_may_start_and_stop_clocks_of_its_subjects(database: Database, uow: UnitOfWork) -> None:
    def recycle(tx: Transaction, due: Sequence[Deadline]) -> None:
        leave_effects(tx, due)
        assert tx.deadlines.stop_all(*(each.subject_id for each in due)) == 2, "the warnings; what fires has fired"
        tx.deadlines.start("recycle", "L0", tx.now + MINUTE)

    start(uow, "recycle", "L0", "L1")
    start(uow, "warn", "L0", "L1", due_at=uow.clock.now() + MINUTE)
    assert runner(uow, recycle=Together(recycle)).turn() == 2
    assert states(database) == {"fired": 2, "stopped": 2, "pending": 1}


@pytest.mark.spec("P3.1")
def test_for_a_subject_the_order_stays_when_several_kinds_are_overdue(database: Database, uow: UnitOfWork) -> None:
    now = uow.clock.now()
    start(uow, "recycle", "L0", "L1", "L2", due_at=now - MINUTE)
    start(uow, "remind", "L0", "L1", "L2", due_at=now - 3 * MINUTE)
    start(uow, "popup", "L0", "L1", due_at=now - 2 * MINUTE)
    start(uow, "popup", "L2", due_at=now - 4 * MINUTE)
    firing = runner(uow, **dict.fromkeys(("remind", "popup", "recycle"), Together(leave_effects)))
    assert firing.turn() == 9
    order = {f"L{each}": [kind for one, kind in effects(database) if one == f"L{each}"] for each in range(3)}
    assert order["L0"] == order["L1"] == ["remind", "popup", "recycle"]
    assert order["L2"] == ["popup", "remind", "recycle"]


@pytest.mark.spec("P3.1")
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "alone"]), st.sampled_from("12345")), unique=True),
    st.integers(min_value=1, max_value=3),
)
def test_groups_hold_each_clock_once_in_its_subjects_order(due: list[tuple[str, str]], most: int) -> None:
    found = groups(due, {"a", "b"}, most)
    fired = [(kind, subject) for kind, subjects in found for subject in subjects]
    assert Counter(fired) == Counter(due)
    for subject in "12345":
        assert [each for each in fired if each[1] == subject] == [each for each in due if each[1] == subject]
    for kind, subjects in found:
        assert len(subjects) == len(set(subjects)) <= (1 if kind == "alone" else most)


def test_groups_are_as_large_as_the_order_allows() -> None:
    due = [("remind", f"L{each}") for each in range(5)] + [("popup", "L0"), ("remind", "L9"), ("popup", "L1")]
    assert groups(due, {"remind", "popup"}) == [
        ("remind", ["L0", "L1", "L2", "L3", "L4", "L9"]),
        ("popup", ["L0", "L1"]),
    ]


@pytest.mark.spec("P7.1")
def test_replicas_fire_each_clock_once_and_in_order_for_each_subject(database: Database, clock: FixedClock) -> None:
    uow = UnitOfWork(database, clock, EventCatalog(()), "leads")
    with uow.begin(ME) as tx:
        for step in range(5):
            due_at = clock.now() - timedelta(minutes=5 - step)
            tx.deadlines.start_all([Start(f"step{step}", f"L{each}", due_at) for each in range(30)])
        tx.commit()
    together = Barrier(3)

    def replica() -> None:
        own = Database(database.url, pool_size=2)
        handlers = {f"step{step}": Together(leave_effects) for step in range(5)}
        firing = DeadlineRunner(UnitOfWork(own, clock, EventCatalog(()), "leads"), handlers, batch=40)
        together.wait()
        while states(own)["pending"]:
            firing.turn()
        own.close()

    threads = [Thread(target=replica) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    fired = effects(database)
    assert Counter(fired) == Counter({(f"L{n}", f"step{s}"): 1 for n in range(30) for s in range(5)})
    for subject in range(30):
        assert [kind for one, kind in fired if one == f"L{subject}"] == [f"step{step}" for step in range(5)]


@pytest.mark.spec("P7.1")
def test_many_that_meet_a_command_in_a_circle_of_locks_give_way(database: Database, uow: UnitOfWork) -> None:
    has_first, fired = Event(), Event()

    def crossing(tx: Transaction, due: Sequence[Deadline]) -> None:
        if len(due) > 1:  # first the one that the command wants next, then the one that it has
            lock_leads(tx, "L1")
            has_first.set()
        leave_effects(tx, due)

    def fire() -> None:
        firing = runner(uow, remind=Together(crossing))
        while states(database)["pending"]:
            firing.turn()
        fired.set()

    start(uow, "remind", "L0", "L1", "L2")
    with uow.begin(ME) as command:
        lock_leads(command, "L0")
        thread = Thread(target=fire)
        thread.start()
        assert has_first.wait(10)
        lock_leads(command, "L1")  # PostgreSQL would end one of the two after a second, perhaps this one
        assert command.deadlines.stop("remind", "L1")
        command.commit()
    assert fired.wait(10)
    thread.join()
    assert sorted(subject for subject, _ in effects(database)) == ["L0", "L2"]


@pytest.mark.spec("P6.1")
def test_each_event_begins_a_story_of_its_own(database: Database, clock: FixedClock) -> None:
    catalog = EventCatalog.of(events_pb2)

    def tell(tx: Transaction, due: Sequence[Deadline]) -> None:
        for each in due:
            tx.record(events_pb2.LeadAccepted(lead_id=each.subject_id, owner_id="E1"))

    uow = UnitOfWork(database, clock, catalog, "leads")
    start(uow, "remind", "L0", "L1", "L2")
    assert runner(uow, remind=Together(tell)).turn() == 3
    with database.connect() as conn:
        told = recorded_events(conn, catalog)
    assert len({each.correlation_id for each in told}) == len(told) == 3
    assert {each.causation_id for each in told} == {""}


@pytest.mark.spec("P3.1")
def test_a_clock_that_came_before_meanwhile_fires_first(database: Database, uow: UnitOfWork) -> None:
    handled: list[tuple[str, str]] = []

    def remind(tx: Transaction, due: Sequence[Deadline]) -> None:
        leave_effects(tx, due)
        tx.deadlines.start("popup", "L0", tx.now - 2 * MINUTE)

    def recycle(tx: Transaction, due: Sequence[Deadline]) -> None:
        handled.extend((each.subject_id, each.kind) for each in due)
        leave_effects(tx, due)

    start(uow, "remind", "L0", "L1", due_at=uow.clock.now() - 3 * MINUTE)
    start(uow, "recycle", "L0", "L1", due_at=uow.clock.now() - MINUTE)
    firing = runner(uow, remind=Together(remind), popup=Together(leave_effects), recycle=Together(recycle))
    assert firing.turn() == 3
    assert handled == [("L1", "recycle")]
    assert firing.turn() == 2
    assert [kind for one, kind in effects(database) if one == "L0"] == ["remind", "popup", "recycle"]
