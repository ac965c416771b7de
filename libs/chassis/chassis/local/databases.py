"""One database and one role per service; no role can open a neighbour's database."""

from __future__ import annotations

import hashlib
import hmac
from typing import Protocol

import psycopg
from psycopg import sql


class PostgresServer(Protocol):
    """A server that databases can be made on: `LocalPostgres`, or one of the user's own. `password`: a secret of it."""

    @property
    def url(self) -> str: ...

    @property
    def password(self) -> str: ...

    def address(self, user: str, password: str, database: str) -> str: ...


def create_service_database(server: PostgresServer, name: str, *, template: str | None = None, role: str = "") -> str:
    """URL of database `name`, made with its role when missing. Repeatable: the same call gives the same URL.

    `role` defaults to `name`; `template` clones a prepared database.
    """
    role = role or name
    password = _password(server, role)
    with psycopg.connect(server.url, autocommit=True) as connection:
        _ensure_role(connection, role, password)
        _ensure_database(connection, name, role, template)
        _close_to_others(connection, name)
    return server.address(role, password, name)


def drop_service_database(server: PostgresServer, name: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _password(server: PostgresServer, role: str) -> str:
    """Derived from the superuser's, so that a restart needs no list of passwords."""
    return hmac.new(server.password.encode(), role.encode(), hashlib.sha256).hexdigest()[:32]


def _ensure_role(connection: psycopg.Connection, role: str, password: str) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if exists else "CREATE"
    statement = sql.SQL(verb + " ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


def _ensure_database(connection: psycopg.Connection, name: str, role: str, template: str | None) -> None:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        return
    statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
    source = sql.Identifier(template or "template1")
    connection.execute(statement.format(sql.Identifier(name), sql.Identifier(role), source))


def _close_to_others(connection: psycopg.Connection, name: str) -> None:
    for database in (name, "postgres", "template1"):
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
