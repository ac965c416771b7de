"""The depot as the tests see it: its processes, its database, what happened in it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text

from chassis.clock import Clock
from chassis.database import Database
from chassis.events import EventCatalog
from chassis.identity import Identity, of_service
from chassis.local import LocalBroker
from chassis.rpc.client import Channel
from chassis.testing.contracts import Contract
from chassis.testing.identity import Keys, as_rep
from chassis.unit_of_work import UnitOfWork
from tests.faults.depot_events import CrateStored
from tests.faults.programs import Program, clean_environment, module

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ME = of_service("depot")


@dataclass
class Depot:
    """One depot: a database, a broker, and as many processes as a test starts."""

    database: Database
    contract: Contract
    keys: Keys
    clock: Clock
    folder: Path
    env: dict[str, str]
    programs: list[Program] = field(default_factory=list)

    @property
    def uow(self) -> UnitOfWork:
        return UnitOfWork(self.database, self.clock, EventCatalog.of(self.contract.pb2), service="depot")

    def program(self, role: str, **settings: str) -> Program:
        log = self.folder / f"{role}-{len(self.programs)}.log"
        made = Program(module("tests.faults.depot_service", role), self.env | settings, log)
        self.programs.append(made)
        return made

    def channel(self, *programs: Program, as_: Identity | None = None, deadline: float = 10.0) -> Channel:
        """Over all of these replicas."""
        target = "ipv4:" + ",".join(f"127.0.0.1:{each.grpc_port}" for each in programs)
        return Channel(target, self.keys.of("gateway"), as_ or as_rep(), deadline=deadline)

    def stub(self, channel: Channel) -> Any:
        return self.contract.grpc.DepotServiceStub(channel)

    def crate(self, request_id: str, crate_id: str, pieces: int = 1, *, without_audit: bool = False) -> Any:
        return self.contract.pb2.StoreCrateRequest(
            request_id=request_id, crate_id=crate_id, pieces=pieces, without_audit=without_audit
        )

    # What is counted.
    def count(self, table: str) -> int:
        with self.database.connect() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

    def effects(self) -> dict[str, list[int]]:
        """Crate → steps, in the order in which they took effect."""
        found: dict[str, list[int]] = {}
        with self.database.connect() as connection:
            for row in connection.execute(text("SELECT crate_id, step FROM effect ORDER BY seq")):
                found.setdefault(row.crate_id, []).append(row.step)
        return found

    def processes_in(self, table: str) -> Counter[int]:
        """Process → rows that it wrote."""
        with self.database.connect() as connection:
            rows = connection.execute(text(f"SELECT process, count(*) AS n FROM {table} GROUP BY process"))
            return Counter({row.process: row.n for row in rows})

    def execute(self, statement: str, *rows: dict[str, Any]) -> None:
        with self.database.begin() as connection:
            connection.execute(text(statement), list(rows) or None)

    # What is done to it.
    def record(self, crates: Sequence[str], steps: Sequence[int]) -> None:
        """Events of a change that is done here: one transaction with these steps of each crate."""
        with self.uow.begin(ME) as tx:
            for step in steps:
                for crate in crates:
                    tx.record(CrateStored(crate, step))
            tx.commit()

    def end(self) -> None:
        for each in self.programs:
            each.end()


def depot_environment(contract: Contract, keys: Keys, database: Database, broker: LocalBroker) -> dict[str, str]:
    keys.of("depot")
    paths = [str(ROOT), str(contract.folder), os.environ.get("PYTHONPATH", "")]
    return clean_environment() | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "CLOSELOOP_SIGNING_KEY": str(keys.path("depot")),
        "CLOSELOOP_TRUST": str(keys.trust),
        "CLOSELOOP_KAFKA_BOOTSTRAP": broker.bootstrap,
        "CLOSELOOP_KAFKA_PROFILE": broker.profile,
        "CLOSELOOP_DATABASE_URL": database.url,
        "CLOSELOOP_LOG_LEVEL": "INFO",
    }


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Results of all, started together."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result() for each in [pool.submit(call) for call in calls]]
