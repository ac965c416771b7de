"""Change fields of the base layer (LD9.1). What a colleague has changed meanwhile is never overwritten unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chassis.errors import Conflict, InvalidInput, PermissionDenied, Violation
from chassis.unit_of_work import Transaction
from leads.customer_file.base_rules import clashes, clean
from leads.customers import branch_store, firm_store, store
from leads.customers.events import CustomerUpdated
from leads.customers.rules import Customer

# Whose orders a customer's are hangs on its number in the ERP.
_MAY_CODE = frozenset({"hq", "ops"})
# Among the names and numbers that are locked: no customer bears it.
_PARENTS = "\u0001parents"


class FieldsChangedMeanwhile(Conflict):
    en = "A colleague has changed this since you opened it: {fields}."
    zh = "您打开之后同事已修改：{fields_zh}。"


class CodeNotYours(PermissionDenied):
    en = "The customer's number in the ERP is changed by headquarters or operations alone."
    zh = "ERP 客户编号只能由总部或运营修改。"


def update_base(tx: Transaction, customer_id: str, seen_version: int, edit: Mapping[str, str]) -> Customer:
    """`edit`: field → new value, empty to clear it.

    Raises CustomerNotFound, FieldsChangedMeanwhile with both values of each field, InvalidInput, CodeNotYours.
    """
    values = clean(edit)
    # Before the row, as imports and merges do.
    firm_store.lock_firms(tx, _keys(values))
    held = store.load(tx, customer_id, lock=True)
    customer_id = held.customer_id
    since = {field: row.version for field, row in store.fields_since(tx, customer_id).items()}
    stale = clashes(values, vars(held), since, seen_version)
    if stale:
        en, zh = ", ".join(each.en for each in stale), "，".join(each.zh for each in stale)
        raise FieldsChangedMeanwhile(fields=en, fields_zh=zh)
    changes = {field: value for field, value in values.items() if getattr(held, field) != value}
    if not changes:
        return held
    _check(tx, held, changes)
    changed = store.save(tx, held, **changes)
    tx.record(CustomerUpdated(changed.facts, customer_id))
    tx.audit(
        action="customer.update_base",
        entity="customer",
        entity_id=customer_id,
        before={field: getattr(held, field) for field in changes},
        after=changes,
    )
    return changed


def _keys(values: Mapping[str, Any]) -> list[str]:
    """What nobody else may take meanwhile; whoever hangs a customer below another takes turns: two make no circle."""
    keys = [each for field in ("customer_code", "uscc", "name_key") if (each := values.get(field))]
    return [*keys, _PARENTS] if values.get("parent_customer_id") else keys


def _check(tx: Transaction, held: Customer, changes: Mapping[str, Any]) -> None:
    """What only other customers can say."""
    if "customer_code" in changes and not _MAY_CODE & tx.identity.duties:
        raise CodeNotYours
    problems = [
        Violation(field, "belongs to another customer.", "属于另一客户。")
        for field in ("customer_code", "uscc")
        if changes.get(field) and firm_store.is_taken(tx, field, changes[field], held.customer_id)
    ]
    problems += _parent_problems(tx, held, changes.get("parent_customer_id"))
    if problems:
        raise InvalidInput.of(*problems)


def _parent_problems(tx: Transaction, held: Customer, parent_id: str | None) -> list[Violation]:
    if parent_id is None:
        return []
    try:
        parent_id = store.load(tx, parent_id).customer_id
    except store.CustomerNotFound as unknown:
        return [Violation("parent_customer_id", unknown.text_en, unknown.text_zh)]
    if branch_store.is_below(tx, held.customer_id, parent_id):
        return [Violation("parent_customer_id", "is the customer itself or below it.", "不能是客户自身或其下级。")]
    return []
