"""SQL of customers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    Uuid,
    bindparam,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
)

from chassis import rows
from chassis.errors import NotFound
from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers.events import CustomerFacts
from leads.customers.rules import BASE_FIELDS, Customer
from leads.lead.rules import Grade

t = tables.customer.c
_part = tables.customer.alias("part").c
# Whom a record is read as.
WHOLE = func.coalesce(t.merged_into, t.customer_id)
# A customer, `c`, that was neither taken back nor merged into another.
GOES_ON = "c.withdrawn_at IS NULL AND c.merged_into IS NULL"


def parts_of(customer: str) -> str:
    """SQL to compare with: a customer that goes on and those merged into it; what is hung on one is everyone's (LD1.4).
    `customer`: a parameter, or a column of the query around it.
    """
    return f"""ANY (ARRAY(
    SELECT CAST({customer} AS uuid)
    UNION ALL SELECT part.customer_id FROM customer AS part WHERE part.merged_into = CAST({customer} AS uuid)))"""  # noqa: S608 - fixed names


PARTS = parts_of(":customer")
_GROUPS = (
    text("""
    WITH whole AS (
        SELECT DISTINCT coalesce(merged_into, customer_id) AS id FROM customer WHERE customer_id = ANY (:ids)
    )
    SELECT id AS customer_id FROM whole
    UNION ALL SELECT part.customer_id FROM customer AS part JOIN whole ON part.merged_into = whole.id
""")
    .bindparams(bindparam("ids", type_=ARRAY(Uuid(as_uuid=False))))
    .columns(customer_id=Uuid(as_uuid=False))
)
_FIELD = ("customer_id", "field", "version", "changed_by", "changed_at")
_NOTE_FIELDS = text(
    f"{rows.insertion(tables.customer_field, _FIELD)} ON CONFLICT (customer_id, field)"
    f" DO UPDATE SET {rows.replacement(_FIELD, 'customer_id', 'field')}"
)
_SAVED = (*Customer.__dataclass_fields__, "counted_by")
_SAVE = text(f"""
    UPDATE customer SET {", ".join(f'"{each}" = fresh."{each}"' for each in _SAVED if each != "customer_id")}
    FROM ({rows.selection(tables.customer, _SAVED)}) AS fresh WHERE customer.customer_id = fresh.customer_id
""")  # noqa: S608 - fixed column names


class CustomerNotFound(NotFound):
    en = "There is no customer {customer_id}."
    zh = "客户 {customer_id} 不存在。"


def load(tx: Transaction, customer_id: str, *, lock: bool = False) -> Customer:
    """The one that goes on, for a customer that was merged. `lock`: nobody else changes it.

    Raises CustomerNotFound, also for one that is not the caller's to see.
    """
    whole_id = whole_of(tx, customer_id)
    query = select(tables.customer).where(t.customer_id == whole_id, shown(tx))
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None and lock and whole_of(tx, whole_id) != whole_id:
        return load(tx, customer_id, lock=True)  # Merged while the lock was waited for.
    if row is None:
        raise CustomerNotFound(customer_id=customer_id)
    return from_row(row)


def whole_of(tx: Transaction, customer_id: str) -> str:
    """The customer that goes on; the given id for one that was not merged, or is unknown."""
    merged = select(t.merged_into).where(t.customer_id == customer_id)
    return tx.execute(merged).scalar_one_or_none() or customer_id


def parts(customer_id: str) -> CompoundSelect[Any]:
    """As PARTS, for `in_`: of a customer that goes on."""
    return union_all(
        select(literal(customer_id, t.customer_id.type)),
        select(_part.customer_id).where(_part.merged_into == customer_id),
    )


def bearing(customer_code: str) -> Select[Any]:
    """Ids of customers that go on: of the one with that number in the ERP, also by a record merged into it."""
    return select(func.coalesce(_part.merged_into, _part.customer_id)).where(_part.customer_code == customer_code)


def groups_of(tx: Transaction, customer_ids: Collection[str]) -> list[str]:
    """They, those they were merged into, and all that were merged into these."""
    return sorted(tx.execute(_GROUPS, {"ids": sorted(set(customer_ids))}).scalars()) if customer_ids else []


def shown(tx: Transaction) -> ColumnElement[bool]:
    """Customers that the caller may see, that were not taken back and go on."""
    return t.withdrawn_at.is_(None) & t.merged_into.is_(None) & tx.identity.visible(t.owner_id, t.unit)


def lock_all(tx: Transaction, customer_ids: Collection[str]) -> list[Customer]:
    """In one order, so that who locks several never waits in a circle."""
    query = select(tables.customer).where(t.customer_id.in_(set(customer_ids))).order_by(t.customer_id)
    return [from_row(row) for row in tx.execute(query.with_for_update())]


def add(tx: Transaction, customers: Sequence[Customer]) -> None:
    if customers:
        tx.execute(insert(tables.customer), [to_row(each) for each in customers])


def save(tx: Transaction, customer: Customer, **changes: Any) -> Customer:
    """Store the changes of a locked customer; the version grows by one. Its completeness is to be counted again."""
    return save_all(tx, [(customer, changes)])[0]


def save_all(tx: Transaction, changes: Sequence[tuple[Customer, Mapping[str, Any]]]) -> list[Customer]:
    """As `save`, for many locked customers, each once."""
    changed = [replace(customer, **change, version=customer.version + 1) for customer, change in changes]
    if changed:
        tx.execute(_SAVE, {"rows": rows.document(to_row(each) | {"counted_by": -1} for each in changed)})
        _note_fields(tx, [(before, after) for (before, _), after in zip(changes, changed, strict=True)])
    return changed


def facts_of(tx: Transaction, changed: Sequence[Customer]) -> list[CustomerFacts]:
    """What neighbours project. They know a customer by its number, which one alone bears: where the one that goes on
    has taken it over, it is told of that one (LD1.4).
    """
    wholes = {each.merged_into for each in changed if each.merged_into}
    query = select(t.customer_id, t.customer_code).where(t.customer_id.in_(wholes))
    borne = {(row.customer_id, row.customer_code) for row in tx.execute(query)} if wholes else set()
    return [
        replace(each.facts, customer_code="") if (each.merged_into, each.customer_code) in borne else each.facts
        for each in changed
    ]


def _note_fields(tx: Transaction, changes: Sequence[tuple[Customer, Customer]]) -> None:
    """From which version on a field reads as it does, so that an edit of an older one is seen."""
    by = {"changed_by": tx.identity.subject, "changed_at": tx.now}
    noted = [
        {"customer_id": after.customer_id, "field": each, "version": after.version} | by
        for before, after in changes
        for each in BASE_FIELDS
        if getattr(after, each) != getattr(before, each)
    ]
    if noted:
        tx.execute(_NOTE_FIELDS, {"rows": rows.document(noted)})


def fields_since(tx: Transaction, customer_id: str) -> dict[str, Row[Any]]:
    """Field → version, changed_by, changed_at; those that read as they came in are left out."""
    return fields_since_all(tx, [customer_id])[customer_id]


def fields_since_all(tx: Transaction, customer_ids: Collection[str]) -> dict[str, dict[str, Row[Any]]]:
    """Of each the same."""
    found: dict[str, dict[str, Row[Any]]] = {each: {} for each in customer_ids}
    for row in tx.execute(select(tables.customer_field).where(tables.customer_field.c.customer_id.in_(found))):
        found[row.customer_id][row.field] = row
    return found


def names(tx: Transaction, customer_ids: Collection[str]) -> dict[str, str]:
    query = select(t.customer_id, t.name).where(t.customer_id.in_(set(customer_ids)))
    return {row.customer_id: row.name for row in tx.execute(query)}


def owner_of(tx: Transaction, customer_id: str) -> str:
    """Of the customer that goes on."""
    return tx.execute(select(func.max(t.owner_id)).where(t.customer_id == whole_of(tx, customer_id))).scalar() or ""


def from_row(row: Row[Any]) -> Customer:
    values = {name: row._mapping[name] for name in Customer.__dataclass_fields__}
    return Customer(**values | {"grade": Grade(values["grade"]) if values["grade"] else None})


def to_row(customer: Customer) -> dict[str, Any]:
    return {name: getattr(customer, name) for name in Customer.__dataclass_fields__} | {
        "grade": customer.grade.value if customer.grade else ""
    }
