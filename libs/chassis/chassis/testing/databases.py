"""Fresh databases for tests, cloned from a template that the real migrations made once."""

from __future__ import annotations

from itertools import count
from pathlib import Path

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


class TestDatabases:
    """Hands out databases by service name; each is an own clone of the migrated template."""

    __test__ = False

    def __init__(self, server: LocalPostgres, services: Path) -> None:
        self._server = server
        self._services = services
        self._templates: dict[tuple[str, Path | None], str] = {}
        self._numbers = count(1)

    def fresh(self, service: str, migrations: Path | None = None) -> Database:
        """`migrations` defaults to services/<service>/migrations; without that folder: the chassis tables alone."""
        folder = migrations or self._folder_of(service)
        template = self._template(service, folder)
        name = f"{service}_{next(self._numbers)}"
        return Database(create_service_database(self._server, name, template=template, role=service))

    def drop(self, database: Database) -> None:
        database.close()
        drop_service_database(self._server, str(driver_url(database.url).database))

    def _folder_of(self, service: str) -> Path | None:
        folder = self._services / service / "migrations"
        return folder if folder.is_dir() else None

    def _template(self, service: str, folder: Path | None) -> str:
        name = self._templates.get((service, folder))
        if name is None:
            name = f"{service}_template_{len(self._templates)}"
            _build(create_service_database(self._server, name, role=service), folder)
            self._settle(name)
            self._templates[(service, folder)] = name
        return name

    def _settle(self, template: str) -> None:
        """A template must have no connection while it is cloned."""
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(template))
            connection.execute(statement)


def _build(url: str, folder: Path | None) -> None:
    if folder is not None:
        migrate(url, folder)
        return
    engine = create_engine(driver_url(url))
    with engine.begin() as connection:
        schema.create_v1(Operations(MigrationContext.configure(connection)))
    engine.dispose()
