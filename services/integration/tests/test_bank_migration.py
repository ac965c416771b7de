"""A database of the release before, with statements and entries of one format, goes on where it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.migrations import downgrade, migrate
from integration.bootstrap import MIGRATIONS

STATEMENT, ENTRY, RUN = (f"019cd000-0000-7000-8000-00000000000{number}" for number in (1, 2, 3))
BEFORE = f"""
INSERT INTO bank_account (account, proved_sequence) VALUES ('6222', 7);
INSERT INTO bank_statement (id, bank, account, sequence, opening_fen, closing_fen, until, run_id)
    VALUES ('{STATEMENT}', 'ICBC', '6222', 7, 0, -500, now(), '{RUN}');
INSERT INTO bank_entry (id, statement_id, bank, account, booked_on, serial, credit, reversal, amount_fen, content_hash,
                        state)
    VALUES ('{ENTRY}', '{STATEMENT}', 'ICBC', '6222', '2026-03-10', '0001', false, false, 500, '\\x01', 'none');
"""


@pytest.mark.spec("N1.3")
def test_entries_of_the_release_before_keep_their_place(service_database: Callable[[str], Database]) -> None:
    database = service_database("integration")
    downgrade(database.url, MIGRATIONS, "0003")
    with database.connect() as connection:
        connection.execute(text(BEFORE))
        connection.commit()
    migrate(database.url, MIGRATIONS)
    with database.connect() as connection:
        [chain] = connection.execute(text("SELECT account, format, proved_sequence FROM bank_chain"))
        [line] = connection.execute(text("SELECT serial, format, signed_fen, entry_id::text FROM bank_line"))
        [statement] = connection.execute(text("SELECT first_sequence, source_number, chained FROM bank_statement"))
    assert tuple(chain) == ("6222", "camt.053", 7)
    assert tuple(line) == ("0001", "camt.053", -500, ENTRY)
    assert tuple(statement) == (7, 7, True)
