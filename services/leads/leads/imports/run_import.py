"""Work off an import in chunks of 500 rows (LD1.1, P1.7).

Guarantee: a chunk's leads, its refused rows and the checkpoint are one transaction. A process that dies in the middle
of a chunk leaves the checkpoint before it, and whoever goes on reads from there: no row twice, none left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Row

from chassis import telemetry
from chassis.errors import CloseloopError, InvalidInput, NotFound
from chassis.files import FileStore
from chassis.identity import of_service
from chassis.policy import Policies
from chassis.unit_of_work import Transaction, UnitOfWork
from leads.capture.policy import CapturePolicy
from leads.capture.rules import Clean, Outcome
from leads.capture.take_in import Source, take_in
from leads.grading.policy import GradingPolicy
from leads.imports import store
from leads.imports.read_csv import CsvBroken, Table, encoding_of, table_of
from leads.imports.row_rules import arrival_of
from leads.lead.events import ImportProgressed

log = telemetry.logger()
Numbered = tuple[int, list[str]]


@dataclass(frozen=True)
class Importer:
    """Wired once per process. Whoever gets the leads is the queue's business, behind the import (LD3.8)."""

    uow: UnitOfWork
    files: FileStore
    policies: Policies


def run_imports(importer: Importer) -> int:
    """Works off all that run, the oldest first; how many were worked on."""
    with importer.uow.read(of_service(importer.uow.service)) as tx:
        waiting = store.running(tx)
    for import_id in waiting:
        with store.turn(importer.uow.database, import_id) as mine:
            if mine:
                _run_or_report(importer, import_id)
    return len(waiting)


def _run_or_report(importer: Importer, import_id: str) -> None:
    """One import that fails in a way nobody expected holds up no other; it is tried again at its checkpoint."""
    try:
        _run(importer, import_id)
    except Exception:
        log.exception("import.failed", import_id=import_id)


def _run(importer: Importer, import_id: str) -> None:
    with importer.uow.read(of_service(importer.uow.service)) as tx:
        row = store.load(tx, import_id)
    try:
        with importer.files.open(row.file_id) as file:
            encoding = encoding_of(file)
            table = table_of(file, encoding, row.mapping, skip=row.rows_read)
            while _chunk(importer, import_id, table, encoding):
                pass
    except (InvalidInput, NotFound) as problem:
        _give_up(importer, import_id, problem)


def _chunk(importer: Importer, import_id: str, table: Table, encoding: str) -> bool:
    """False when the import is over."""
    capture: CapturePolicy = importer.policies.current("capture")[1]
    grading: GradingPolicy = importer.policies.current("grading")[1]
    rows, broken = _next_rows(table, capture.import_checkpoint_rows)
    with importer.uow.begin(of_service(importer.uow.service)) as tx:
        row = store.load(tx, import_id, lock=True)
        if row.state != "running":
            return False
        if row.cancel:
            _finish(tx, import_id, "cancelled")
        elif rows:
            _take_rows(tx, row, rows, table, encoding, capture, grading)
        elif broken is None:
            _finish(tx, import_id, "done")
        tx.commit()
    if broken is not None:
        raise broken
    return bool(rows) and not row.cancel


def _next_rows(table: Table, most: int) -> tuple[list[Numbered], CsvBroken | None]:
    """Rows before a place that can't be read still go in."""
    rows: list[Numbered] = []
    try:
        for each in islice(table.rows, most):
            rows.append(each)
    except CsvBroken as broken:
        return rows, broken
    return rows, None


def _take_rows(
    tx: Transaction,
    row: Row[Any],
    rows: list[Numbered],
    table: Table,
    encoding: str,
    capture: CapturePolicy,
    grading: GradingPolicy,
) -> None:
    good, errors = _read(rows, table, row.channel)
    source = Source(row.started_by, row.unit, row.import_id)
    taken = take_in(tx, good, source, capture, grading) if good else []
    store.add_errors(tx, [each | {"import_id": row.import_id} for each in errors])
    created = sum(each.outcome is Outcome.CREATED for each in taken)
    changed = store.change(
        tx,
        row.import_id,
        encoding=encoding,
        rows_read=rows[-1][0],
        created=row.created + created,
        appended=row.appended + len(taken) - created,
        failed=row.failed + len(rows) - len(good),
    )
    tx.record(_progress(changed))


def _read(rows: list[Numbered], table: Table, channel: str) -> tuple[list[Clean], list[dict[str, Any]]]:
    """Rows that can be taken in, and what is wrong with the others, field by field."""
    good: list[Clean] = []
    errors: dict[tuple[int, str], dict[str, Any]] = {}
    for number, cells in rows:
        try:
            good.append(arrival_of(cells, table.columns, table.width, channel))
        except InvalidInput as refused:
            for each in refused.violations:
                at = table.columns.get(each.field)
                value = cells[at][:200] if at is not None and at < len(cells) else ""
                errors[number, each.field] = {
                    "row": number,
                    "field": each.field,
                    "value": value,
                    "message": each.en,
                    "message_zh": each.zh,
                }
    return good, list(errors.values())


def _finish(tx: Transaction, import_id: str, state: str, error: str = "") -> None:
    tx.record(_progress(store.change(tx, import_id, state=state, finished_at=tx.now, error=error)))


def _give_up(importer: Importer, import_id: str, problem: CloseloopError) -> None:
    """The file itself can't be read on; rows taken in before stay."""
    with importer.uow.begin(of_service(importer.uow.service)) as tx:
        row = store.load(tx, import_id, lock=True)
        if row.state == "running":
            _finish(tx, import_id, "failed", f"{problem.text_zh} / {problem.text_en}")
            tx.commit()


def _progress(row: Row[Any]) -> ImportProgressed:
    return ImportProgressed(
        import_id=row.import_id,
        started_by=row.started_by,
        state=row.state,
        rows_read=row.rows_read,
        created=row.created,
        appended=row.appended,
        failed=row.failed,
    )
