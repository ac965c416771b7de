"""SQL of taking an import back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Row, Uuid, any_, bindparam, delete, exists, func, insert, select, text

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.imports import store
from leads.lead import store as leads
from leads.lead.rules import Lead, State

_lead, _touch, _line, _given = tables.lead.c, tables.touch.c, tables.timeline.c, tables.assignment.c
_kept = tables.lead_import_kept.c
_IDS = bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))
_KINDS = (
    select(_line.lead_id, func.array_agg(_line.kind.distinct()).label("found")).where(_line.lead_id == any_(_IDS))
).group_by(_line.lead_id)
_HOWS = (
    select(_given.lead_id, func.array_agg(_given.how.distinct()).label("found")).where(_given.lead_id == any_(_IDS))
).group_by(_given.lead_id)
_OTHERS = select(_touch.lead_id).where(
    _touch.lead_id == any_(_IDS), _touch.import_id.is_distinct_from(bindparam("of_import"))
)
_TAKE_OFF = text("""
    UPDATE lead SET touches = lead.touches - gone.n, version = lead.version + 1, last_touch_at = coalesce(
        (SELECT max(at) FROM touch WHERE touch.lead_id = lead.lead_id), lead.captured_at)
    FROM (SELECT of_lead, count(*) AS n FROM unnest(CAST(:ids AS uuid[])) AS of_lead GROUP BY of_lead) AS gone
    WHERE lead.lead_id = gone.of_lead
""")


@dataclass(frozen=True)
class Done:
    """With a set of leads since they came in: kinds of timeline lines, ways to owners, touches from elsewhere."""

    kinds: dict[str, list[str]]
    hows: dict[str, list[str]]
    touched: set[str]


def lock_next(tx: Transaction, import_id: str, behind: str | None, most: int) -> list[Lead]:
    """Leads of the import that are neither withdrawn nor kept, behind the one named, locked in order of id."""
    is_kept = exists().where(_kept.import_id == import_id, _kept.lead_id == _lead.lead_id)
    query = select(tables.lead).where(_lead.import_id == import_id, _lead.state != State.WITHDRAWN.value, ~is_kept)
    if behind is not None:
        query = query.where(_lead.lead_id > behind)
    found = tx.execute(query.order_by(_lead.lead_id).limit(most).with_for_update())
    return [leads.from_row(row) for row in found]


def done_with(tx: Transaction, import_id: str, lead_ids: Collection[str]) -> Done:
    ids = {"ids": list(lead_ids)}
    return Done(
        kinds={row.lead_id: row.found for row in tx.execute(_KINDS, ids)},
        hows={row.lead_id: row.found for row in tx.execute(_HOWS, ids)},
        touched=set(tx.execute(_OTHERS, ids | {"of_import": import_id}).scalars()),
    )


def keep(
    tx: Transaction, import_id: str, stays: Mapping[str, tuple[str, str]], names: Mapping[str, str] | None = None
) -> None:
    """`names`: of what is no lead."""
    found = [
        {"import_id": import_id, "lead_id": each, "why": why, "why_zh": why_zh, "name": (names or {}).get(each, "")}
        for each, (why, why_zh) in stays.items()
    ]
    if found:
        tx.execute(insert(tables.lead_import_kept), found)


def next_touches(tx: Transaction, import_id: str, behind: str | None, most: int) -> list[Row[Any]]:
    """What the import appended to leads that it did not bring, behind the touch named; their leads are locked in order
    of id."""
    query = (
        select(_touch.touch_id, _touch.lead_id)
        .join(tables.lead, _lead.lead_id == _touch.lead_id)
        .where(_touch.import_id == import_id, _lead.import_id.is_distinct_from(import_id))
        .order_by(_touch.touch_id)
        .limit(most)
    )
    if behind is not None:
        query = query.where(_touch.touch_id > behind)
    found = list(tx.execute(query).all())
    leads.lock_all(tx, {row.lead_id for row in found})
    return found


def take_off(tx: Transaction, touches: Sequence[Row[Any]]) -> None:
    gone = delete(tables.touch).where(_touch.touch_id.in_([row.touch_id for row in touches])).returning(_touch.lead_id)
    tx.execute(_TAKE_OFF, {"ids": list(tx.execute(gone).scalars())})


def list_kept(tx: Transaction, import_id: str, page: Page) -> tuple[Sequence[Row[Any]], str]:
    """Raises ImportNotFound."""
    store.load(tx, import_id)
    query = (
        select(
            _kept.lead_id,
            _kept.why,
            _kept.why_zh,
            func.coalesce(_lead.company_name, _kept.name).label("company_name"),
            _lead.state,
        )
        .outerjoin(tables.lead, _lead.lead_id == _kept.lead_id)
        .where(_kept.import_id == import_id)
    )
    if page.after:
        query = query.where(_kept.lead_id > page.after["id"])
    rows = tx.execute(query.order_by(_kept.lead_id).limit(page.limit)).all()
    return page.cut(rows, lambda row: {"id": row.lead_id})
