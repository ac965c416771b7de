"""Which background loops each role runs. `migrate` and `verify-audit` have none."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from threading import Event

from chassis.audit_roots import RootStore
from chassis.audit_sealer import AuditSealer
from chassis.bus import Bus
from chassis.consumer import Consumer, ConsumerSettings
from chassis.database import Database
from chassis.deadline_runner import DeadlineRunner
from chassis.jobs import JobRunner
from chassis.relay import Relay, RelaySettings
from chassis.service.service import Service
from chassis.service.supervisor import Loop


class Role(StrEnum):
    SERVE = "serve"
    CONSUME = "consume"
    RELAY = "relay"
    JOBS = "jobs"
    MIGRATE = "migrate"
    VERIFY_AUDIT = "verify-audit"
    ALL = "all"

    def includes(self, other: Role) -> bool:
        return self in (other, Role.ALL)


def loops(service: Service, role: Role, consumer: Consumer | None) -> list[Loop]:
    """`consumer` is made by the caller, who asks it later whether it has caught up."""
    found = list(service.beside_rpc) if role.includes(Role.SERVE) else []
    if consumer is not None:
        found.append(Loop("consumer", consumer.run))
    if role.includes(Role.RELAY):
        found.append(Loop("relay", _relay(service, woken=role is Role.ALL)))
    if role.includes(Role.JOBS):
        found += [Loop("sealer", _sealer(service).run), *_timed(service), *service.loops]
    return found


def consumer_of(service: Service, role: Role) -> Consumer | None:
    if not role.includes(Role.CONSUME) or not service.consumers:
        return None
    runtime = service.runtime
    settings = ConsumerSettings(pauses=runtime.settings.consumer_pauses, most=service.together, gather=service.gather)
    return Consumer(runtime.bus, runtime.uow, service.consumers, settings)


def _timed(service: Service) -> list[Loop]:
    runtime = service.runtime
    found = []
    if service.deadlines:
        found.append(Loop("deadlines", DeadlineRunner(runtime.uow, service.deadlines).run))
    if service.jobs:
        found.append(Loop("jobs", JobRunner(runtime.database, runtime.clock, service.jobs, service.app).run))
    return found


def _relay(service: Service, *, woken: bool) -> Callable[[Event], None]:
    """A new relay, with a connection of its own, for each start of the loop. `woken`: this process writes events."""
    bus: Bus = service.runtime.bus
    settings = RelaySettings(refill_when_broker_empty=bus.settings.profile == "embedded")
    wake = service.runtime.uow.recorded if woken else None

    def run(stop: Event) -> None:
        database = Database(service.runtime.database.url, pool_size=1)
        try:
            Relay(database, bus, topics=service.topics, settings=settings, wake=wake).run(stop)
        finally:
            database.close()

    return run


def _sealer(service: Service) -> AuditSealer:
    runtime = service.runtime
    url = runtime.settings.audit_roots_url
    return AuditSealer(runtime.database, service.name, runtime.keyring, RootStore(url) if url else None)
