"""What a measurement runs on: real servers and the product's processes, on free ports, in a folder that is gone after.

PostgreSQL writes to disk (fsync on), 128 MB shared buffers, else its defaults; the broker is the embedded one, or with
`CLOSELOOP_BROKER=kafka` Apache Kafka; each service is one process in all its roles with 8 threads, or with
`roles_apart` a process for each role, as the chart runs them. Business time is a Tuesday at ten, so that a measurement
on a Sunday finds people at work.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.cpu import Work
from chassis.bus import Bus, BusSettings
from chassis.clock import MovableClock
from chassis.database import Database
from chassis.events import EventCatalog
from chassis.identity import Identity
from chassis.local import LocalPostgres, LocalRedis, create_service_database, local_broker, temporary_folder
from chassis.local.ports import free_port
from chassis.local.server import LocalServer
from chassis.rpc.client import Channel
from chassis.testing.clock import TUESDAY_AT_TEN
from chassis.testing.identity import Keys
from chassis.unit_of_work import UnitOfWork
from tests.faults.programs import Program, clean_environment, wait_for

SERVICES = ("leads", "activity", "targets", "incentives", "forecast", "integration")
ROOT = Path(__file__).resolve().parents[1]
APART = "apart: a process for each role, as the chart runs them"
START = 180.0
ROLES = ("serve", "consume", "relay", "jobs")
# So that what one measurement may ask is bounded by the machine alone.
PLENTY = {f"CLOSELOOP_RATE_{what}": "10000000/minute" for what in ("PER_PERSON", "OF_SIGN_IN")}
# However this process dies, its programs end with it (where util-linux is at hand).
TIED = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


@dataclass
class Stand:
    folder: Path
    postgres: LocalPostgres
    broker: LocalServer
    redis: LocalRedis
    keys: Keys
    clock: MovableClock
    databases: dict[str, Database] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.broker.port}"

    @property
    def bus(self) -> Bus:
        return Bus(BusSettings(bootstrap=self.bootstrap, profile=_profile()))

    @property
    def gateway_port(self) -> int:
        return int(self.programs["gateway"].env["CLOSELOOP_GATEWAY_PORT"])

    def start(self, *services: str, gateway: bool = False, roles_apart: bool = False, **settings: str) -> None:
        """`settings`: for all of them, as `grpc_threads="16"`. The program of a service's name answers its calls."""
        env = {f"CLOSELOOP_{name.upper()}": value for name, value in settings.items()}
        for name in services:
            url = create_service_database(self.postgres, name)
            self.databases[name] = Database(url, pool_size=2, statement_seconds=120)
            own = env | {"CLOSELOOP_DATABASE_URL": url}
            if roles_apart:
                self._add_roles(name, own)
            else:
                self._add(name, name, "all", own)
        if gateway:
            self._add("gateway", "gateway", "serve", env | PLENTY | {"CLOSELOOP_GATEWAY_PORT": str(free_port())})
        nobody = free_port()
        ports = {each: self.programs[each].grpc_port if each in self.programs else nobody for each in SERVICES}
        peers = ",".join(f"{name}=127.0.0.1:{port}" for name, port in ports.items())
        for each in self.programs.values():
            each.start(CLOSELOOP_PEERS=peers)
        for name, each in self.programs.items():
            wait_for(partial(_is_ready, each), START, f"readiness of {name}")

    def channel(self, service: str, identity: Identity, deadline: float = 30.0) -> Channel:
        issuer = "gateway" if identity.kind == "person" else identity.name
        port = self.programs[service].grpc_port
        return Channel(f"127.0.0.1:{port}", self.keys.of(issuer), identity, deadline=deadline)

    def uow(self, service: str, catalog: EventCatalog) -> UnitOfWork:
        return UnitOfWork(self.databases[service], self.clock, catalog, service=service)

    def work(self) -> Work:
        """Of every process of the system, from now on."""
        pids = {name: each.pid for name, each in self.programs.items()}
        servers = {"postgres": self.postgres, "broker": self.broker, "redis": self.redis}
        return Work(pids | {name: each.process.pid for name, each in servers.items()})

    def _add_roles(self, service: str, env: dict[str, str]) -> None:
        """The role `all` alone migrates by itself; the others wait until somebody has."""
        for role in ROLES:
            self._add(service if role == "serve" else f"{service} {role}", service, role, env)
        peers = ",".join(f"{name}=127.0.0.1:1" for name in SERVICES)
        words = {**self.programs[service].env, "CLOSELOOP_PEERS": peers}
        subprocess.run([sys.executable, "-m", service, "migrate"], env=words, check=True, timeout=START)

    def _add(self, name: str, service: str, role: str, env: dict[str, str]) -> None:
        self.keys.of(service)
        common = clean_environment() | {
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "CLOSELOOP_TRUST": str(self.keys.trust),
            "CLOSELOOP_SIGNING_KEY": str(self.keys.path(service)),
            "CLOSELOOP_KAFKA_BOOTSTRAP": self.bootstrap,
            "CLOSELOOP_KAFKA_PROFILE": _profile(),
            "CLOSELOOP_REDIS_URL": self.redis.url,
            "CLOSELOOP_FILES_URL": (self.folder / "files").as_uri(),
            "CLOSELOOP_CLOCK_FILE": str(self.folder / "clock.json"),
            "CLOSELOOP_LOG_LEVEL": "WARNING",
        }
        argv = [*TIED, sys.executable, "-m", service, role]
        self.programs[name] = Program(argv, common | env, self.folder / f"{name.replace(' ', '-')}.log")


@contextmanager
def open_stand() -> Iterator[Stand]:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # told to end, it ends what it started
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder("closeloop-bench-"))
        postgres = stack.enter_context(LocalPostgres(folder / "postgres", ephemeral=True))
        broker = stack.enter_context(local_broker(folder / "broker", ephemeral=True))
        redis = stack.enter_context(LocalRedis(folder / "redis", ephemeral=True))
        own = folder / "own"
        (own / "files").mkdir(parents=True)
        clock = MovableClock(own / "clock.json", mode="local")
        clock.move_to(TUESDAY_AT_TEN)
        stand = Stand(own, postgres, broker, redis, Keys(own), clock)
        try:
            yield stand
        finally:
            _end(stand.programs.values())
            for database in stand.databases.values():
                database.close()


def _is_ready(program: Program) -> bool:
    return not program.not_ready()


def _end(programs: Collection[Program]) -> None:
    for each in programs:
        each.end()


def _profile() -> str:
    return "kafka" if os.environ.get("CLOSELOOP_BROKER") == "kafka" else "embedded"
