"""Who started an import hears how far it is (P1.7)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from leads.lead.events import ImportProgressed


def tell_progress(tx: Transaction, row: Row[Any]) -> None:
    tx.record(
        ImportProgressed(
            import_id=row.import_id,
            started_by=row.started_by,
            state=row.state,
            rows_read=row.rows_read,
            created=row.created,
            appended=row.appended,
            failed=row.failed,
            dry_run=row.dry_run,
            withdrawn=row.withdrawn,
            kept=row.kept,
        )
    )
