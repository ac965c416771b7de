"""A changing request has its effect once, and a repeated one gets the first one's answer.

Guarantee: the key (caller, rpc, request id) is a row of the effect's own transaction. A twin that comes meanwhile waits
for the first to end: it then gets the answer, or does the work itself when the first was refused or died. Kept 7 days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.errors import LockNotAvailable, QueryCanceled
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from chassis.errors import FailedPrecondition, Unavailable
from chassis.schema import idempotency

if TYPE_CHECKING:
    from chassis.unit_of_work import Transaction


class RequestIdReused(FailedPrecondition):
    """The key belongs to a request with another body."""

    en = "This request id was already used for a different request."
    zh = "该请求编号已用于另一个不同的请求。"


class TwinStillRunning(Unavailable):
    """The same request is being worked on and takes longer than this one may wait. Safe to repeat."""

    en = "The same request is still being processed. Please try again shortly."
    zh = "相同的请求正在处理中，请稍后重试。"


def claim(tx: Transaction, caller: str, rpc: str, request_id: str, request_hash: bytes) -> bytes | None:
    """The stored answer of an earlier call, or None: then do the work and `remember` the answer.

    Raises RequestIdReused or TwinStillRunning.
    """
    key = {"caller": caller, "rpc": rpc, "request_id": request_id}
    attempt = insert(idempotency).values(**key, request_hash=request_hash).on_conflict_do_nothing()
    first = attempt.returning(idempotency.c.request_id)
    try:
        if tx.execute(first).first() is not None:
            return None
    except OperationalError as problem:
        if isinstance(problem.orig, LockNotAvailable | QueryCanceled):
            raise TwinStillRunning from problem
        raise
    return _stored(tx, key, request_hash)


def remember(tx: Transaction, caller: str, rpc: str, request_id: str, answer: bytes) -> None:
    """Keep the answer with the effect. Only after `claim` gave None in the same transaction."""
    table = idempotency.c
    mine = (table.caller == caller) & (table.rpc == rpc) & (table.request_id == request_id)
    tx.execute(update(idempotency).where(mine).values(answer=answer))


def _stored(tx: Transaction, key: dict[str, str], request_hash: bytes) -> bytes:
    row = tx.execute(select(idempotency.c.request_hash, idempotency.c.answer).filter_by(**key)).one()
    if bytes(row.request_hash) != request_hash:
        raise RequestIdReused
    return bytes(row.answer or b"")
