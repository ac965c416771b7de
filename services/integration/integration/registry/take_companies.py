"""Keep what the company register answered about customers, and tell what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.feeds.rules import Outcome, Raw, Rejection, decoded, refusal
from integration.registry import store
from integration.registry.rules import (
    CompanyRecord,
    RegistryChanged,
    changes_between,
    company_of,
    is_the_customer,
    merged,
    updated_at,
)


def take_companies(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    """Each record names the customer and holds the answer, null when the register doesn't know the company."""
    outcome = Outcome(records=len(records))
    told = {str((decoded(raw) or {}).get("customer_id")): (raw, decoded(raw) or {}) for raw in records}
    watched = store.locked(tx, told)
    for customer_id, (raw, body) in told.items():
        row = watched.get(customer_id)
        if row is None:
            outcome.duplicates += 1
            continue
        store.note_asked(tx, customer_id, unknown=body["answer"] is None)
        _take(tx, row, raw, body["answer"], outcome)
    return outcome


def _take(tx: Transaction, row: Row[Any], raw: Raw, answer: Any, outcome: Outcome) -> None:
    if answer is None:
        outcome.duplicates += 1
        return
    try:
        record = CompanyRecord.model_validate(answer)
    except ValidationError as failure:
        outcome.rejections.append(refusal(raw, failure, row.customer_id))
        return
    if not is_the_customer(record, row.uscc, row.name):
        en, zh = f"the answer is about {record.name}", f"返回的是另一家企业：{record.name}"
        outcome.rejections.append(Rejection(raw, en, zh, "name", row.customer_id))
        return
    outcome.accepted.append(row.customer_id)
    _keep(tx, row, record, outcome)


def _keep(tx: Transaction, row: Row[Any], record: CompanyRecord, outcome: Outcome) -> None:
    """What is heard first is where changes are counted from; an answer older than the one held says nothing.

    Under another code the register tells of another company: its values are no changes of the one before.
    """
    company, at, held = company_of(record), updated_at(record), store.company(row)
    if held is None or row.registered_uscc != record.uscc:
        store.keep(tx, row.customer_id, company, record.uscc, at, row.version)
        outcome.new += 1
        return
    known = merged(held, company)
    if known == held or at < row.updated_at:
        outcome.duplicates += 1
        return
    changes = changes_between(held, known)
    version = row.version + bool(changes)
    store.keep(tx, row.customer_id, known, record.uscc, at, version)
    if changes:
        tx.record(RegistryChanged(row.customer_id, version, record.uscc, known.name, changes, at))
    outcome.corrected += 1
