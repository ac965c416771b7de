"""SQL of completeness."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Uuid,
    all_,
    any_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)

from chassis import rows
from chassis.unit_of_work import Transaction
from leads import tables
from leads.customer_file.completeness_rules import Completeness, FileFacts
from leads.customers.store import parts_of

t, _contact, _credential = tables.customer.c, tables.customer_contact.c, tables.customer_credential.c
_IDS = bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))
_TODAY = bindparam("today", type_=Date)
_OWN = ("customer_class", "uscc", "industry", "size", "province", "city", "address", "phone", "needs")
_part = tables.customer.alias("part").c
_THEIRS: ColumnElement[str] = literal_column(parts_of("customer.customer_id"))
_OF_CONTACT = _contact.customer_id == _THEIRS, _contact.retired_at.is_(None)
_VALID = (
    _credential.customer_id == _THEIRS,
    _credential.retired_at.is_(None),
    or_(_credential.valid_until.is_(None), _credential.valid_until >= _TODAY),
)
_FACTS = select(
    _part.customer_id,
    *(t[each] for each in _OWN),
    exists().where(*_OF_CONTACT, _contact.role == "decision_maker").label("decision_maker"),
    exists()
    .where(*_OF_CONTACT, _contact.is_primary, or_(_contact.phone != "", _contact.wecom_id != ""))
    .label("primary_contact"),
    exists().where(*_VALID, _credential.kind == "qualification").label("qualification"),
    exists().where(*_VALID, _credential.kind == "product_certificate").label("product_certificate"),
).where(_part.customer_id == any_(_IDS), t.customer_id == func.coalesce(_part.merged_into, _part.customer_id))
_COUNTED = ("customer_id", "completeness", "missing", "counted_by")
_KEEP = text(f"""
    UPDATE customer SET completeness = fresh.completeness, missing = fresh.missing, counted_by = fresh.counted_by
    FROM ({rows.selection(tables.customer, _COUNTED)}) AS fresh WHERE customer.customer_id = fresh.customer_id
""")  # noqa: S608 - fixed column names


def facts_of(tx: Transaction, customer_ids: Collection[str], today: date) -> dict[str, FileFacts]:
    """Customer id → what its file holds, or that of the one that goes on. `today` (Shanghai) decides which papers are
    valid.
    """
    found = tx.execute(_FACTS, {"ids": list(customer_ids), "today": today})
    names = FileFacts.__dataclass_fields__
    return {row.customer_id: FileFacts(**{each: row._mapping[each] for each in names}) for row in found}


def keep(tx: Transaction, counted: Mapping[str, Completeness], policy_version: int) -> None:
    """Of locked customers. No new version: neighbours don't project it."""
    values = [
        {"customer_id": each, "completeness": one.percent, "missing": list(one.missing), "counted_by": policy_version}
        for each, one in counted.items()
    ]
    if values:
        tx.execute(_KEEP, {"rows": rows.document(values)})


def lock_uncounted(tx: Transaction, policy_version: int, most: int) -> Sequence[str]:
    """Customers that were changed since they were counted, or counted by an older version; nobody waits for them."""
    query = select(t.customer_id).where(t.counted_by < policy_version).limit(most).with_for_update(skip_locked=True)
    return tx.execute(query).scalars().all()


def mark(tx: Transaction, customer_ids: Collection[str]) -> None:
    """To be counted again, also the ones that go on for records that were merged."""
    if customer_ids:
        named = set(customer_ids)
        wholes = select(_part.merged_into).where(_part.customer_id.in_(named), _part.merged_into.is_not(None))
        stale = update(tables.customer).where(t.customer_id.in_(named) | t.customer_id.in_(wholes), t.counted_by >= 0)
        tx.execute(stale.values(counted_by=-1))


def mark_ended(tx: Transaction, today: date) -> int:
    """Customers with a paper that is valid no longer are to be counted again."""
    stale = update(tables.customer).where(
        _part.customer_id == _credential.customer_id,
        t.customer_id == func.coalesce(_part.merged_into, _part.customer_id),
        _credential.valid_until < today,
        _credential.retired_at.is_(None),
        t.counted_by >= 0,
        _credential.kind != all_(t.missing),
    )
    return tx.execute(stale.values(counted_by=-1)).rowcount
