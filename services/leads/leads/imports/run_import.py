"""Work off an import in chunks of 500 rows (LD1.1, P1.7).

Guarantee: a chunk's leads, its refused rows and the checkpoint are one transaction. A process that dies in the middle
of a chunk leaves the checkpoint before it, and whoever goes on reads from there: no row twice, none left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import OperationalError

from chassis import telemetry
from chassis.errors import InvalidInput, NotFound, Unavailable
from chassis.files import FileStore
from chassis.identity import of_service
from chassis.policy import Policies
from chassis.unit_of_work import Transaction, UnitOfWork
from leads.capture.policy import CapturePolicy
from leads.capture.rules import Outcome
from leads.capture.take_in import Source, take_in
from leads.imports import attempts, store
from leads.imports.end_import import finish, give_up
from leads.imports.history import HistoryKind, Taken
from leads.imports.open_table import open_table
from leads.imports.read_rows import Chunk, read_leads, read_rows, refusals
from leads.imports.revert_import import revert_chunk
from leads.imports.row_rules import LEADS
from leads.imports.table_rules import Table
from leads.imports.take_history import take_history
from leads.imports.tell_progress import tell_progress
from leads.imports.try_rows import Judged, try_rows

log = telemetry.logger()


@dataclass(frozen=True)
class Importer:
    """Wired once per process. Whoever gets the leads is the queue's business, behind the import (LD3.8)."""

    uow: UnitOfWork
    files: FileStore
    policies: Policies
    # By name; of leads there is no other than the one here.
    history: Mapping[str, HistoryKind] = field(default_factory=dict)


def run_imports(importer: Importer) -> int:
    """Works off all that run or are taken back, the oldest first; how many were worked on."""
    with importer.uow.read(of_service(importer.uow.service)) as tx:
        waiting = store.under_way(tx)
    for each in waiting:
        # History builds on history: contacts that were sent behind their customers find them there.
        with store.turn(importer.uow.database, "history" if each.kind in importer.history else each.import_id) as mine:
            if mine:
                _run_or_report(importer, each.import_id)
    return len(waiting)


def _run_or_report(importer: Importer, import_id: str) -> None:
    """One import that fails in a way nobody expected holds up no other; it is tried again at its checkpoint.

    What may pass by itself is tried for ever, anything else some times.
    """
    try:
        row = attempts.begin(importer.uow, import_id)
        if row is None:
            return
        if row.state == "reverting":
            while revert_chunk(importer.uow, import_id, importer.history):
                pass
        else:
            _read(importer, row)
    except (OperationalError, Unavailable):
        log.exception("import.failed", import_id=import_id)
        attempts.survived(importer.uow, import_id)
    except Exception as problem:
        log.exception("import.failed", import_id=import_id)
        attempts.failed(importer.uow, import_id, problem)


def _read(importer: Importer, row: Row[Any]) -> None:
    kind = importer.history.get(row.kind)
    form = kind.form if kind else LEADS
    try:
        with open_table(importer.files, row.file_id, row.mapping, row.rows_read, form) as table:
            while _chunk(importer, row, table):
                pass
    except (InvalidInput, NotFound) as problem:
        give_up(importer.uow, row.import_id, problem)


def _chunk(importer: Importer, started: Row[Any], table: Table) -> bool:
    """False when the import is over."""
    policy: CapturePolicy = importer.policies.current("capture")[1]
    chunk = _chunk_of(importer, started, table, policy.import_checkpoint_rows)
    with importer.uow.begin(of_service(importer.uow.service)) as tx:
        row = store.load(tx, started.import_id, lock=True)
        if row.state != "running":
            return False
        if row.cancel:
            finish(tx, row, "cancelled")
        elif chunk.rows:
            _take(importer, tx, row, chunk, table, policy)
        elif chunk.broken is None:
            finish(tx, row, "done")
        tx.commit()
    if chunk.broken is not None:
        raise chunk.broken
    return bool(chunk.rows) and not row.cancel


def _chunk_of(importer: Importer, started: Row[Any], table: Table, most: int) -> Chunk[Any]:
    kind, now = importer.history.get(started.kind), importer.uow.clock.now()
    if kind is None:
        return read_leads(table, most, started.channel)
    return read_rows(table, most, lambda cells: kind.read(cells, table.columns, table.width, now))


def _take(
    importer: Importer, tx: Transaction, row: Row[Any], chunk: Chunk[Any], table: Table, policy: CapturePolicy
) -> None:
    kind = importer.history.get(row.kind)
    if kind is None:
        taken = Taken((_try if row.dry_run else _take_in)(importer, tx, row, chunk, policy))
    else:
        taken = take_history(tx, kind, chunk.good, row)
    judged = taken.judged
    refused = [*chunk.refused, *refusals(table, chunk.rows, taken.refused)]
    store.add_errors(tx, [each | {"import_id": row.import_id} for each in refused])
    numbers = {each["row"] for each in refused}
    store.add_refused(tx, row.import_id, [each for each in chunk.rows if each[0] in numbers])
    store.add_rows(tx, [each.as_row(row.import_id) for each in judged if each.outcome != "created"])
    appended = sum(each.outcome == "appended" for each in judged)
    changed = store.change(
        tx,
        row.import_id,
        encoding=table.encoding,
        rows_read=chunk.last_row,
        headings=list(table.headings),
        **attempts.THROUGH,
        created=row.created + len(judged) - appended,
        appended=row.appended + appended,
        # Of a real import those are counted when its leads have been compared, after they came in.
        suggested=row.suggested + sum(each.outcome == "suggested" for each in judged),
        failed=row.failed + chunk.failed + len({number for number, _ in taken.refused}),
    )
    tell_progress(tx, changed)


def _try(importer: Importer, tx: Transaction, row: Row[Any], chunk: Chunk[Any], policy: CapturePolicy) -> list[Judged]:
    return try_rows(tx, row, chunk.good, policy, importer.policies.current("duplicates")[1])


def _take_in(
    importer: Importer, tx: Transaction, row: Row[Any], chunk: Chunk[Any], policy: CapturePolicy
) -> list[Judged]:
    source = Source(row.started_by, row.unit, row.import_id)
    arrivals = [arrival for _, arrival in chunk.good]
    taken = take_in(tx, arrivals, source, policy, importer.policies.current("grading")[1]) if arrivals else []
    return [
        Judged(number, "appended" if one.outcome is Outcome.APPENDED else "created", each.company_name, one.lead_id)
        for (number, each), one in zip(chunk.good, taken, strict=True)
    ]
