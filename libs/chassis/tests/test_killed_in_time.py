"""A process that is killed with -9 while a clock fires or a job runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from chassis.clock import FixedClock
from chassis.database import Database
from chassis.deadline_runner import DeadlineRunner, Together
from chassis.deadlines import Deadline, Start
from chassis.events import EventCatalog
from chassis.identity import of_service
from chassis.jobs import Job, JobRunner
from chassis.schema import audit_row, deadline, job
from chassis.unit_of_work import Transaction, UnitOfWork

ME = of_service("leads")
FIVE = timedelta(minutes=5)

# The victims: argv is the database's URL and the business time.
_SETUP = """
import os, signal, sys
from datetime import datetime, timedelta
from chassis import faults
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.deadline_runner import DeadlineRunner
from chassis.events import EventCatalog
from chassis.jobs import Job, JobRunner
from chassis.unit_of_work import UnitOfWork
faults.arm_from_environment()
clock = FixedClock(datetime.fromisoformat(sys.argv[2]))
database = Database(sys.argv[1])
"""
_FIRES = """
def remind(tx, due):
    tx.audit(action="lead.remind", entity="lead", entity_id=due.subject_id)
DeadlineRunner(UnitOfWork(database, clock, EventCatalog(()), "leads"), {"remind": remind}).turn()
"""
_FIRES_TOGETHER = """
from chassis.deadline_runner import Together
def remind(tx, due):
    for each in due:
        tx.audit(action="lead.remind", entity="lead", entity_id=each.subject_id)
DeadlineRunner(UnitOfWork(database, clock, EventCatalog(()), "leads"), {"remind": Together(remind)}).turn()
"""
_RUNS = """
runner = JobRunner(database, clock, [
    Job("feed", run=lambda app: os.kill(os.getpid(), signal.SIGKILL), every=timedelta(minutes=5)),
], None)
runner.register()
runner.turn()
"""


@pytest.fixture
def database(service_database: Callable[[str], Database]) -> Database:
    return service_database("killed")


def run_until_killed(script: str, database: Database, clock: FixedClock, fault: str = "") -> None:
    environment = {**os.environ, "CLOSELOOP_MODE": "local", "CLOSELOOP_FAULT": fault}
    command = [sys.executable, "-c", _SETUP + script, database.url, clock.now().isoformat()]
    killed = subprocess.run(command, env=environment, timeout=60, check=False, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr


def remind(tx: Transaction, due: Deadline) -> None:
    tx.audit(action="lead.remind", entity="lead", entity_id=due.subject_id)


@pytest.mark.spec("P7.1")
@pytest.mark.parametrize("fault", ["after-deadline-before-commit", "before-commit"])
def test_a_clock_whose_process_dies_before_the_commit_fires_once_elsewhere(
    database: Database, clock: FixedClock, fault: str
) -> None:
    uow = UnitOfWork(database, clock, EventCatalog(()), "leads")
    with uow.begin(ME) as tx:
        tx.deadlines.start("remind", "L1", clock.now())
        tx.commit()
    run_until_killed(_FIRES, database, clock, fault)
    survivor = DeadlineRunner(uow, {"remind": remind})
    while deadlines_pending(database):
        survivor.turn()
    assert survivor.turn() == 0
    with database.connect() as conn:
        assert conn.scalar(select(func.count()).select_from(audit_row)) == 1


@pytest.mark.spec("P7.1")
@pytest.mark.parametrize("fault", ["after-deadline-before-commit", "before-commit"])
def test_clocks_that_fire_together_all_fire_once_elsewhere_when_their_process_dies(
    database: Database, clock: FixedClock, fault: str
) -> None:
    uow = UnitOfWork(database, clock, EventCatalog(()), "leads")
    with uow.begin(ME) as tx:
        tx.deadlines.start_all([Start("remind", f"L{each}", clock.now()) for each in range(20)])
        tx.commit()
    run_until_killed(_FIRES_TOGETHER, database, clock, fault)
    with database.connect() as conn:
        assert conn.scalar(select(func.count()).select_from(audit_row)) == 0

    def remind_all(tx: Transaction, due: Sequence[Deadline]) -> None:
        for each in due:
            remind(tx, each)

    survivor = DeadlineRunner(uow, {"remind": Together(remind_all)})
    while deadlines_pending(database):
        survivor.turn()
    with database.connect() as conn:
        reminded = conn.execute(select(audit_row.c.entity_id)).scalars().all()
    assert sorted(reminded) == sorted(f"L{each}" for each in range(20))


def deadlines_pending(database: Database) -> bool:
    with database.connect() as conn:
        return bool(conn.scalar(select(func.count()).where(deadline.c.state == "pending")))


@pytest.mark.spec("P7.1")
def test_a_job_whose_process_dies_in_the_run_is_run_again_elsewhere(database: Database, clock: FixedClock) -> None:
    run_until_killed(_RUNS, database, clock)
    ran: list[str] = []
    survivor = JobRunner(database, clock, [Job("feed", run=lambda app: app.append("feed"), every=FIVE)], ran)
    while not ran:
        survivor.turn()
    with database.connect() as conn:
        assert conn.scalar(select(job.c.last_success_at)) == clock.now()
        assert conn.scalar(select(job.c.next_due)) == clock.now() + FIVE
