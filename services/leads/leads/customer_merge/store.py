"""SQL of merges of customers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, insert, select, text, update

from chassis.errors import NotFound
from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers import store as customers
from leads.customers.firm_store import keys_of, lock_firms
from leads.customers.rules import Customer

_c, _merge = tables.customer.c, tables.customer_merge.c
_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended('customer_merge', 47))")
# The records beneath one, by the merges that hold.
_BENEATH = text("""
    WITH RECURSIVE beneath AS (
        SELECT merged_id FROM customer_merge WHERE kept_id = CAST(:of AS uuid) AND unmerged_at IS NULL
        UNION SELECT m.merged_id FROM customer_merge AS m JOIN beneath AS b ON m.kept_id = b.merged_id
        WHERE m.unmerged_at IS NULL
    ) SELECT CAST(merged_id AS text) FROM beneath ORDER BY merged_id
""")


class CustomerMergeNotFound(NotFound):
    en = "There is no merge {merge_id} of customers."
    zh = "客户合并记录 {merge_id} 不存在。"


def take_turns(tx: Transaction) -> None:
    """Merges are few; one after the other none makes a circle, whoever merges what into what."""
    tx.execute(_TURNS)


def record(tx: Transaction, customer_id: str) -> Customer:
    """As it stands, also beneath another; whoever may see it. Raises CustomerNotFound."""
    return _records(tx, [customer_id])[customer_id]


def lock(tx: Transaction, customer_ids: Collection[str]) -> dict[str, Customer]:
    """Records with what lies beneath them, in one order, after the names and numbers that orders and imports lock by.

    Raises CustomerNotFound.
    """
    beneath = {each for one in customer_ids for each in beneath_of(tx, one)}
    known = _records(tx, [*customer_ids, *beneath])
    lock_firms(tx, keys_of(known.values()))
    return _records(tx, [*customer_ids, *beneath], lock=True)


def _records(tx: Transaction, customer_ids: Collection[str], *, lock: bool = False) -> dict[str, Customer]:
    query = select(tables.customer).where(_c.customer_id.in_(set(customer_ids))).order_by(_c.customer_id)
    rows = tx.execute(query.with_for_update() if lock else query)
    found = {row.customer_id: customers.from_row(row) for row in rows if row.withdrawn_at is None}
    for each in customer_ids:
        if each not in found:
            raise customers.CustomerNotFound(customer_id=each)
    return found


def beneath_of(tx: Transaction, customer_id: str) -> list[str]:
    """What was merged into it, whatever the steps."""
    return list(tx.execute(_BENEATH, {"of": customer_id}).scalars())


def add(tx: Transaction, values: Mapping[str, Any]) -> None:
    tx.execute(insert(tables.customer_merge).values(**values))


def load(tx: Transaction, merge_id: str) -> Row[Any]:
    """Raises CustomerMergeNotFound; whether the caller sees the customers is not asked."""
    row = tx.execute(select(tables.customer_merge).where(_merge.merge_id == merge_id)).one_or_none()
    if row is None:
        raise CustomerMergeNotFound(merge_id=merge_id)
    return row


def end(tx: Transaction, merge_id: str, reason: str) -> None:
    values = {"unmerged_by": tx.identity.subject, "unmerged_at": tx.now, "unmerge_reason": reason}
    tx.execute(update(tables.customer_merge).where(_merge.merge_id == merge_id).values(values))


def merges_of(tx: Transaction, customer_id: str) -> Sequence[tuple[Row[Any], Customer]]:
    """What was merged into a customer that goes on, whatever the steps, each with the record beneath as it reads today;
    the newest first.
    """
    into = _merge.kept_id.in_(customers.parts(customer_id))
    order = _merge.merged_at.desc(), _merge.merge_id.desc()
    found = tx.execute(select(tables.customer_merge).where(into).order_by(*order)).all()
    beneath = _records(tx, {row.merged_id for row in found})
    return [(row, beneath[row.merged_id]) for row in found]
