"""The service's own PostgreSQL database, by SQLAlchemy Core on psycopg 3.

Guarantee: a connection taken from here is in no transaction, speaks UTC, gives up a statement after
`statement_seconds`, a lock after `lock_seconds`, and waits at most two seconds for a free connection. The pool never
grows beyond `pool_size`: as many as there are threads that use it. Outside of a transaction the server refuses writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL


class DatabaseSettings(Protocol):
    """What `Database` needs of the settings."""

    @property
    def database_url(self) -> str: ...


class Database:
    """Connections are made at first use, so a service starts without its database and waits for it."""

    def __init__(
        self,
        settings: DatabaseSettings | str,
        *,
        pool_size: int = 8,
        statement_seconds: float = 30,
        lock_seconds: float = 10,
    ) -> None:
        self.url = settings if isinstance(settings, str) else settings.database_url
        self.engine = _engine(driver_url(self.url), pool_size, statement_seconds, lock_seconds)
        event.listen(self.engine, "connect", _write_in_transactions)
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A pooled connection; what is not committed is rolled back."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction, committed at the end of the block, rolled back on an exception."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """For statements that only read, each on its own: BEGIN and ROLLBACK around one would take twice its time, and
        after a rollback a session has to prepare its statements anew.

        Each sees what is committed when it begins, as in a transaction of PostgreSQL's usual level.
        """
        with self._reading.connect() as connection:
            yield connection

    def ping(self) -> None:
        """Raises when the database does not answer."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()


def _write_in_transactions(session: psycopg.Connection[Any], _: object) -> None:
    """Transactions begin with READ WRITE, without a round trip more; what runs outside of one stays read-only."""
    session.read_only = False


def driver_url(url: str) -> URL:
    """`postgresql://…` as users write it → the psycopg driver's URL."""
    return make_url(url).set(drivername="postgresql+psycopg")


def _engine(url: URL, pool_size: int, statement_seconds: float, lock_seconds: float) -> Engine:
    options = {
        "timezone": "UTC",
        "default_transaction_read_only": "on",
        "statement_timeout": round(statement_seconds * 1000),
        "lock_timeout": round(lock_seconds * 1000),
        "idle_in_transaction_session_timeout": 60_000,
        # Some sessions hold a lock for as long as they live, and idle for months. What a machine that vanished held
        # is free within about twenty seconds.
        "idle_session_timeout": 0,
        "tcp_keepalives_idle": 5,
        "tcp_keepalives_interval": 5,
        "tcp_keepalives_count": 3,
    }
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=2,
        # The one given back last knows the statements, in the driver and in the server; the others rest.
        pool_use_lifo=True,
        pool_pre_ping=False,
        # Errors are logged; what a statement was given is people's data.
        hide_parameters=True,
        connect_args={
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
            "connect_timeout": 5,
            # Statements come again and again: the second time they are prepared, not the sixth.
            "prepare_threshold": 1,
        },
    )
