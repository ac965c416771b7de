"""SQL of suggestions that two customers are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.errors import NotFound
from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables

t = tables.customer_suggestion.c


class CustomerSuggestionNotFound(NotFound):
    en = "There is no suggestion {suggestion_id} of customers."
    zh = "客户重复建议 {suggestion_id} 不存在。"


def add(tx: Transaction, made: Sequence[Mapping[str, Any]]) -> None:
    if made:
        new = insert(tables.customer_suggestion).on_conflict_do_nothing(constraint="customer_suggestion_once")
        tx.execute(new, [dict(each) for each in made])


def listed(tx: Transaction, state: str, page: Page) -> tuple[Sequence[Row[Any]], str]:
    """Oldest first, where the caller sees both customers; open ones while both go on."""
    new, other = tables.customer.alias("new"), tables.customer.alias("other")
    query = (
        select(tables.customer_suggestion, new.c.name, other.c.name.label("other_name"), new.c.city)
        .join(new, new.c.customer_id == t.customer_id)
        .join(other, other.c.customer_id == t.other_id)
        .where(t.state == state, *(tx.identity.visible(each.c.owner_id, each.c.unit) for each in (new, other)))
        .where(*(each.c.withdrawn_at.is_(None) for each in (new, other)))
    )
    if state == "open":
        query = query.where(*(each.c.merged_into.is_(None) for each in (new, other)))
    query = query.where(t.suggestion_id > page.after["id"]) if page.after else query
    rows = tx.execute(query.order_by(t.suggestion_id).limit(page.limit)).all()
    return page.cut(rows, lambda row: {"id": row.suggestion_id})


def load(tx: Transaction, suggestion_id: str, *, lock: bool = False) -> Row[Any]:
    """Raises CustomerSuggestionNotFound; whether the caller sees the customers is not asked."""
    query = select(tables.customer_suggestion).where(t.suggestion_id == suggestion_id)
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise CustomerSuggestionNotFound(suggestion_id=suggestion_id)
    return row


def decide(tx: Transaction, suggestion_id: str, state: str, reason: str) -> None:
    tx.execute(
        update(tables.customer_suggestion).where(t.suggestion_id == suggestion_id).values(_said(tx, state, reason))
    )


def answer_pair(tx: Transaction, one: str, other: str, state: str, reason: str) -> None:
    """A merge or un-merge by hand says it of the two, whether it was suggested or not: it is not suggested again."""
    older, newer = sorted((one, other))
    said = _said(tx, state, reason)
    new = insert(tables.customer_suggestion).values(
        suggestion_id=new_id(), customer_id=newer, other_id=older, why="by_hand", made_at=tx.now, **said
    )
    tx.execute(new.on_conflict_do_update(constraint="customer_suggestion_once", set_=said))


def _said(tx: Transaction, state: str, reason: str) -> dict[str, Any]:
    return {"state": state, "decided_by": tx.identity.subject, "decided_at": tx.now, "reason": reason}
