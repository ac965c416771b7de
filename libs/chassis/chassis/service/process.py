"""One process in one role (or all of them), from start to drain."""

from __future__ import annotations

import time
from threading import Event

from alembic.util import CommandError
from sqlalchemy.exc import OperationalError

from chassis import faults, telemetry
from chassis.config import ConfigError
from chassis.metrics import metrics
from chassis.migrations import migrate
from chassis.rpc.server import Server, serve
from chassis.service.roles import Role, consumer_of, loops
from chassis.service.service import Service
from chassis.service.state import State
from chassis.service.supervisor import Supervisor
from chassis.side_port import LocalDoors, SidePort

RETRY = 1.0
log = telemetry.logger()


class Process:
    """Guarantee: any start order. Database, broker and neighbours may come later; until then `/readyz` says so."""

    def __init__(self, service: Service, role: Role) -> None:
        self._service = service
        self._role = role
        self._settings = service.runtime.settings
        consumer = consumer_of(service, role)
        self._supervisor = Supervisor(loops(service, role, consumer))
        self._state = State(service, self._supervisor, consumer)
        self._side: SidePort | None = None
        self._server: Server | None = None

    def run(self, stop: Event) -> None:
        """Until `stop`, then drain: running calls and loops get the drain time, nothing new is begun."""
        self._side = self._open_side_port()
        try:
            if self._role is Role.ALL and self._settings.migrate_at_start:
                migrate_when_possible(self._service, stop)
            self._start()
            stop.wait()
            log.info("service.draining", role=self._role)
        finally:
            self._stop()

    def _start(self) -> None:
        if self._role.includes(Role.SERVE):
            runtime = self._service.runtime
            self._server = serve(self._settings, self._service.servicers, runtime.keyring, name=runtime.name)
        self._supervisor.start()
        self._state.starting = False
        ports = {"grpc": self._server.port if self._server else None, "side": self._side.port if self._side else None}
        log.info("service.started", role=self._role, mode=self._settings.mode, **ports)

    def _stop(self) -> None:
        ends = time.monotonic() + self._settings.drain
        if self._server is not None:
            self._server.stop()
        self._supervisor.stop(max(1.0, ends - time.monotonic()))
        if self._side is not None:
            self._side.stop()
        self._service.runtime.close()
        log.info("service.stopped", role=self._role)

    def _open_side_port(self) -> SidePort:
        state, settings = self._state, self._settings
        local = LocalDoors(state.next_due, state.unsettled, faults.arm, state.next_dated) if settings.is_local else None
        return SidePort(settings.host, settings.side_port, metrics, state.not_ready, local)


def migrate_now(service: Service) -> None:
    """The role `migrate`. Raises ConfigError with one line when the database can't be reached or a script fails."""
    if service.migrations is None:
        return
    try:
        migrate(service.runtime.database.url, service.migrations)
    except OperationalError as failure:
        words = str(failure.orig).strip().splitlines()
        raise ConfigError(f"The database can't be migrated: {words[0] if words else 'no answer'}.") from failure
    except CommandError as failure:
        raise ConfigError(f"The database can't be migrated: {failure}.") from failure


def migrate_when_possible(service: Service, stop: Event) -> None:
    """Wait for the database as long as it takes. One line when the waiting begins."""
    told = False
    while not stop.is_set():
        try:
            migrate_now(service)
            return
        except ConfigError as failure:
            if not isinstance(failure.__cause__, OperationalError):
                raise
            if not told:
                log.warning("database.waiting", reason=str(failure))
            told = True
            stop.wait(RETRY)
