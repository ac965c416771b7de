"""One Alembic environment for every service.

Guarantee: replicas that migrate at once take turns (advisory lock); a migration gives up after `lock_seconds` of
waiting for a table or `STATEMENT_SECONDS` of work, and a failed one leaves nothing (one transaction).

A service's migrations/env.py is three lines:

    from chassis.migrations import run_env
    from leads.tables import metadata
    run_env(metadata)
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from alembic import command, context
from alembic.config import Config
from sqlalchemy import MetaData, NullPool, create_engine, text

from chassis import schema
from chassis.database import driver_url

LOCK_SECONDS = 5
STATEMENT_SECONDS = 120
_ONE_IN_A_PROCESS = Lock()  # Alembic keeps its context in a global
_TURN = 7_040_001  # advisory lock key, one per database


def migrate(
    database_url: str, folder: Path | str, revision: str = "head", *, lock_seconds: float = LOCK_SECONDS
) -> None:
    """Bring the database to `revision` with the scripts in `folder`."""
    config = alembic_config(database_url, folder)
    config.attributes["lock_seconds"] = lock_seconds
    with _ONE_IN_A_PROCESS:
        command.upgrade(config, revision)


def downgrade(database_url: str, folder: Path | str, revision: str) -> None:
    command.downgrade(alembic_config(database_url, folder), revision)


def check(database_url: str, folder: Path | str) -> None:
    """Raises `alembic.util.CommandError` when tables.py and the migrated database differ."""
    command.check(alembic_config(database_url, folder))


def alembic_config(database_url: str, folder: Path | str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["database_url"] = database_url
    return config


def run_env(*metadatas: MetaData) -> None:
    """Body of a service's env.py."""
    engine = create_engine(driver_url(context.config.attributes["database_url"]), poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=[schema.metadata, *metadatas],
            compare_type=True,
            include_name=_ours,
        )
        with context.begin_transaction():
            connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_TURN})"))
            lock_seconds = context.config.attributes.get("lock_seconds", LOCK_SECONDS)
            connection.execute(text(f"SET LOCAL lock_timeout = '{round(lock_seconds * 1000)}ms'"))
            context.run_migrations()
        connection.commit()


def _ours(name: str | None, kind: str, parents: object) -> bool:
    """Daily partitions come and go by the relay, not by migrations."""
    return not (kind == "table" and name is not None and name.startswith("outbox_sent_"))
