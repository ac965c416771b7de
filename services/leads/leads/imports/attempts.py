"""How often an import was begun on without getting further: what never works comes to an end (LD1.6).

Counted are errors nobody expected, and processes that were gone before a chunk was through: a file that is the death of
its process, by memory or otherwise, must not be that of every process after it. Each chunk that is through sets both
back.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import OperationalError

from chassis.errors import FailedPrecondition
from chassis.identity import of_service
from chassis.unit_of_work import UnitOfWork
from leads.imports import store
from leads.imports.end_import import fail

_MOST = 5
_AT_WORK = ("running", "reverting")
THROUGH = {"tries": 0, "starts": 0}


class ImportKills(FailedPrecondition):
    en = "{starts} times whoever worked on it was gone behind row {row} before another chunk was through."
    zh = "在第 {row} 行之后，处理进程已连续 {starts} 次中断且没有进展。"


class ImportBroke(FailedPrecondition):
    en = "It failed {tries} times behind row {row} ({kind}); the service's log says more."
    zh = "在第 {row} 行之后已失败 {tries} 次（{kind}），详见服务日志。"


def begin(uow: UnitOfWork, import_id: str) -> Row[Any] | None:
    """None when there is nothing to begin: it is over, or is so now."""
    with uow.begin(of_service(uow.service)) as tx:
        row = store.load(tx, import_id, lock=True)
        if row.state not in _AT_WORK:
            return None
        over = row.starts >= _MOST
        if over:
            fail(tx, row, ImportKills(starts=row.starts, row=row.rows_read))
        else:
            row = store.change(tx, import_id, starts=row.starts + 1)
        tx.commit()
    return None if over else row


def survived(uow: UnitOfWork, import_id: str) -> None:
    """It stopped, but by no fault of the file's. What can't be written now is set back by the next chunk."""
    with suppress(OperationalError), uow.begin(of_service(uow.service)) as tx:
        store.change(tx, import_id, starts=0)
        tx.commit()


def failed(uow: UnitOfWork, import_id: str, problem: Exception) -> None:
    with uow.begin(of_service(uow.service)) as tx:
        row = store.load(tx, import_id, lock=True)
        tries = row.tries + 1
        if row.state not in _AT_WORK:
            return
        if tries < _MOST:
            store.change(tx, import_id, tries=tries, starts=0)
        else:
            fail(tx, row, ImportBroke(tries=tries, row=row.rows_read, kind=type(problem).__name__))
        tx.commit()
