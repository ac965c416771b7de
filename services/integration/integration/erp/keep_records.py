"""Keep a page of the ERP's records of one kind: the newest version counts, and a page taken twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Table

from chassis.unit_of_work import Transaction
from integration.erp import store
from integration.erp.record_rules import ErpRecord
from integration.feeds.rules import Outcome, Raw
from integration.feeds.version_rules import Arrival, compared, newest

R = TypeVar("R", bound=ErpRecord)


@dataclass(frozen=True)
class Kind(Generic[R]):
    """`key`: the record's field and the table's column of the same name. `columns`: a record's, without versions."""

    table: Table
    record: type[R]
    key: str
    columns: Callable[[R], dict[str, Any]]


@dataclass(frozen=True)
class Change(Generic[R]):
    """`before` is None for a new record. `version` is ours: it grows by one with each change."""

    record: R
    before: Row[Any] | None
    version: int


def keep_records(tx: Transaction, records: Sequence[Raw], kind: Kind[R]) -> tuple[Outcome, list[Change[R]]]:
    """What the page counted, and what is new or changed, for those who are told of it."""
    outcome = Outcome(records=len(records))
    told = newest(records, kind.record, kind.key, outcome)
    known = store.locked(tx, kind.table, kind.key, told)
    changes: list[Change[R]] = []
    rows: list[dict[str, Any]] = []
    raised: dict[str, int] = {}
    for key, record in told.items():
        row = known.get(key)
        what, content = compared(row, record)
        if what is Arrival.DUPLICATE:
            if row is not None and record.source_version > row.source_version:
                raised[key] = record.source_version
            continue
        outcome.new += what is Arrival.NEW
        outcome.corrected += what is Arrival.CORRECTED
        version = row.version + 1 if row else 1
        changes.append(Change(record, row, version))
        versions = {"version": version, "source_version": record.source_version, "content_hash": content}
        rows.append(kind.columns(record) | versions)
    store.save(tx, kind.table, kind.key, rows)
    store.raise_versions(tx, kind.table, kind.key, raised)
    outcome.duplicates = outcome.records - outcome.new - outcome.corrected - len(outcome.rejections)
    outcome.accepted = list(told)
    return outcome, changes
