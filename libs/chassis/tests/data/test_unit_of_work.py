from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.clock import FixedClock
from chassis.database import Database
from chassis.events import Cause, DoesNotFit, EventCatalog
from chassis.metrics import metrics
from chassis.outbox import bucket_of
from chassis.testing.events import recorded_events
from chassis.unit_of_work import Transaction, UnitOfWork
from libs.chassis.tests.data.workshop import ME, OrderStepped, WorkerMoved, count, effects, record_steps, write_effect


@pytest.mark.spec("P3.2")
def test_state_event_and_audit_are_committed_together(
    database: Database, uow: UnitOfWork, catalog: EventCatalog
) -> None:
    with uow.begin(ME) as tx:
        write_effect(tx, "O1", 1)
        tx.record(OrderStepped("O1", 1))
        tx.audit(action="order.step", entity="order", entity_id="O1", before={"step": 0}, after={"step": 1})
        tx.deadlines.start("order.late", "O1", tx.now + timedelta(hours=1))
        tx.commit()
    assert effects(database) == [("O1", 1)]
    assert [count(database, table) for table in ("outbox", "audit_row", "deadline")] == [1, 1, 1]
    with database.connect() as connection:
        [event] = recorded_events(connection, catalog)
    assert (event.type, event.key, event.message.step) == ("workshop.order_stepped", "O1", 1)


@pytest.mark.spec("P3.2")
def test_however_many_events_one_transaction_records_all_wait_in_their_order(
    database: Database, uow: UnitOfWork, catalog: EventCatalog
) -> None:
    steps = range(1, 4_502)
    record_steps(uow, "A", *steps)
    with database.read() as connection:
        assert [each.message.step for each in recorded_events(connection, catalog)] == list(steps)


@pytest.mark.spec("P6.1")
def test_an_event_counts_when_it_has_committed_and_never_before(uow: UnitOfWork) -> None:
    def counted() -> float:
        labels = {"type": "workshop.order_stepped"}
        return metrics.registry.get_sample_value("closeloop_events_total", labels) or 0

    before = counted()
    with uow.begin(ME) as tx:
        tx.record(OrderStepped("O1", 1))
    assert counted() == before
    with uow.begin(ME) as tx:
        tx.record(OrderStepped("O1", 1))
        tx.record(OrderStepped("O1", 2))
        tx.commit()
        tx.commit()
    assert counted() == before + 2


@pytest.mark.spec("P6.1", "P9.1")
def test_an_error_of_the_database_does_not_tell_what_the_statement_was_given(uow: UnitOfWork) -> None:
    with uow.read(ME) as tx, pytest.raises(DBAPIError) as failure:
        tx.execute(text("SELECT CAST(:name AS text), 1 / :nothing"), {"name": "欧阳测测", "nothing": 0})
    assert "division by zero" in str(failure.value)
    assert "欧阳测测" not in str(failure.value)


def test_without_commit_nothing_stays(database: Database, uow: UnitOfWork) -> None:
    with uow.begin(ME) as tx:
        write_effect(tx, "O1", 1)
        tx.record(OrderStepped("O1", 1))
        tx.audit(action="order.step", entity="order", entity_id="O1")
    assert [count(database, table) for table in ("effect", "outbox", "audit_row")] == [0, 0, 0]


def test_an_event_that_does_not_fit_is_refused_before_the_commit(database: Database, uow: UnitOfWork) -> None:
    with uow.begin(ME) as tx:
        write_effect(tx, "O1", 1)
        tx.record(OrderStepped("O1", 1))
        with pytest.raises(DoesNotFit):
            tx.record(OrderStepped("", 2))
    assert count(database, "effect") == count(database, "outbox") == 0


def test_a_failed_savepoint_takes_its_rows_and_events_along(
    database: Database, uow: UnitOfWork, catalog: EventCatalog
) -> None:
    with uow.begin(ME) as tx:
        tx.record(OrderStepped("O1", 1))
        with pytest.raises(ZeroDivisionError):
            step_in_vain(tx)
        with tx.savepoint():
            write_effect(tx, "O1", 3)
            tx.record(OrderStepped("O1", 3))
        tx.commit()
    assert effects(database) == [("O1", 3)]
    with database.connect() as connection:
        assert [event.message.step for event in recorded_events(connection, catalog)] == [1, 3]


def step_in_vain(tx: Transaction) -> None:
    with tx.savepoint():
        write_effect(tx, "O1", 2)
        tx.record(OrderStepped("O1", 2))
        raise ZeroDivisionError


def test_events_of_one_request_share_a_chain_and_name_their_cause(
    database: Database, uow: UnitOfWork, catalog: EventCatalog
) -> None:
    with uow.begin(ME, cause=Cause("event-1", "chain-1")) as tx:
        tx.record(OrderStepped("O1", 1))
        with tx.caused_by(Cause("event-2", "chain-2"), "event:x"):
            tx.record(WorkerMoved("W1", "north"))
        tx.commit()
    with database.connect() as connection:
        first, second = recorded_events(connection, catalog)
    assert (first.causation_id, first.correlation_id) == ("event-1", "chain-1")
    assert (second.causation_id, second.correlation_id) == ("event-2", "chain-2")


def test_time_stands_still_inside_a_transaction(uow: UnitOfWork, clock: FixedClock, catalog: EventCatalog) -> None:
    with uow.begin(ME) as tx:
        began = clock.now()
        clock.advance(timedelta(hours=1))
        tx.record(OrderStepped("O1", 1))
        assert tx.now == began
        tx.commit()
    with uow.read(ME) as tx:
        assert recorded_events(tx.conn, catalog)[0].time == began


def test_a_read_refuses_to_write_and_leaves_the_connection_as_it_was(database: Database, uow: UnitOfWork) -> None:
    with uow.read(ME) as tx, pytest.raises(DBAPIError, match="read-only"):
        write_effect(tx, "O1", 1)
    record_steps(uow, "O1", 1)
    assert count(database, "outbox") == 1


def test_a_read_holds_no_transaction_while_it_thinks(database: Database, uow: UnitOfWork) -> None:
    state = text("SELECT state FROM pg_stat_activity WHERE pid = :pid")
    with uow.read(ME) as tx, database.read() as other:
        pid = tx.execute(text("SELECT pg_backend_pid()")).scalar_one()
        assert other.scalar(state, {"pid": pid}) == "idle"
        record_steps(uow, "O1", 1)
        assert tx.execute(text("SELECT count(*) FROM outbox")).scalar_one() == 1


def test_all_events_of_an_aggregate_share_a_bucket(database: Database, uow: UnitOfWork) -> None:
    record_steps(uow, "O1", 1, 2, 3)
    with database.connect() as connection:
        assert set(connection.scalars(text("SELECT bucket FROM outbox"))) == {bucket_of("O1")}
    assert {bucket_of(f"O{n}") for n in range(1000)} == set(range(16))


@pytest.mark.spec("P7.1")
@pytest.mark.parametrize(("point", "rows"), [("before-commit", 0), ("after-commit-before-publish", 1)])
def test_a_process_killed_at_a_fault_point_leaves_all_or_nothing(
    database: Database, contracts: object, point: str, rows: int
) -> None:
    script = """
        import sys
        sys.path[:0] = [sys.argv[2], "."]
        import workshop_pb2
        from chassis import faults
        from chassis.clock import SystemClock
        from chassis.database import Database
        from chassis.events import EventCatalog
        from chassis.unit_of_work import UnitOfWork
        from libs.chassis.tests.data.workshop import record_steps
        faults.arm_from_environment()
        uow = UnitOfWork(Database(sys.argv[1]), SystemClock(), EventCatalog.of(workshop_pb2), service="workshop")
        record_steps(uow, "O1", 1)
        print("survived")
    """
    folder = str(Path(str(getattr(contracts, "__file__", ""))).parent)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), database.url, folder],
        env=os.environ | {"CLOSELOOP_MODE": "local", "CLOSELOOP_FAULT": point},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, ""), done.stderr
    assert count(database, "outbox") == rows
