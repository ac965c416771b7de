"""A changing request has its effect once, and a repeated one gets the first one's answer.

Guarantee: the key (caller, rpc, request id) is a row of the effect's own transaction. A twin that comes meanwhile waits
for the first to end: it then gets the answer, or does the work itself when the first was refused or died. Kept 7 days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.errors import LockNotAvailable, QueryCanceled
from sqlalchemy import Row, text
from sqlalchemy.exc import OperationalError

from chassis.errors import FailedPrecondition, Unavailable

if TYPE_CHECKING:
    from chassis.unit_of_work import Transaction

_KEYS = "CAST(:callers AS text[]), CAST(:rpcs AS text[]), CAST(:ids AS text[])"
# In one order, so that two processes that claim the same keys wait for each other in one direction only.
_CLAIM = text(f"""
    INSERT INTO idempotency (caller, rpc, request_id, request_hash)
    SELECT * FROM unnest({_KEYS}, CAST(:hashes AS bytea[])) AS asked (caller, rpc, request_id, request_hash)
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING RETURNING caller, rpc, request_id
""")  # noqa: S608 - fixed names
_STORED = text(f"""
    SELECT caller, rpc, request_id, idempotency.request_hash, answer FROM idempotency
    JOIN unnest({_KEYS}) AS asked (caller, rpc, request_id) USING (caller, rpc, request_id)
""")  # noqa: S608 - fixed names
_REMEMBER = text(f"""
    UPDATE idempotency SET answer = asked.answer
    FROM unnest({_KEYS}, CAST(:answers AS bytea[])) AS asked (caller, rpc, request_id, answer)
    WHERE idempotency.caller = asked.caller AND idempotency.rpc = asked.rpc
        AND idempotency.request_id = asked.request_id
""")  # noqa: S608 - fixed names


class RequestIdReused(FailedPrecondition):
    """The key belongs to a request with another body."""

    en = "This request id was already used for a different request."
    zh = "该请求编号已用于另一个不同的请求。"


class TwinStillRunning(Unavailable):
    """The same request is being worked on and takes longer than this one may wait. Safe to repeat."""

    en = "The same request is still being processed. Please try again shortly."
    zh = "相同的请求正在处理中，请稍后重试。"


@dataclass(frozen=True)
class Claim:
    """The key of a changing request, and what it asks."""

    caller: str
    rpc: str
    request_id: str
    request_hash: bytes

    @property
    def key(self) -> tuple[str, str, str]:
        return self.caller, self.rpc, self.request_id


def claim(tx: Transaction, caller: str, rpc: str, request_id: str, request_hash: bytes) -> bytes | None:
    """The stored answer of an earlier call, or None: then do the work and `remember` the answer.

    Raises RequestIdReused or TwinStillRunning.
    """
    found = claim_all(tx, [Claim(caller, rpc, request_id, request_hash)])[0]
    if isinstance(found, RequestIdReused):
        raise found
    return found


def claim_all(tx: Transaction, claims: Sequence[Claim]) -> list[bytes | RequestIdReused | None]:
    """As `claim`, of several at once, in their order; of several with one key the first claims it.

    Raises TwinStillRunning.
    """
    asked = {each.key: each for each in reversed(claims)}
    try:
        first = {tuple(row) for row in tx.execute(_CLAIM, _columns(list(asked.values())))}
    except OperationalError as problem:
        if isinstance(problem.orig, LockNotAvailable | QueryCanceled):
            raise TwinStillRunning from problem
        raise
    known = [each for each in claims if each.key not in first]
    stored = {tuple(row[:3]): row for row in tx.execute(_STORED, _columns(known))} if known else {}
    return [None if each.key in first else _answer(each, stored[each.key]) for each in claims]


def remember(tx: Transaction, caller: str, rpc: str, request_id: str, answer: bytes) -> None:
    """Keep the answer with the effect. Only after `claim` gave None in the same transaction."""
    remember_all(tx, [(Claim(caller, rpc, request_id, b""), answer)])


def remember_all(tx: Transaction, answers: Sequence[tuple[Claim, bytes]]) -> None:
    if answers:
        columns = _columns([claim for claim, _ in answers])
        tx.execute(_REMEMBER, columns | {"answers": [answer for _, answer in answers]})


def _columns(claims: Sequence[Claim]) -> dict[str, list[Any]]:
    return {
        "callers": [each.caller for each in claims],
        "rpcs": [each.rpc for each in claims],
        "ids": [each.request_id for each in claims],
        "hashes": [each.request_hash for each in claims],
    }


def _answer(claim: Claim, row: Row[Any]) -> bytes | RequestIdReused:
    if bytes(row.request_hash) != claim.request_hash:
        return RequestIdReused()
    return bytes(row.answer or b"")
