"""SQL of suggestions and merges."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.expression import FromClause

from chassis.deadlines import PENDING
from chassis.errors import NotFound
from chassis.identity import Identity
from chassis.rpc.paging import Page
from chassis.schema import deadline
from chassis.unit_of_work import Transaction
from leads import tables
from leads.lead.rules import OPEN

_suggested, _merge, _lead = tables.lead_suggestion.c, tables.lead_merge.c, tables.lead.c


class SuggestionNotFound(NotFound):
    en = "There is no suggestion {suggestion_id}."
    zh = "重复建议 {suggestion_id} 不存在。"


class MergeNotFound(NotFound):
    en = "There is no merge {merge_id}."
    zh = "合并记录 {merge_id} 不存在。"


def add_suggestions(tx: Transaction, made: Sequence[dict[str, Any]]) -> None:
    if made:
        tx.execute(upsert(tables.lead_suggestion).on_conflict_do_nothing(constraint="lead_suggestion_once"), made)


def list_suggestions(tx: Transaction, state: str, import_id: str, page: Page) -> tuple[Sequence[Row[Any]], str]:
    """Oldest first, where the caller sees both leads; open ones while both leads are."""
    new, other = tables.lead.alias("new"), tables.lead.alias("other")
    query = (
        select(
            tables.lead_suggestion,
            new.c.company_name.label("company_name"),
            other.c.company_name.label("other_company_name"),
            new.c.city.label("city"),
        )
        .join(new, new.c.lead_id == _suggested.lead_id)
        .join(other, other.c.lead_id == _suggested.other_id)
        .where(*(_visible(tx.identity, each) for each in (new, other)))
    )
    query = query.where(_suggested.state == state) if state else query
    if state == "open":
        query = query.where(*(each.c.state.in_([*OPEN]) for each in (new, other)))
    query = query.where(_suggested.import_id == import_id) if import_id else query
    query = query.where(_suggested.suggestion_id > page.after["id"]) if page.after else query
    rows = tx.execute(query.order_by(_suggested.suggestion_id).limit(page.limit)).all()
    return page.cut(rows, lambda row: {"id": row.suggestion_id})


def _visible(identity: Identity, lead: FromClause) -> ColumnElement[bool]:
    seen = identity.visible(lead.c.owner_id, lead.c.unit)
    return seen if identity.level != "team" else seen | and_(lead.c.owner_id == "", lead.c.unit == "")


def load_suggestion(tx: Transaction, suggestion_id: str, *, lock: bool = False) -> Row[Any]:
    """Locked after its leads, always. Raises SuggestionNotFound; whether the caller sees the leads is not asked."""
    query = select(tables.lead_suggestion).where(_suggested.suggestion_id == suggestion_id)
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise SuggestionNotFound(suggestion_id=suggestion_id)
    return row


def decide(tx: Transaction, suggestion_id: str, state: str, reason: str) -> None:
    said = _said(tx, state, reason)
    tx.execute(update(tables.lead_suggestion).where(_suggested.suggestion_id == suggestion_id).values(said))


def decide_pair(tx: Transaction, leads: Collection[str], state: str, reason: str) -> None:
    """A merge or un-merge by hand answers the suggestion of the same two."""
    both = _suggested.lead_id.in_(leads) & _suggested.other_id.in_(leads)
    tx.execute(update(tables.lead_suggestion).where(both).values(_said(tx, state, reason)))


def _said(tx: Transaction, state: str, reason: str) -> dict[str, Any]:
    return {"state": state, "decided_by": tx.identity.subject, "decided_at": tx.now, "reason": reason}


def clocks_of(tx: Transaction, lead_id: str) -> list[dict[str, Any]]:
    """That run, as JSON holds them."""
    c = deadline.c
    query = select(c.kind, c.due_at, c.payload, c.policy_version).where(c.subject_id == lead_id, PENDING)
    return [dict(row._mapping) | {"due_at": row.due_at.isoformat()} for row in tx.execute(query.order_by(c.kind))]


def change_columns(tx: Transaction, lead_id: str, columns: dict[str, Any]) -> None:
    """Of a locked lead, as they are stored."""
    if columns:
        tx.execute(update(tables.lead).where(_lead.lead_id == lead_id).values(columns | {"version": _lead.version + 1}))


def add_merge(tx: Transaction, values: dict[str, Any]) -> None:
    tx.execute(insert(tables.lead_merge).values(values))


def load_merge(tx: Transaction, merge_id: str, *, lock: bool = False) -> Row[Any]:
    """Raises MergeNotFound."""
    query = select(tables.lead_merge).where(_merge.merge_id == merge_id)
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise MergeNotFound(merge_id=merge_id)
    return row


def end_merge(tx: Transaction, merge_id: str, reason: str, at: datetime) -> None:
    values = {"unmerged_by": tx.identity.subject, "unmerged_at": at, "unmerge_reason": reason}
    tx.execute(update(tables.lead_merge).where(_merge.merge_id == merge_id).values(values))


def merges_of(tx: Transaction, lead_id: str) -> Sequence[Row[Any]]:
    """What was merged into a lead, and into what it was merged; the newest first."""
    query = select(tables.lead_merge, _lead.company_name).join(tables.lead, _lead.lead_id == _merge.merged_id)
    about = query.where((_merge.kept_id == lead_id) | (_merge.merged_id == lead_id))
    return tx.execute(about.order_by(_merge.merged_at.desc(), _merge.merge_id.desc())).all()
