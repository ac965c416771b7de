"""Customers that an import created and nobody has touched since go; what it filled in elsewhere is emptied (LD1.6).

A customer that goes is kept as a row, found nowhere; neighbours hear that it has no owner and no number any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from chassis.audit import Entry
from chassis.unit_of_work import Transaction
from leads.customers import store as customers
from leads.customers.events import CustomerUpdated
from leads.customers.firm_store import keys_of, lock_firms
from leads.customers.rules import Customer
from leads.history_import import store
from leads.imports.history import TakenBack

_WHY = {
    "changed": ("Somebody has changed it.", "已有人修改。"),
    "merged": ("It was merged with another customer.", "已与其他客户合并。"),
    "graded": ("Somebody has graded it.", "已有人工定级。"),
    "contacts": ("It has contacts or papers.", "已有联系人或证照。"),
    "leads": ("It has leads.", "已有线索。"),
    "interactions": ("Something was said to it.", "已有互动记录。"),
    "purchases": ("It has orders.", "已有订单。"),
    "news": ("Something was heard of it from outside.", "已有外部动态。"),
    "branches": ("It has branches.", "已有下级客户。"),
}
# What nobody finds or owns any more.
_GONE = {"customer_code": None, "uscc": "", "phone": "", "name_key": "", "owner_id": "", "unit": ""}


def take_customers_back(tx: Transaction, row: Row[Any], most: int) -> TakenBack:
    met = store.next_created(tx, row.import_id, most)
    if not met:
        return TakenBack(undone=_empty(tx, row, most), more=store.has_filled(tx, row.import_id))
    # As whoever hangs an order or a lead on one of them: what is in before is seen, what comes after finds nobody.
    lock_firms(tx, keys_of(met))
    found = customers.lock_all(tx, [each.customer_id for each in met])
    touched = store.touched(tx, [each.customer_id for each in found])
    kept, free = {}, []
    for each in found:
        if why := touched.get(each.customer_id) or ("changed" if each.is_changed else ""):
            kept[each.customer_id] = (each.name, *_WHY[why])
        else:
            free.append(each)
    _withdraw(tx, free, row.revert_reason)
    return TakenBack(withdrawn=len(free), kept=kept, more=True)


def _withdraw(tx: Transaction, free: Sequence[Customer], reason: str) -> None:
    for gone in customers.save_all(tx, [(each, _GONE) for each in free]):
        tx.record(CustomerUpdated(gone.facts, gone.customer_id))
    store.withdraw(tx, [each.customer_id for each in free])
    tx.audit_all(
        Entry(
            "customer.withdraw",
            "customer",
            each.customer_id,
            before={field: getattr(each, field) for field in _GONE},
            why=reason,
        )
        for each in free
    )


def _empty(tx: Transaction, row: Row[Any], most: int) -> int:
    """Fields that still read as the import wrote them are empty again; how many customers.

    A customer that was merged since stays as it is: it is read with the other's.
    """
    filled = store.next_filled(tx, row.import_id, most)
    ids = [each.customer_id for each in filled]
    held = {each.customer_id: each for each in customers.lock_all(tx, ids) if each.merged_into is None}
    since = customers.fields_since_all(tx, ids)
    undone = [
        (held[each.customer_id], fields)
        for each in filled
        if each.customer_id in held and (fields := _unchanged(each, held[each.customer_id], since[each.customer_id]))
    ]
    for changed in customers.save_all(tx, undone):
        tx.record(CustomerUpdated(changed.facts, changed.customer_id))
    tx.audit_all(
        Entry(
            "customer.unfill",
            "customer",
            each.customer_id,
            before={field: getattr(each, field) for field in fields},
            after=fields,
            why=row.revert_reason,
        )
        for each, fields in undone
    )
    store.mark_undone(tx, row.import_id, ids)
    return len(undone)


def _unchanged(filled: Row[Any], held: Customer, since: Mapping[str, Row[Any]]) -> dict[str, str | None]:
    """Emptied: what still reads as it was filled in, and was not written again since."""
    return {
        field: None if field == "customer_code" else ""
        for field, value in filled.fields.items()
        if getattr(held, field) == value and field in since and since[field].version <= filled.version
    }
