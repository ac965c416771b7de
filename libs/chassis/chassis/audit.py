"""Who did what, from what to what, why and from where.

Guarantee: the row is written in the transaction of the change, so there is no change without it and no row without the
change. Rows are never updated or deleted; `chassis.audit_sealer` chains them, `chassis.audit_verify` checks the chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Protocol

from sqlalchemy import Connection, text

from chassis import rows, telemetry
from chassis.kernel.ids import new_id
from chassis.schema import audit_row

_COLUMNS = ("id", "at", "actor", "action", "entity", "entity_id", "before", "after", "why", "source", "trace_id")
# Built once: every change of every service runs it, and building it costs more than running it.
_APPEND = text(f"""
    WITH appended AS ({rows.insertion(audit_row, _COLUMNS)} RETURNING id)
    INSERT INTO audit_unsealed (row_id) SELECT id FROM appended
""")  # noqa: S608 - fixed column names


@dataclass(frozen=True)
class Entry:
    """What one row says beside who and when. `trace_id`: of its own, where many stories share a transaction."""

    action: str
    entity: str
    entity_id: str
    before: object = None
    after: object = None
    why: str = ""
    trace_id: str = ""


class Actor(Protocol):
    @property
    def subject(self) -> str: ...


class AuditedTransaction(Protocol):
    """What of a transaction goes into the row."""

    @property
    def conn(self) -> Connection: ...
    @property
    def now(self) -> datetime: ...
    @property
    def identity(self) -> Actor: ...


def append(
    tx: AuditedTransaction,
    *,
    action: str,
    entity: str,
    entity_id: str,
    before: object = None,
    after: object = None,
    why: str = "",
    source: str = "",
) -> str:
    """Writes one row and answers its id.

    `action` is "lead.assign"; `before` and `after` hold what the change touched, as plain values or dataclasses;
    `source` is the RPC, event or job that asked for it.
    """
    row = _row(tx, Entry(action, entity, entity_id, before, after, why), source)
    tx.conn.execute(_APPEND, {"rows": rows.document([row])})
    return str(row["id"])


def append_all(tx: AuditedTransaction, entries: Iterable[Entry], source: str = "") -> None:
    """Many rows in one statement, for work that changes thousands of entities in a transaction."""
    made = [_row(tx, each, source) for each in entries]
    if made:
        tx.conn.execute(_APPEND, {"rows": rows.document(made)})


def _row(tx: AuditedTransaction, entry: Entry, source: str) -> dict[str, object]:
    return {
        "id": new_id(),
        "at": tx.now,
        "actor": tx.identity.subject,
        "action": entry.action,
        "entity": entry.entity,
        "entity_id": entry.entity_id,
        "before": plain(entry.before),
        "after": plain(entry.after),
        "why": entry.why,
        "source": source,
        "trace_id": entry.trace_id or telemetry.trace_id(),
    }


def plain(value: object) -> object:
    """The value as JSON can hold it: exact amounts as text, instants in ISO 8601, sets sorted."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return plain(value.value)
        case str():
            return value
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal() | timedelta():
            return str(value)
        case Mapping():
            return {str(plain(key)): plain(each) for key, each in value.items()}
        case Set():
            return sorted((plain(each) for each in value), key=str)
        case list() | tuple():
            return [plain(each) for each in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"an audit row can't hold {type(value).__name__}")
