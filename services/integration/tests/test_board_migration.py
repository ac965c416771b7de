"""A database that had deliveries and invoices before it had the board shows their contracts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.migrations import downgrade, migrate
from integration.bootstrap import MIGRATIONS

BEFORE = """
INSERT INTO erp_delivery (delivery_id, order_id, contract_number, customer_code, delivered_on, amount_fen, state,
                          source_version, content_hash)
    VALUES ('D-1', 'SO-1', 'HT-1', 'C1', '2026-03-08', 1, 'delivered', 1, ''),
           ('D-2', 'SO-2', '', 'C1', '2026-03-08', 1, 'delivered', 1, '');
INSERT INTO erp_invoice (invoice_id, order_id, contract_number, customer_code, issued_on, amount_fen, kind, state,
                         source_version, content_hash)
    VALUES ('F-1', 'SO-1', 'HT-1', 'C1', '2026-03-08', 1, 'blue', 'issued', 1, ''),
           ('F-2', '', '', 'C1', '2026-03-08', 1, 'blue', 'issued', 1, '');
"""


@pytest.mark.spec("N5.1")
def test_papers_of_the_release_before_are_judged(service_database: Callable[[str], Database]) -> None:
    database = service_database("integration")
    downgrade(database.url, MIGRATIONS, "0014")
    with database.connect() as connection:
        connection.execute(text(BEFORE))
        connection.commit()
    migrate(database.url, MIGRATIONS)
    with database.connect() as connection:
        marked = connection.execute(text("SELECT thread FROM board_mark ORDER BY thread")).scalars().all()
    assert marked == ["HT-1", "SO-2", "customer:C1"]
