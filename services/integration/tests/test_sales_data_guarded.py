"""Nobody but the service writes sales data, whatever was granted: a real client, logged in as somebody else (N6.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from chassis.local import LocalPostgres
from chassis.testing.rpc import Rpc
from integration.tables import bank_entry, receivable
from services.integration.tests.back_entry_desk import Desk
from services.integration.tests.conftest import World
from services.integration.tests.world import receivable as owed

GUARDED = (
    "bank_account", "bank_chain", "bank_statement", "bank_entry", "bank_line", "bank_draft", "claim", "known_payer",
    "erp_order", "receivable", "pos_sale", "back_entry", "erp_delivery", "erp_invoice", "erp_schedule", "erp_stock",
    "product", "promotion", "pos_customer", "pos_line", "pos_month", "outside_figure", "outside_row", "employee",
    "duty_grant", "api_key",
)  # fmt: skip
# How far the rights of the login go. The last two are what an audit finds: a right that was never taken back.
LOGINS = ("nothing", "read", "everything", "member")


@dataclass
class Login:
    """Somebody with a client and a password."""

    connection: psycopg.Connection
    rights: str


def granted(name: str, rights: str) -> list[sql.Composed]:
    role = sql.Identifier(name)
    schema = sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role)
    match rights:
        case "read":
            return [schema, sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(role)]
        case "everything":
            return [schema, sql.SQL("GRANT ALL ON ALL TABLES IN SCHEMA public TO {}").format(role)]
        case "member":
            return [sql.SQL("GRANT integration TO {}").format(role)]
    return []


@pytest.fixture(params=LOGINS)
def clerk(request: pytest.FixtureRequest, staffed: World, postgres: LocalPostgres) -> Iterator[Login]:
    """The regional clerk's own account, which somebody let into the database."""
    staffed.owe(owed("AR-1"))
    database = str(make_url(staffed.service.uow.database.url).database)
    name = f"clerk_{request.param}"
    with psycopg.connect(postgres.url, dbname=database, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'own-password'").format(sql.Identifier(name)))
        allow = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
        admin.execute(allow.format(sql.Identifier(database), sql.Identifier(name)))
        for statement in granted(name, request.param):
            admin.execute(statement)
        own = psycopg.connect(postgres.url, dbname=database, user=name, password="own-password", autocommit=True)
        yield Login(own, request.param)
        own.close()
        admin.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


ENTRY = (
    "INSERT INTO bank_entry (id, statement_id, bank, account, booked_on, serial, credit, reversal, amount_fen,"
    " content_hash, state) VALUES (gen_random_uuid(), gen_random_uuid(), 'x', '6222', '2026-02-09', '99', true, false,"
    " 127000000, '', 'waiting')"
)


@pytest.mark.spec("N6.1", "P9.1")
@pytest.mark.parametrize(
    "statement",
    [
        ENTRY,
        "UPDATE receivable SET claimed_fen = amount_fen",
        "UPDATE bank_entry SET amount_fen = amount_fen * 2",
        "DELETE FROM claim",
        "TRUNCATE erp_order",
        "UPDATE employee SET position = 'finance_supervisor'",
        "INSERT INTO back_entry OVERRIDING SYSTEM VALUE SELECT * FROM back_entry",
    ],
)
def test_a_login_of_somebody_else_writes_nothing(clerk: Login, world: World, statement: str) -> None:
    before = [world.rows(table) for table in (bank_entry, receivable)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        clerk.connection.execute(statement.encode())
    if clerk.rights == "member":
        clerk.connection.execute("SET ROLE integration")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is written by the service alone"):
            clerk.connection.execute(statement.encode())
    assert [world.rows(table) for table in (bank_entry, receivable)] == before


@pytest.mark.spec("N6.1")
def test_a_role_that_may_read_reads(clerk: Login) -> None:
    if clerk.rights == "nothing":
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            clerk.connection.execute("SELECT count(*) FROM receivable")
        return
    assert clerk.connection.execute("SELECT count(*) FROM receivable").fetchone() == (1,)


@pytest.mark.spec("N6.1")
def test_the_administrator_of_the_server_is_somebody_else_too(staffed: World, postgres: LocalPostgres) -> None:
    staffed.owe(owed("AR-1"))
    database = str(make_url(staffed.service.uow.database.url).database)
    with psycopg.connect(postgres.url, dbname=database, autocommit=True) as admin:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="receivable is written by the service alone"):
            admin.execute("UPDATE receivable SET amount_fen = 1")
        guards = admin.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'only_the_service_writes'"
        )
        assert {name for (name,) in guards} == set(GUARDED)


@pytest.mark.spec("N6.1")
def test_the_service_itself_is_not_held_up(staffed: World, rpc: Rpc) -> None:
    staffed.run("bank")
    assert Desk(staffed, rpc).posted().receipt_id
