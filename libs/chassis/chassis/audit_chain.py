"""The chain over audit rows: each link hashes the link before it together with one row."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from chassis.schema import audit_row

GENESIS = bytes(32)
COLUMNS = (
    audit_row.c.id,
    audit_row.c.at,
    audit_row.c.actor,
    audit_row.c.action,
    audit_row.c.entity,
    audit_row.c.entity_id,
    audit_row.c.before,
    audit_row.c.after,
    audit_row.c.why,
    audit_row.c.source,
    audit_row.c.trace_id,
    audit_row.c.recorded_at,
)


def link(previous: bytes, content: bytes) -> bytes:
    return hashlib.sha256(previous + content).digest()


def canonical(row: Row[*tuple[Any, ...]]) -> bytes:
    """The row as the database gives it back, in one spelling."""
    values = [_spelt(row._mapping[column]) for column in COLUMNS]
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def vanished(row_id: str) -> bytes:
    """Stands for a row that was gone before it could be chained, so that its link gives the deletion away."""
    return f"vanished:{row_id}".encode()


def _spelt(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
