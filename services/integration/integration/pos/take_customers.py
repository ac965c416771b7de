"""Keep sign-ups, and tell of each who agrees to be called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.unit_of_work import Transaction
from integration.erp.keep_records import Kind, keep_records
from integration.feeds.rules import Outcome, Raw
from integration.pos.customer_rules import PosCustomerRegistered, SignUpRecord, to_tell
from integration.tables import pos_customer


def take_customers(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    outcome, changes = keep_records(tx, records, KIND)
    for each in changes:
        if to_tell(each.record.consent, each.before.consent if each.before else None):
            said = {name: getattr(each.record, name) for name in PosCustomerRegistered.__dataclass_fields__}
            tx.record(PosCustomerRegistered(**said))
    return outcome


def _columns(record: SignUpRecord) -> dict[str, Any]:
    return record.model_dump(exclude={"source_version"})


KIND = Kind(pos_customer, SignUpRecord, "pos_customer_id", _columns)
