"""Customers that an import created and nobody has touched since go; what it filled in elsewhere is emptied (LD1.6).

A customer that goes is kept as a row, found nowhere; neighbours hear that it has no owner and no number any more.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.audit import Entry
from chassis.unit_of_work import Transaction
from leads.customers import store as customers
from leads.customers.events import CustomerUpdated
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
    found = store.lock_created(tx, row.import_id, most)
    if not found:
        return TakenBack(undone=_empty(tx, row, most), more=store.has_filled(tx, row.import_id))
    touched = store.touched(tx, [each.customer_id for each in found])
    kept = {}
    for each in found:
        if why := touched.get(each.customer_id) or ("changed" if each.is_changed else ""):
            kept[each.customer_id] = (each.name, *_WHY[why])
        else:
            _withdraw(tx, each, row.revert_reason)
    return TakenBack(withdrawn=len(found) - len(kept), kept=kept, more=True)


def _withdraw(tx: Transaction, customer: Customer, reason: str) -> None:
    gone = customers.save(tx, customer, **_GONE)
    store.withdraw(tx, customer.customer_id)
    tx.record(CustomerUpdated(gone.facts, gone.customer_id))
    before = {field: getattr(customer, field) for field in _GONE}
    tx.audit_all([Entry("customer.withdraw", "customer", customer.customer_id, before=before, why=reason)])


def _empty(tx: Transaction, row: Row[Any], most: int) -> int:
    """Fields that still read as the import wrote them are empty again; how many customers. A record that was merged
    since keeps them: it is given back as it was.
    """
    filled = store.next_filled(tx, row.import_id, most)
    undone = 0
    for each in filled:
        held = customers.load(tx, each.customer_id, lock=True)
        since = customers.fields_since(tx, each.customer_id)
        fields = {
            field: None if field == "customer_code" else ""
            for field, value in each.fields.items()
            if held.customer_id == each.customer_id
            and getattr(held, field) == value
            and since[field].version <= each.version
        }
        if fields:
            changed = customers.save(tx, held, **fields)
            tx.record(CustomerUpdated(changed.facts, changed.customer_id))
            undone += 1
        store.mark_undone(tx, row.import_id, each.customer_id)
    return undone
