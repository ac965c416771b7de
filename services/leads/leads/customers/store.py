"""SQL of customers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Text,
    any_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    update,
)

from chassis import rows
from chassis.errors import NotFound
from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers.rules import BASE_FIELDS, Customer, Firm
from leads.lead.rules import Grade

t = tables.customer.c
# Built once, since each capture asks it; literals, so that every plan may use the partial indexes.
_CANDIDATES = select(tables.customer).where(
    or_(
        (t.uscc != literal_column("''")) & (t.uscc == any_(bindparam("codes", type_=ARRAY(Text)))),
        (t.phone != literal_column("''")) & (t.phone == any_(bindparam("phones", type_=ARRAY(Text)))),
        t.name_key == any_(bindparam("names", type_=ARRAY(Text))),
    )
)
_FIELD = ("customer_id", "field", "version", "changed_by", "changed_at")
_NOTE_FIELDS = text(
    f"{rows.insertion(tables.customer_field, _FIELD)} ON CONFLICT (customer_id, field)"
    f" DO UPDATE SET {rows.replacement(_FIELD, 'customer_id', 'field')}"
)
_ANCESTORS = text("""
    WITH RECURSIVE above AS (
        SELECT customer_id, parent_customer_id FROM customer WHERE customer_id = CAST(:of AS uuid)
        UNION SELECT c.customer_id, c.parent_customer_id FROM customer AS c
        JOIN above ON c.customer_id = above.parent_customer_id
    ) SELECT 1 FROM above WHERE customer_id = CAST(:wanted AS uuid)
""")


class CustomerNotFound(NotFound):
    en = "There is no customer {customer_id}."
    zh = "客户 {customer_id} 不存在。"


def load(tx: Transaction, customer_id: str, *, lock: bool = False) -> Customer:
    """Raises CustomerNotFound, also for one that is not the caller's to see. `lock`: nobody else changes it."""
    query = select(tables.customer).where(t.customer_id == customer_id, shown(tx))
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise CustomerNotFound(customer_id=customer_id)
    return from_row(row)


def shown(tx: Transaction) -> ColumnElement[bool]:
    """Customers that the caller may see and that were not taken back."""
    return t.withdrawn_at.is_(None) & tx.identity.visible(t.owner_id, t.unit)


def lock_firms(tx: Transaction, firms: Collection[str]) -> None:
    """Two transactions that make a customer of the same name or code take turns."""
    keys = text("SELECT pg_advisory_xact_lock(hashtextextended(k, 46)) FROM unnest(CAST(:keys AS text[])) AS k")
    tx.execute(keys, {"keys": sorted(set(firms))})


def candidates(tx: Transaction, firms: Sequence[Firm]) -> list[Customer]:
    """Customers that share a code, a phone or a name with one of the firms."""
    names = {each.name_key for each in firms} | {each.parent_key for each in firms if each.parent_key}
    codes = {each.uscc for each in firms if each.uscc}
    phones = {each.phone for each in firms if each.phone}
    keys = {"names": sorted(names), "codes": sorted(codes), "phones": sorted(phones)}
    return [from_row(row) for row in tx.execute(_CANDIDATES, keys)]


def lock_by_codes(tx: Transaction, codes: Collection[str]) -> dict[str, Customer]:
    """Customers by their number in the ERP, locked in one order."""
    query = select(tables.customer).where(t.customer_code.in_(set(codes))).order_by(t.customer_id).with_for_update()
    return {str(row.customer_code): from_row(row) for row in tx.execute(query)}


def lock_all(tx: Transaction, customer_ids: Collection[str]) -> None:
    """In one order, so that who locks several never waits in a circle."""
    query = select(t.customer_id).where(t.customer_id.in_(set(customer_ids))).order_by(t.customer_id)
    tx.execute(query.with_for_update())


def by_codes(tx: Transaction, codes: Collection[str]) -> list[Customer]:
    query = select(tables.customer).where(t.customer_code.in_(set(codes)))
    return [from_row(row) for row in tx.execute(query)]


def by_uscc(tx: Transaction, codes: Collection[str]) -> dict[str, str]:
    """USCC → customer id."""
    query = select(t.uscc, t.customer_id).where(t.uscc.in_(set(codes) - {""}))
    return {row.uscc: row.customer_id for row in tx.execute(query)}


def by_name(tx: Transaction, keys: Collection[str]) -> dict[str, str]:
    """Normalised name → customer id; of several the one that came first."""
    query = select(t.name_key, func.min(t.customer_id.cast(Text)).label("id")).where(t.name_key.in_(set(keys)))
    return {row.name_key: row.id for row in tx.execute(query.group_by(t.name_key))}


def link_branch(tx: Transaction, branch: str, parent_id: str) -> None:
    """By the branch's normalised name. No new version: neighbours don't project the link."""
    unlinked = t.name_key == branch, t.parent_customer_id.is_(None), t.customer_id != parent_id
    tx.execute(update(tables.customer).where(*unlinked).values(parent_customer_id=parent_id))


def add(tx: Transaction, customers: Sequence[Customer]) -> None:
    if customers:
        tx.execute(insert(tables.customer), [to_row(each) for each in customers])


def save(tx: Transaction, customer: Customer, **changes: Any) -> Customer:
    """Store the changes of a locked customer; the version grows by one. Its completeness is to be counted again."""
    changed = replace(customer, **changes, version=customer.version + 1)
    row = to_row(changed) | {"counted_by": -1}
    row.pop("customer_id")
    tx.execute(update(tables.customer).where(t.customer_id == customer.customer_id).values(row))
    _note_fields(tx, changed, [each for each in BASE_FIELDS if getattr(changed, each) != getattr(customer, each)])
    return changed


def _note_fields(tx: Transaction, changed: Customer, fields: Sequence[str]) -> None:
    """From which version on a field reads as it does, so that an edit of an older one is seen."""
    by = {"changed_by": tx.identity.subject, "changed_at": tx.now}
    noted = [{"customer_id": changed.customer_id, "field": each, "version": changed.version} | by for each in fields]
    if noted:
        tx.execute(_NOTE_FIELDS, {"rows": rows.document(noted)})


def fields_since(tx: Transaction, customer_id: str) -> dict[str, Row[Any]]:
    """Field → version, changed_by, changed_at; those that read as they came in are left out."""
    query = select(tables.customer_field).where(tables.customer_field.c.customer_id == customer_id)
    return {row.field: row for row in tx.execute(query)}


def is_taken(tx: Transaction, field: str, value: str, by_other_than: str) -> bool:
    """`field`: customer_code or uscc."""
    return tx.execute(select(1).where(t[field] == value, t.customer_id != by_other_than)).first() is not None


def is_below(tx: Transaction, customer_id: str, parent_id: str) -> bool:
    """Whether the customer would be its own parent, whatever the steps."""
    return tx.execute(_ANCESTORS, {"of": parent_id, "wanted": customer_id}).first() is not None


def branches(tx: Transaction, customer_id: str, most: int) -> list[Customer]:
    """Those the caller may see, by name."""
    query = select(tables.customer).where(t.parent_customer_id == customer_id, shown(tx))
    return [from_row(row) for row in tx.execute(query.order_by(t.name, t.customer_id).limit(most))]


def names(tx: Transaction, customer_ids: Collection[str]) -> dict[str, str]:
    query = select(t.customer_id, t.name).where(t.customer_id.in_(set(customer_ids)))
    return {row.customer_id: row.name for row in tx.execute(query)}


def owner_of(tx: Transaction, customer_id: str) -> str:
    return tx.execute(select(func.max(t.owner_id)).where(t.customer_id == customer_id)).scalar() or ""


def from_row(row: Row[Any]) -> Customer:
    values = {name: row._mapping[name] for name in Customer.__dataclass_fields__}
    return Customer(**values | {"grade": Grade(values["grade"]) if values["grade"] else None})


def to_row(customer: Customer) -> dict[str, Any]:
    return {name: getattr(customer, name) for name in Customer.__dataclass_fields__} | {
        "grade": customer.grade.value if customer.grade else ""
    }
