"""Imports: start, cancel, look at what was refused. The work itself is done by run_imports in the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select, tuple_

from chassis.errors import FailedPrecondition, InvalidInput, Violation
from chassis.files import FileStore
from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.capture.capture_lead import home_unit
from leads.imports import store
from leads.imports.remember_mapping import remember_mapping, remembered_mapping
from leads.imports.row_rules import HEADINGS

_errors = tables.lead_import_error.c


class ImportIsOver(FailedPrecondition):
    en = "The import is {state} already."
    zh = "导入任务已结束（{state}）。"


def start_import(
    tx: Transaction, files: FileStore, file_id: str, channel: str, mapping: Mapping[str, str], *, dry_run: bool = False
) -> Row[Any]:
    """Without a mapping the columns are read as the last time (LD1.6).

    Raises NoSuchFile, or InvalidInput for a mapping to a field that leads don't have.
    """
    check_mapping(mapping)
    files.describe(file_id)
    remember_mapping(tx, channel, mapping)
    import_id = new_id()
    store.add(
        tx,
        {
            "import_id": import_id,
            "state": "running",
            "file_id": file_id,
            "channel": channel,
            "mapping": dict(mapping) or remembered_mapping(tx, channel),
            "dry_run": dry_run,
            "started_by": tx.identity.subject,
            "unit": home_unit(tx.identity),
            "started_at": tx.now,
        },
    )
    after = {"file_id": file_id, "dry_run": dry_run}
    tx.audit(action="lead_import.start", entity="lead_import", entity_id=import_id, after=after)
    return store.load(tx, import_id)


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Raises InvalidInput with each column that is mapped to a field leads don't have."""
    unknown = [
        Violation(f"mapping.{heading}", f"there is no field “{field}”.", f"没有字段“{field}”。")
        for heading, field in mapping.items()
        if field not in HEADINGS
    ]
    if unknown:
        raise InvalidInput.of(*unknown)


def cancel_import(tx: Transaction, import_id: str) -> Row[Any]:
    """Stops after the chunk under way; rows taken in stay. Raises ImportNotFound or ImportIsOver."""
    row = store.load(tx, import_id, lock=True)
    if row.state != "running":
        raise ImportIsOver(state=row.state)
    tx.audit(action="lead_import.cancel", entity="lead_import", entity_id=import_id, after={"rows_read": row.rows_read})
    return store.change(tx, import_id, cancel=True)


def list_import_errors(tx: Transaction, import_id: str, page: Page) -> tuple[Sequence[Row[Any]], str]:
    store.load(tx, import_id)
    query = select(tables.lead_import_error).where(_errors.import_id == import_id)
    if page.after:
        query = query.where(tuple_(_errors.row, _errors.field) > (page.after["row"], page.after["field"]))
    rows = tx.execute(query.order_by(_errors.row, _errors.field).limit(page.limit)).all()
    return page.cut(rows, lambda row: {"row": row.row, "field": row.field})
