"""Gateways, integration and targets as processes of their own, on real servers: whatever is killed here really dies."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

import httpx

import integration.tables
from chassis.clock import SystemClock
from chassis.database import Database
from chassis.local import LocalBroker
from chassis.local.ports import free_port
from chassis.testing.identity import Keys
from chassis.unit_of_work import UnitOfWork
from integration.bootstrap import CATALOG
from tests.access.rows_table import Rows
from tests.faults.depot import ROOT
from tests.faults.programs import Program, clean_environment, module, wait_for

CONTEXTS = ("leads", "activity", "targets", "incentives", "forecast", "integration")
SESSION = "/api/v1/session"
# Seconds for six processes to start on a machine that does other things too.
START = 300.0
# Plenty, so that only what a test is about is refused.
RATES = ("PERSON", "SIGN_IN", "CALLBACKS")


@dataclass
class Replica:
    """One gateway, always at the same address."""

    program: Program
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def token(self, person: str) -> str:
        with httpx.Client(base_url=self.url, timeout=30, trust_env=False) as client:
            return str(client.post(SESSION, json={"employeeId": person}).raise_for_status().json()["token"])

    def client(self, person: str) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.token(person)}", "accept-language": "en"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def restart(self) -> None:
        """As a machine does that lost its power."""
        self.program.kill()
        self.program.start().wait_until_ready()


@dataclass
class System:
    folder: Path
    keys: Keys
    databases: dict[str, Database]
    broker: LocalBroker
    redis_url: str
    services: dict[str, Program] = field(default_factory=dict)
    replicas: list[Replica] = field(default_factory=list)

    @property
    def uow(self) -> UnitOfWork:
        return UnitOfWork(self.databases["integration"], SystemClock(), CATALOG, service="integration")

    def employ(self, *people: str, position: str = "sales_rep") -> None:
        with self.databases["integration"].begin() as connection:
            rows = Rows(connection, integration.tables.metadata)
            for each in people:
                rows.put_once("employee", employee_id=each, name=f"员工{each}", status="active", unit="/HQ/EAST/HZ1/",
                              position=position)  # fmt: skip

    def start_service(self, name: str) -> None:
        settings = {"CLOSELOOP_DATABASE_URL": self.databases[name].url}
        program = Program(module(name, "all"), self._environment(name) | settings, self.folder / f"{name}.log")
        self.services[name] = program.start()

    def restart_service(self, name: str) -> None:
        self.services[name].kill()
        self.services[name].start().wait_until_ready()

    def start_gateway(self, **settings: str) -> Replica:
        port, nobody = free_port(), free_port()
        peers = {name: self.services[name].grpc_port if name in self.services else nobody for name in CONTEXTS}
        env = self._environment("gateway") | {
            "CLOSELOOP_GATEWAY_PORT": str(port),
            "CLOSELOOP_PEERS": ",".join(f"{name}=127.0.0.1:{where}" for name, where in peers.items()),
            **{f"CLOSELOOP_RATE_{'OF_' if each != 'PERSON' else 'PER_'}{each}": "1000000/minute" for each in RATES},
            **{f"CLOSELOOP_{name.upper()}": value for name, value in settings.items()},
        }
        log = self.folder / f"gateway-{len(self.replicas)}.log"
        self.replicas.append(Replica(Program(module("gateway"), env, log).start(), port))
        return self.replicas[-1]

    def wait_until_ready(self) -> None:
        for each in (*self.services.values(), *(replica.program for replica in self.replicas)):
            wait_for(lambda program=each: not program.not_ready(), START, f"readiness of {each.log.stem}")

    def end(self) -> None:
        for each in (*(replica.program for replica in self.replicas), *self.services.values()):
            each.end()

    def _environment(self, issuer: str) -> dict[str, str]:
        self.keys.of(issuer)
        return clean_environment() | {
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "CLOSELOOP_TRUST": str(self.keys.trust),
            "CLOSELOOP_SIGNING_KEY": str(self.keys.path(issuer)),
            "CLOSELOOP_KAFKA_BOOTSTRAP": self.broker.bootstrap,
            "CLOSELOOP_KAFKA_PROFILE": "embedded",
            "CLOSELOOP_REDIS_URL": self.redis_url,
            "CLOSELOOP_FILES_URL": (self.folder / "files").as_uri(),
        }


def moments(seed: int, count: int, among: int) -> list[int]:
    """`count` numbers from 1 to below `among`, in order, the same for a seed."""
    return sorted(random.Random(seed).sample(range(1, among), count))
