"""Leads in one process on a real PostgreSQL: a company of reps whose accounts are active, and what work there costs.

Figures are CPU, of this process and of PostgreSQL's backends, since a busy machine does not change them much.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from chassis.clock import FixedClock
from chassis.config import Mode
from chassis.database import Database
from chassis.identity import Identity, of_service
from chassis.local import LocalPostgres, create_service_database, temporary_folder
from chassis.local.databases import drop_service_database
from chassis.migrations import migrate
from chassis.service import Service
from chassis.testing.identity import Keys
from leads.app import App
from leads.assignment.probe_rules import Answer
from leads.bootstrap import MIGRATIONS, build
from leads.capture.capture_lead import capture_lead
from leads.capture.rules import Arrival
from leads.lead.rules import Qualification
from leads.roster import store as roster
from leads.roster.store import Employee
from leads.settings import LeadsSettings

NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
TEAMS, REPS_OF_A_TEAM = 20, 10
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class AlwaysActive:
    """Integration's directory, in memory."""

    clock: FixedClock

    def check_status(self, employee_ids: Sequence[str], timeout: float) -> Mapping[str, Answer]:
        return dict.fromkeys(employee_ids, Answer("active", self.clock.now()))


@dataclass
class Cost:
    """Seconds and statements of pieces of work."""

    own: float = 0.0
    postgres: float = 0.0
    wall: float = 0.0
    statements: int = 0

    @property
    def cpu(self) -> float:
        return self.own + self.postgres

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.own + other.own,
            self.postgres + other.postgres,
            self.wall + other.wall,
            self.statements + other.statements,
        )

    def told(self, count: int) -> str:
        """Each of `count` pieces."""
        own, postgres = self.own / count * 1000, self.postgres / count * 1000
        return (
            f"{own:.2f} CPU ms and {postgres:.2f} of PostgreSQL, {self.statements / count:.2f} statements, "
            f"{count / self.wall:.0f}/s"
        )


@dataclass
class SalesCompany:
    server: LocalPostgres
    service: Service
    clock: FixedClock

    @property
    def app(self) -> App:
        return self.service.app  # type: ignore[no-any-return]

    @property
    def database(self) -> Database:
        return self.service.runtime.database

    @property
    def identity(self) -> Identity:
        return of_service("leads")

    def capture(self, number: int) -> str:
        """A lead that nobody knows; every third of grade A."""
        known = Qualification(first_touch_due_hours=24, budget_confirmed=True, decision_chain=("总经理",))
        arrival = Arrival(
            company_name=f"杭州第{number}科技有限公司",
            channel="douyin",
            contact_name="王芳",
            phone=f"138{number:08d}",
            city="杭州市",
            qualification=known if number % 3 == 0 else Qualification(),
        )
        policies = self.service.runtime.policies
        with self.service.uow.begin(self.identity) as tx:
            taken = capture_lead(tx, arrival, policies.current("capture")[1], policies.current("grading")[1])
            tx.commit()
        return taken.lead_id

    def raced(self, work: Callable[[], int]) -> tuple[int, Cost, Cost]:
        """How many pieces `work` did, what that cost, and what the same statements cost when nobody makes them.

        They are sent again by bare psycopg, to a copy of the database as it was before.
        """
        # A database that somebody is connected to can't be copied.
        self.database.close()
        self.service.runtime.policies.close()
        copy = create_service_database(self.server, "copy", role="leads", template="leads")
        said: list[Said] = []
        ours, raw = Cost(), Cost()
        with _measured(self.server, ours), _recorded(self.database.engine, said):
            done = work()
        ours.statements = raw.statements = sum(each.statement != "" for each in said)
        with psycopg.connect(copy) as conn, _measured(self.server, raw):
            for each in said:
                each.again(conn)
        drop_service_database(self.server, "copy")
        return done, ours, raw


@dataclass(frozen=True)
class Said:
    """A statement as it went to the server; the empty one ends a transaction."""

    statement: str
    parameters: Any = None
    many: bool = False
    commits: bool = False

    def again(self, conn: psycopg.Connection) -> None:
        if not self.statement:
            conn.commit() if self.commits else conn.rollback()
        elif self.many:
            conn.cursor().executemany(self.statement, self.parameters)
        else:
            cursor = conn.execute(self.statement, self.parameters)
            if cursor.description:
                cursor.fetchall()


@contextmanager
def _recorded(engine: Engine, said: list[Said]) -> Iterator[None]:
    def executed(_: Any, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
        said.append(Said(statement, parameters, many))

    listeners: dict[str, Callable[..., Any]] = {
        "before_cursor_execute": executed,
        "commit": lambda _: said.append(Said("", commits=True)),
        "rollback": lambda _: said.append(Said("")),
    }
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)


@contextmanager
def _measured(server: LocalPostgres, cost: Cost) -> Iterator[None]:
    own, wall, postgres = time.process_time(), time.monotonic(), _backends(server)
    yield
    cost.own, cost.wall = time.process_time() - own, time.monotonic() - wall
    cost.postgres = sum(seconds - postgres.get(pid, 0) for pid, seconds in _backends(server).items())


def _backends(server: LocalPostgres) -> dict[int, float]:
    """CPU seconds of each backend that serves leads or the copy; they outlive what is measured."""
    with psycopg.connect(server.url) as conn:
        rows = conn.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'leads'").fetchall()
    return {pid: _seconds(pid) for (pid,) in rows}


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


@contextmanager
def open_company() -> Iterator[SalesCompany]:
    with (
        temporary_folder("closeloop-bench-") as folder,
        LocalPostgres(folder / "postgres", ephemeral=True) as server,
    ):
        url = create_service_database(server, "leads")
        migrate(url, MIGRATIONS)
        clock = FixedClock(NOW)
        settings = LeadsSettings(mode=Mode.LOCAL, files_url=str(folder / "files"))
        service = build(
            settings,
            clock=clock,
            database=Database(url),
            keyring=Keys(folder).of("leads"),
            directory=AlwaysActive(clock),
        )
        gc.freeze()  # as a service does at its start
        company = SalesCompany(server, service, clock)
        _hire(company)
        try:
            yield company
        finally:
            service.runtime.close()


def _hire(company: SalesCompany) -> None:
    with company.service.uow.begin(company.identity) as tx:
        roster.project(tx, [_employee(team, each) for team in range(TEAMS) for each in range(REPS_OF_A_TEAM)])
        tx.commit()


def _employee(team: int, number: int) -> Employee:
    return Employee(
        employee_id=f"E{team:02d}{number:03d}",
        version=1,
        name=f"员工{team}-{number}",
        status="active",
        unit=f"/HQ/EAST/T{team}/",
        unit_name=f"第{team}组",
        manager_id=f"M{team}",
        position="sales_rep",
        duties=("rep",),
        hired_on=date(2023, 1, 1),
        as_of=NOW,
    )
