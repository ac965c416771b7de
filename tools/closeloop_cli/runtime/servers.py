"""PostgreSQL, Redis and broker: our own from the pip-installed binaries, or those that the environment names."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from chassis.local import LocalBroker, LocalKafka, LocalPostgres, LocalRedis, ServerFailed, create_service_database
from closeloop_cli.runtime.layout import SERVICES, CannotRun, Layout

NEEDED_BYTES = 600 * 1024**2


@dataclass(frozen=True)
class OutsidePostgres:
    """A server of the user's own: `url` is of a role that may create roles and databases."""

    url: str

    @property
    def password(self) -> str:
        """What the services' passwords are derived from."""
        return hashlib.sha256(self.url.encode()).hexdigest()

    def address(self, user: str, password: str, database: str) -> str:
        parts = urlsplit(self.url)
        place = f"{user}:{password}@{parts.hostname}:{parts.port or 5432}"
        return urlunsplit((parts.scheme, place, f"/{database}", parts.query, ""))


class Servers:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        ports = layout.ports
        own = LocalPostgres(layout.server("postgres"), ports["postgres"], detached=True, durable=False)
        self.postgres: LocalPostgres | OutsidePostgres = (
            OutsidePostgres(layout.database_url) if layout.database_url else own
        )
        self.redis = LocalRedis(layout.server("redis"), ports["redis"], detached=True)
        embedded = LocalBroker(layout.server("broker"), ports["broker"], detached=True)
        kafka = LocalKafka(layout.server("kafka"), ports["broker"], detached=True)
        self._brokers = (embedded, kafka)
        self.broker = kafka if layout.wants_kafka else embedded

    def start(self) -> None:
        """All at once. Raises CannotRun with one line."""
        check_disk(self._layout)
        with ThreadPoolExecutor() as pool:
            starting = [pool.submit(start) for start in self._starts()]
        try:
            for each in starting:
                each.result()
        except ServerFailed as failure:
            raise CannotRun(str(failure)) from failure

    def _starts(self) -> Iterator[Callable[[], object]]:
        if isinstance(self.postgres, LocalPostgres):
            yield self.postgres.start
        if self._layout.has_own_redis:
            yield self.redis.start
        if self._layout.has_own_broker:
            yield self._start_broker

    def stop(self) -> None:
        self.stop_broker()
        if self._layout.has_own_redis:
            self.redis.stop()
        if isinstance(self.postgres, LocalPostgres):
            self.postgres.stop()

    def stop_broker(self) -> None:
        """Whichever of them runs: who stops need not know which was wished for at the start."""
        if self._layout.has_own_broker:
            for each in self._brokers:
                each.stop()

    def empty_broker(self) -> None:
        """A broker without a past. One of the user's own is left alone."""
        if self._layout.has_own_broker:
            self.stop_broker()
            shutil.rmtree(self.broker.folder, ignore_errors=True)
            self.start()

    def _start_broker(self) -> None:
        for other in self._brokers:
            if other is not self.broker:
                other.stop()
        self.broker.start()

    def databases(self) -> dict[str, str]:
        """Service → URL of its own database, made when missing; nobody else's role can open it."""
        return {name: create_service_database(self.postgres, name) for name in SERVICES}

    def execute(self, *statements: sql.Composed | sql.SQL) -> None:
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def has_database(self, name: str) -> bool:
        with psycopg.connect(self.postgres.url) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        return found is not None


def check_disk(layout: Layout) -> None:
    layout.folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(layout.folder).free
    if free < NEEDED_BYTES:
        raise CannotRun(
            f"The disk of {layout.folder} has {free // 1024**2} MB free; {NEEDED_BYTES // 1024**2} MB are needed."
        )
