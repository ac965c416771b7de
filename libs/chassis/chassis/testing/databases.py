"""Fresh databases for tests, cloned from a template that the real migrations made once.

Cloning and dropping is what costs, so a database that a test gives back is emptied and handed to the next one. One
whose schema is no longer the template's (a test migrated it, a relay made partitions) is dropped. Tables are emptied
by DELETE and VACUUM, which leave no page behind: TRUNCATE, which makes new files for a table and each of its indexes,
takes ten times as long, and tests fill few rows. With the database goes what SQLAlchemy has compiled for it.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import LiteralString

import psycopg
from alembic.migration import MigrationContext
from alembic.operations import Operations
from psycopg import sql
from sqlalchemy import create_engine

from chassis import schema
from chassis.database import Database, driver_url
from chassis.local import LocalPostgres, create_service_database
from chassis.local.databases import drop_service_database
from chassis.migrations import migrate

# Whatever makes two schemas differ: relations with their owners and rights, columns, indexes, triggers. Rights that
# were given and taken back are spelled out afterwards, and are what they were.
FINGERPRINT = """
SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
    SELECT format('%s %s %s %s', relname, relkind, relowner, coalesce(relacl, acldefault(
        CASE relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, relowner))) AS line FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('%s %s %s %s', attrelid::regclass, attname, atttypid, attnotnull) FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND attnum > 0
    UNION ALL
    SELECT format('%s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
) AS lines
"""
# What holds a page held a row, even if the test deleted it.
FILLED = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
    AND pg_relation_size(oid) > 0
"""
SEQUENCES = """
SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence
WHERE pg_sequence_last_value(seqrelid::regclass) IS NOT NULL
"""
# To the planner a table that is known to be empty is another one than a table it knows nothing of.
UNKNOWN = "SELECT pg_clear_relation_stats('public', relname) FROM unnest(%s::text[]) AS relname"
OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


class TestDatabases:
    """Hands out databases by service name, each as empty as the migrations left it."""

    __test__ = False

    def __init__(self, server: LocalPostgres, services: Path) -> None:
        self._server = server
        self._services = services
        self._templates: dict[tuple[str, Path | None], str] = {}
        self._schemas: dict[str, str] = {}
        self._used: dict[str, str] = {}
        self._spare: dict[str, list[Database]] = {}
        self._numbers = count(1)

    def fresh(self, service: str, migrations: Path | None = None) -> Database:
        """`migrations` defaults to services/<service>/migrations; without that folder: the chassis tables alone."""
        folder = migrations or self._folder_of(service)
        template = self._template(service, folder)
        spare = self._spare.setdefault(template, [])
        database = spare.pop() if spare else Database(self._clone(template, service))
        self._used[database.url] = template
        return database

    def drop(self, database: Database) -> None:
        """Give it back."""
        database.close()
        name = str(driver_url(database.url).database)
        template = self._used.pop(database.url)
        if self._emptied(name, self._schemas[template]):
            self._spare[template].append(database)
        else:
            drop_service_database(self._server, name)

    def _clone(self, template: str, service: str) -> str:
        name = f"{service}_{next(self._numbers)}"
        return create_service_database(self._server, name, template=template, role=service)

    def _emptied(self, name: str, schema: str) -> bool:
        """False when it can't be used again."""
        with self._connect(name) as connection:
            connection.execute(OTHERS, [name])
            if _value(connection, FINGERPRINT) != schema:
                return False
            filled = [row[0] for row in connection.execute(FILLED)]
            if filled:
                _empty(connection, filled)
            connection.execute(SEQUENCES)
        return True

    def _connect(self, name: str) -> psycopg.Connection:
        return psycopg.connect(self._server.url, dbname=name, autocommit=True)

    def _folder_of(self, service: str) -> Path | None:
        folder = self._services / service / "migrations"
        return folder if folder.is_dir() else None

    def _template(self, service: str, folder: Path | None) -> str:
        name = self._templates.get((service, folder))
        if name is None:
            name = f"{service}_template_{len(self._templates)}"
            _build(create_service_database(self._server, name, role=service), folder)
            with self._connect(name) as connection:
                self._schemas[name] = _value(connection, FINGERPRINT)
            self._settle(name)
            self._templates[(service, folder)] = name
        return name

    def _settle(self, template: str) -> None:
        """A template must have no connection while it is cloned."""
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(template))
            connection.execute(statement)


def _empty(connection: psycopg.Connection, filled: list[str]) -> None:
    tables = [sql.Identifier(each) for each in filled]
    together = sql.SQL(", ").join(tables)
    # Triggers that keep a ledger append-only are for services, not for cleaning up, and keys that refer to a table
    # refer to nothing: what refers to it is emptied too.
    connection.execute("SET session_replication_role = replica")
    with connection.transaction():
        connection.execute(sql.SQL("LOCK TABLE {}").format(together))
        connection.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(each) for each in tables))
    connection.execute(sql.SQL("VACUUM {}").format(together))
    connection.execute(UNKNOWN, [filled])


def _value(connection: psycopg.Connection, query: LiteralString) -> str:
    row = connection.execute(query).fetchone()
    return str(row[0] if row else "")


def _build(url: str, folder: Path | None) -> None:
    if folder is not None:
        migrate(url, folder)
        return
    engine = create_engine(driver_url(url))
    with engine.begin() as connection:
        schema.create_v1(Operations(MigrationContext.configure(connection)))
    engine.dispose()
