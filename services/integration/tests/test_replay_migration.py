"""What waited in quarantine, and calls told, before the release that tells rows and words apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.migrations import downgrade, migrate
from integration.bootstrap import MIGRATIONS

BEFORE = """
INSERT INTO quarantine (id, feed, run_id, place, raw, at, state)
    SELECT gen_random_uuid(), feed, gen_random_uuid(), place, raw, now(), state FROM (VALUES
        ('erp_orders', 'a row', 'SO-1,C1', 'waiting'),
        ('erp_orders', 'a record', '{"OrderId": "SO-1"}', 'waiting'),
        ('erp_orders', 'a file', E'OrderId\\nSO-1\\n', 'waiting'),
        ('erp_orders', 'a row of old', 'SO-2,C1', 'superseded'),
        ('pos_sales', 'a torn line', 'S001,"R1', 'waiting'),
        ('bank', 'an entry', '<Document/>', 'waiting')
    ) AS told (feed, place, raw, state);
INSERT INTO phone_call (external_id, content_hash, transcribed, received_at)
    VALUES ('PBX-1', 'both', true, now()), ('PBX-2', 'facts', false, now());
"""


@pytest.mark.spec("N1.2", "N1.3")
def test_rows_and_words_of_the_release_before_are_told_apart(service_database: Callable[[str], Database]) -> None:
    database = service_database("integration")
    downgrade(database.url, MIGRATIONS, "0019")
    with database.connect() as connection:
        connection.execute(text(BEFORE))
        connection.commit()
    migrate(database.url, MIGRATIONS)
    with database.connect() as connection:
        rows = connection.execute(text("SELECT place FROM quarantine WHERE NOT alone ORDER BY place")).scalars().all()
        words = connection.execute(text("SELECT external_id, transcript_hash FROM phone_call ORDER BY 1")).all()
    assert rows == ["a row", "a torn line"]
    assert [(each.external_id, each.transcript_hash) for each in words] == [("PBX-1", b"both"), ("PBX-2", None)]
