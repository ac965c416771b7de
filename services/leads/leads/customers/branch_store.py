"""SQL of branches and their parents."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import (
    select,
    text,
    update,
)

from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers.rules import Customer
from leads.customers.store import WHOLE, from_row, parts, shown

t = tables.customer.c
# Characters as they are, so that the plan may use the partial index of branches.
_UNLINKED = text("""
    SELECT DISTINCT branch.name FROM unnest(CAST(:keys AS text[])) AS key JOIN customer AS branch
        ON branch.name_key ~>~ key AND branch.name_key ~<~ (key || chr(1114111))
    WHERE branch.parent_customer_id IS NULL AND branch.name_key LIKE '%分'
""")
_ANCESTORS = text("""
    WITH RECURSIVE above AS (
        SELECT customer_id, parent_customer_id FROM customer WHERE customer_id = CAST(:of AS uuid)
        UNION SELECT c.customer_id, c.parent_customer_id FROM customer AS c
        JOIN above ON c.customer_id = above.parent_customer_id
    ) SELECT 1 FROM above WHERE customer_id = CAST(:wanted AS uuid)
""")


def unlinked_branches(tx: Transaction, keys: Collection[str]) -> list[str]:
    """Names of branches without a parent whose own begin with one of these normalised names."""
    return list(tx.execute(_UNLINKED, {"keys": sorted(keys)}).scalars())


def link_branch(tx: Transaction, branch: str, parent_id: str) -> None:
    """By the branch's normalised name. No new version: neighbours don't project the link."""
    unlinked = t.name_key == branch, t.parent_customer_id.is_(None), WHOLE.is_distinct_from(parent_id)
    tx.execute(update(tables.customer).where(*unlinked).values(parent_customer_id=parent_id))


def is_below(tx: Transaction, customer_id: str, parent_id: str) -> bool:
    """Whether the customer would be its own parent, whatever the steps."""
    return tx.execute(_ANCESTORS, {"of": parent_id, "wanted": customer_id}).first() is not None


def branches(tx: Transaction, customer_id: str, most: int) -> list[Customer]:
    """Those the caller may see, by name."""
    query = select(tables.customer).where(t.parent_customer_id.in_(parts(customer_id)), shown(tx))
    return [from_row(row) for row in tx.execute(query.order_by(t.name, t.customer_id).limit(most))]
