from __future__ import annotations

from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from chassis import schema
from chassis.database import Database
from chassis.testing.databases import TestDatabases

FreshDatabase = Callable[..., Database]


def test_schema_on_the_server_is_the_schema_in_code(service_database: FreshDatabase) -> None:
    with service_database("alpha").connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_each_call_gives_an_empty_database_of_its_own(service_database: FreshDatabase) -> None:
    first, second = service_database("alpha"), service_database("alpha")
    with first.begin() as connection:
        connection.execute(text("INSERT INTO inbox (consumer, event_id) VALUES ('c', uuidv7())"))
    with second.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM inbox")) == 0


@pytest.mark.spec("P3.1")
def test_a_service_role_cannot_open_a_neighbours_database(service_database: FreshDatabase) -> None:
    alpha, beta = service_database("alpha"), service_database("beta")
    alpha.ping()
    stolen = alpha.url.rpartition("/")[0] + "/" + beta.url.rpartition("/")[2]
    with pytest.raises(OperationalError, match="permission denied for database"):
        Database(stolen).ping()


def test_what_is_not_committed_is_rolled_back(service_database: FreshDatabase) -> None:
    database = service_database("alpha")
    with database.connect() as connection:
        connection.execute(text("INSERT INTO inbox (consumer, event_id) VALUES ('c', uuidv7())"))
    with database.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM inbox")) == 0


def test_a_statement_that_runs_too_long_is_given_up(service_database: FreshDatabase) -> None:
    database = Database(service_database("alpha").url, statement_seconds=0.05)
    with database.connect() as connection, pytest.raises(OperationalError, match="statement timeout"):
        connection.execute(text("SELECT pg_sleep(5)"))
    database.close()


@pytest.mark.spec("P8.1")
def test_a_statement_that_comes_again_finds_itself_prepared(service_database: FreshDatabase) -> None:
    """Whoever asks next gets the session that was used last, and reading undoes nothing of what it knows."""
    database = service_database("alpha")
    with database.read(), database.read():
        pass  # two sessions from now on
    sessions = set()
    for _ in range(4):
        with database.read() as connection:
            sessions.add(connection.scalar(text("SELECT pg_backend_pid()")))
    with database.read() as connection:
        known = connection.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert len(sessions) == 1
    assert "SELECT pg_backend_pid()" in known


def test_a_database_that_was_given_back_comes_again_and_is_empty(test_databases: TestDatabases) -> None:
    first = test_databases.fresh("reused")
    with first.begin() as conn:
        conn.execute(text("INSERT INTO inbox (consumer, event_id) VALUES ('c', gen_random_uuid())"))
        conn.execute(
            text(
                "INSERT INTO outbox (id, bucket, aggregate_id, topic, type, headers, data, occurred_at)"
                " VALUES (gen_random_uuid(), 0, 'a', 't', 'x', '{}', '', now())"
            )
        )
    test_databases.drop(first)

    second = test_databases.fresh("reused")

    assert second.url == first.url
    with second.begin() as conn:
        assert conn.execute(text("SELECT count(*) FROM inbox")).scalar_one() == 0
        known = text("SELECT relpages, reltuples, pg_relation_size(oid) FROM pg_class WHERE relname = 'inbox'")
        assert tuple(conn.execute(known).one()) == (0, -1, 0), "to the planner it is a new table"
        seq = conn.execute(
            text(
                "INSERT INTO outbox (id, bucket, aggregate_id, topic, type, headers, data, occurred_at)"
                " VALUES (gen_random_uuid(), 0, 'a', 't', 'x', '{}', '', now()) RETURNING seq"
            )
        )
        assert seq.scalar_one() == 1
    test_databases.drop(second)


def test_a_database_whose_schema_was_changed_is_not_used_again(test_databases: TestDatabases) -> None:
    changed = test_databases.fresh("reused")
    with changed.begin() as conn:
        conn.execute(text("ALTER TABLE inbox ADD COLUMN scribble text"))
    test_databases.drop(changed)
    fresh = test_databases.fresh("reused")
    assert fresh.url != changed.url
    test_databases.drop(fresh)
