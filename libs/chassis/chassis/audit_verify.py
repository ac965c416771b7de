"""Checks an audit chain and names what was done to it.

Against the chain alone, an edited, deleted or slipped-in row shows. Whoever recomputes the chain behind the edit, or
cuts its end off, is caught by the signed roots: without them only changes since the start of the chain's last
recomputation are visible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from chassis.audit_chain import COLUMNS, GENESIS, canonical, link
from chassis.audit_roots import SignedRoot
from chassis.schema import audit_row, audit_seal, audit_unsealed

_PAGE = 2000


class Tampering(StrEnum):
    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"


@dataclass(frozen=True)
class Finding:
    """`seq` is the link's number, 0 for a row outside the chain; `row_id` is empty where the row is unknown."""

    kind: Tampering
    seq: int
    row_id: str
    detail: str


def verify(conn: Connection, roots: Iterable[SignedRoot] = ()) -> list[Finding]:
    """All findings in the order of the chain, none when it is whole. Rows that still wait to be sealed are fine."""
    pinned = {root.seq: root for root in roots}
    return [*_along_the_chain(conn, pinned), *_outside_the_chain(conn)]


def _along_the_chain(conn: Connection, pinned: dict[int, SignedRoot]) -> Iterator[Finding]:
    expected, previous = 1, GENESIS
    for sealed in _links(conn):
        if sealed.seq > expected:
            yield _gap(expected, sealed.seq - 1)
        elif sealed.previous_hash != previous:
            yield Finding(Tampering.REWRITTEN, sealed.seq, sealed.row_id, "does not follow from the link before it")
        yield from _check(sealed)
        root = pinned.pop(sealed.seq, None)
        if root is not None and root.hash != sealed.hash:
            yield Finding(Tampering.REWRITTEN, sealed.seq, sealed.row_id, f"differs from the root of {_day(root)}")
        expected, previous = sealed.seq + 1, sealed.hash
    yield from _cut_off(expected, pinned)


def _check(sealed: Row[*tuple[Any, ...]]) -> Iterator[Finding]:
    if sealed.id is None:
        yield Finding(Tampering.DELETED, sealed.seq, sealed.row_id, "its link is there, the row is gone")
    elif link(sealed.previous_hash, canonical(sealed)) != sealed.hash:
        yield Finding(Tampering.EDITED, sealed.seq, sealed.row_id, f"{sealed.action} of {sealed.entity_id}")


def _gap(first: int, last: int) -> Finding:
    return Finding(Tampering.DELETED, first, "", f"links {first} to {last} are gone with their rows")


def _cut_off(expected: int, pinned: dict[int, SignedRoot]) -> Iterator[Finding]:
    beyond = [root for seq, root in pinned.items() if seq >= expected]
    if beyond:
        last = max(beyond, key=lambda root: root.seq)
        detail = f"links {expected} to {last.seq} are gone, signed on {_day(last)}"
        yield Finding(Tampering.TRUNCATED, expected, "", detail)


def _outside_the_chain(conn: Connection) -> Iterator[Finding]:
    chained = exists().where(audit_seal.c.row_id == audit_row.c.id)
    waiting = exists().where(audit_unsealed.c.row_id == audit_row.c.id)
    strangers = select(audit_row.c.id, audit_row.c.action, audit_row.c.entity_id).where(~chained, ~waiting)
    for row in conn.execute(strangers.order_by(audit_row.c.id)):
        yield Finding(Tampering.INSERTED, 0, row.id, f"{row.action} of {row.entity_id} was never chained")


def _links(conn: Connection) -> Iterator[Row[*tuple[Any, ...]]]:
    rows = (
        select(audit_seal.c.seq, audit_seal.c.row_id, audit_seal.c.previous_hash, audit_seal.c.hash, *COLUMNS)
        .select_from(audit_seal.outerjoin(audit_row, audit_row.c.id == audit_seal.c.row_id))
        .order_by(audit_seal.c.seq)
    )
    yield from conn.execute(rows, execution_options={"yield_per": _PAGE})


def _day(root: SignedRoot) -> str:
    return root.signed_at.date().isoformat()
