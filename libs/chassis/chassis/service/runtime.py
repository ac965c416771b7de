"""The wired parts of a process: what a service's bootstrap.py builds its use cases from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from chassis.bus import Bus, BusSettings
from chassis.clock import Clock, MovableClock, SystemClock
from chassis.config import ConfigError, Settings, load
from chassis.database import Database
from chassis.events import EventCatalog
from chassis.files import FileStore
from chassis.identity import Identity, Keyring, of_service
from chassis.policy import Policies, PolicySpec
from chassis.rpc.client import Channel, TokenSource
from chassis.unit_of_work import UnitOfWork

# Connections beside those of the RPC threads: consumer, clocks, sealer and readiness, four jobs at work with their
# locks, and the loops of a service's own, four at most.
FOR_LOOPS = 16


class Runtime:
    """Nothing here needs a neighbour, a broker or the database to be there yet: connections are made at first use.

    Raises ConfigError, a line for whatever is missing. Keywords replace parts, for tests.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        catalog: EventCatalog,
        policies: Sequence[PolicySpec[Any]] = (),
        *,
        clock: Clock | None = None,
        database: Database | None = None,
        keyring: Keyring | None = None,
    ) -> None:
        self.name = name
        self.settings = settings
        self.catalog = catalog
        self.identity = of_service(name)
        self.keyring = keyring or _keyring(name, settings)
        self.clock = clock or business_clock(settings)
        self.database = database or _database(settings)
        self.uow = UnitOfWork(self.database, self.clock, catalog, service=name)
        self.policies = Policies(self.database, policies, self.clock)
        self._channels: list[Channel] = []

    @cached_property
    def files(self) -> FileStore:
        self.settings.require("files_url")
        return FileStore(self.settings.files_url)

    @cached_property
    def bus(self) -> Bus:
        self.settings.require("kafka_bootstrap")
        return Bus(load(BusSettings, bootstrap=self.settings.kafka_bootstrap))

    def channel(self, peer: str, identity: Identity | TokenSource | None = None, *, deadline: float = 5.0) -> Channel:
        """To a neighbour by name. Without identity the service acts for itself. Raises ConfigError."""
        channel = Channel(self.settings.peer(peer), self.keyring, identity, deadline=deadline)
        self._channels.append(channel)
        return channel

    def close(self) -> None:
        for channel in self._channels:
            channel.close()
        self.policies.close()
        self.database.close()


def business_clock(settings: Settings) -> Clock:
    """The movable clock in local mode when a file is named, else the system's."""
    if settings.is_local and settings.clock_file is not None:
        return MovableClock(settings.clock_file, mode=settings.mode)
    return SystemClock()


def _keyring(name: str, settings: Settings) -> Keyring:
    key, trust = settings.signing_key, settings.trust
    if key is None or trust is None:
        raise ConfigError("CLOSELOOP_SIGNING_KEY and CLOSELOOP_TRUST must be set.")
    try:
        return Keyring.load(name, key, trust)
    except (OSError, ValueError) as failure:
        raise ConfigError(f"The keys of CLOSELOOP_SIGNING_KEY and CLOSELOOP_TRUST can't be used: {failure}.") from None


def _database(settings: Settings) -> Database:
    settings.require("database_url")
    return Database(settings, pool_size=settings.grpc_threads + FOR_LOOPS)
