"""An import is over: whoever started it hears how."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.errors import CloseloopError
from chassis.identity import of_service
from chassis.unit_of_work import Transaction, UnitOfWork
from leads.imports import store
from leads.imports.tell_progress import tell_progress
from leads.imports.try_rows import forget_rows


def finish(tx: Transaction, row: Row[Any], state: str, error: str = "") -> None:
    if row.dry_run:
        forget_rows(tx, row.import_id)
    tell_progress(tx, store.change(tx, row.import_id, state=state, finished_at=tx.now, error=error))


def fail(tx: Transaction, row: Row[Any], problem: CloseloopError) -> None:
    finish(tx, row, "failed", f"{problem.text_zh} / {problem.text_en}")


def give_up(uow: UnitOfWork, import_id: str, problem: CloseloopError) -> None:
    """The file itself can't be read on; rows taken in before stay."""
    with uow.begin(of_service(uow.service)) as tx:
        row = store.load(tx, import_id, lock=True)
        if row.state == "running":
            fail(tx, row, problem)
            tx.commit()
