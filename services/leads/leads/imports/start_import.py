"""Imports: start, cancel, look at what was refused. The work itself is done by run_imports in the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select, tuple_

from chassis.errors import FailedPrecondition, InvalidInput, PermissionDenied, Violation
from chassis.files import FileStore
from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.capture.capture_lead import home_unit
from leads.imports import store
from leads.imports.remember_mapping import remember_mapping, remembered_mapping, source_of
from leads.imports.row_rules import LEADS, Form

_errors = tables.lead_import_error.c


# Customers and what is known of them are the company's, not a team's.
_MAY_BRING_HISTORY = frozenset({"hq", "ops"})


class HistoryNotYours(PermissionDenied):
    en = "History is brought along by headquarters or operations alone."
    zh = "历史数据只能由总部或运营导入。"


class ImportIsOver(FailedPrecondition):
    en = "The import is {state} already."
    zh = "导入任务已结束（{state}）。"


def start_import(
    tx: Transaction,
    files: FileStore,
    file_id: str,
    channel: str,
    mapping: Mapping[str, str],
    *,
    dry_run: bool = False,
    form: Form = LEADS,
) -> Row[Any]:
    """Without a mapping the columns are read as the last time (LD1.6).

    Raises NoSuchFile, InvalidInput for a mapping to a field there is not, HistoryNotYours.
    """
    if form is not LEADS and not _MAY_BRING_HISTORY & tx.identity.duties:
        raise HistoryNotYours
    check_mapping(mapping, form)
    files.describe(file_id)
    source = source_of(form, channel)
    remember_mapping(tx, source, mapping)
    import_id = new_id()
    store.add(
        tx,
        {
            "import_id": import_id,
            "state": "running",
            "file_id": file_id,
            "channel": channel,
            "mapping": dict(mapping) or remembered_mapping(tx, source),
            "kind": form.kind,
            "dry_run": dry_run,
            "started_by": tx.identity.subject,
            "unit": home_unit(tx.identity),
            "started_at": tx.now,
        },
    )
    after = {"file_id": file_id, "dry_run": dry_run, "kind": form.kind}
    tx.audit(action="lead_import.start", entity="lead_import", entity_id=import_id, after=after)
    return store.load(tx, import_id)


def check_mapping(mapping: Mapping[str, str], form: Form = LEADS) -> None:
    """Raises InvalidInput with each column that is mapped to a field there is not."""
    unknown = [
        Violation(f"mapping.{heading}", f"there is no field “{field}”.", f"没有字段“{field}”。")
        for heading, field in mapping.items()
        if field not in form.headings
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
