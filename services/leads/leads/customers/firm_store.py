"""SQL that finds customers by what firms are known by: name, phone, credit code, number in the ERP (LD1.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import (
    ARRAY,
    Text,
    any_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
)

from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers.rules import Customer, Firm
from leads.customers.store import WHOLE, from_row

t = tables.customer.c
# Built once, since each capture asks it; literals, so that every plan may use the partial indexes.
_CANDIDATES = select(tables.customer).where(
    t.withdrawn_at.is_(None),
    or_(
        (t.uscc != literal_column("''")) & (t.uscc == any_(bindparam("codes", type_=ARRAY(Text)))),
        (t.phone != literal_column("''")) & (t.phone == any_(bindparam("phones", type_=ARRAY(Text)))),
        t.name_key == any_(bindparam("names", type_=ARRAY(Text))),
    ),
)


def lock_firms(tx: Transaction, firms: Collection[str]) -> None:
    """Two transactions that make a customer of the same name or code take turns."""
    keys = text("SELECT pg_advisory_xact_lock(hashtextextended(k, 46)) FROM unnest(CAST(:keys AS text[])) AS k")
    tx.execute(keys, {"keys": sorted(set(firms))})


def keys_of(customers: Iterable[Customer]) -> set[str]:
    """What they are locked by as firms."""
    return {key for each in customers for key in (each.customer_code, each.uscc, each.phone, each.name_key) if key}


def candidates(tx: Transaction, firms: Sequence[Firm]) -> list[Customer]:
    """Customers that share a code, a phone or a name with one of the firms, also by what was merged into them."""
    names = {key for each in firms for key in (each.name_key, each.parent_key) if key}
    codes = {each.uscc for each in firms if each.uscc}
    phones = {each.phone for each in firms if each.phone}
    keys = {"names": sorted(names), "codes": sorted(codes), "phones": sorted(phones)}
    return _going_on(tx, [from_row(row) for row in tx.execute(_CANDIDATES, keys)])


def _going_on(tx: Transaction, found: Sequence[Customer]) -> list[Customer]:
    """A merged one is the customer that goes on, as the merged one is called and reached."""
    merged = {each.merged_into for each in found if each.merged_into}
    if not merged:
        return list(found)
    query = select(tables.customer).where(t.customer_id.in_(merged))
    whole = {row.customer_id: from_row(row) for row in tx.execute(query)}
    return [_as_known(whole[each.merged_into], each) if each.merged_into else each for each in found]


def _as_known(whole: Customer, part: Customer) -> Customer:
    return replace(
        whole,
        name_key=part.name_key,
        phone=part.phone,
        city=part.city,
        customer_code=part.customer_code or whole.customer_code,
        uscc=part.uscc or whole.uscc,
    )


def itself(tx: Transaction, found: Customer) -> Customer:
    """As it stands, for one that was found by what a record merged into it is known by."""
    return from_row(tx.execute(select(tables.customer).where(t.customer_id == found.customer_id)).one())


def lock_by_codes(tx: Transaction, codes: Collection[str]) -> dict[str, Customer]:
    """Records by their number in the ERP, locked in one order: one that was merged stands for its own number, unless
    the customer that goes on has taken it over.
    """
    query = select(tables.customer).where(t.customer_code.in_(set(codes))).order_by(t.customer_id).with_for_update()
    found = [from_row(row) for row in tx.execute(query)]
    found.sort(key=lambda each: each.merged_into is None)
    return {str(each.customer_code): each for each in found}


def by_codes(tx: Transaction, codes: Collection[str]) -> list[Customer]:
    query = select(tables.customer).where(t.customer_code.in_(set(codes)))
    return _going_on(tx, [from_row(row) for row in tx.execute(query)])


def by_uscc(tx: Transaction, codes: Collection[str]) -> dict[str, str]:
    """USCC → id of the customer that goes on."""
    query = select(t.uscc, WHOLE.label("customer_id")).where(t.uscc.in_(set(codes) - {""}))
    return {row.uscc: row.customer_id for row in tx.execute(query)}


def by_name(tx: Transaction, keys: Collection[str]) -> dict[str, str]:
    """Normalised name → customer id; of several the one that came first."""
    query = select(t.name_key, func.min(WHOLE.cast(Text)).label("id")).where(t.name_key.in_(set(keys)))
    return {row.name_key: row.id for row in tx.execute(query.group_by(t.name_key))}


def is_taken(tx: Transaction, field: str, value: str, by_other_than: str) -> bool:
    """`field`: customer_code or uscc."""
    return tx.execute(select(1).where(t[field] == value, WHOLE.is_distinct_from(by_other_than))).first() is not None
