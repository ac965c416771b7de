"""SQL of replays: the leads of the past, and what came of playing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, text, tuple_, update

from chassis.errors import NotFound
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.assignment.input_rules import Wanted
from leads.assignment.rules import Place
from leads.lead.rules import GONE, Grade, Position
from leads.replay.past_rules import Past

t = tables.policy_replay.c
# Whoever these were given to was no matter of the formula.
_FIXED = "('manual', 'customer_owner', 'customer_taker', 'claimed')"
_PAST = text(
    f"""
    SELECT lead.lead_id, coalesce(nullif(first.grade, ''), nullif(lead.grade, ''), 'C') AS grade, lead.industry,
        lead.latitude, lead.longitude, lead.province, lead.city, lead.captured_at,
        coalesce(first.employee_id, '') AS owner, coalesce(first.how IN {_FIXED}, false) AS fixed,
        last.ended_at - first.assigned_at AS held
    FROM lead
    LEFT JOIN LATERAL (
        SELECT * FROM assignment WHERE assignment.lead_id = lead.lead_id ORDER BY assigned_at LIMIT 1
    ) AS first ON true
    LEFT JOIN LATERAL (
        SELECT nullif(max(coalesce(ended_at, 'infinity')), 'infinity') AS ended_at
        FROM assignment WHERE assignment.lead_id = lead.lead_id
    ) AS last ON true
    WHERE lead.captured_at >= :since AND lead.captured_at <= :until AND lead.state <> ALL (:gone)
        -- Nobody ever carried it: it has no length to be carried for.
        AND (lead.state <> 'disqualified' OR first.employee_id IS NOT NULL)
    ORDER BY lead.captured_at, lead.lead_id
    """  # noqa: S608
)


class ReplayNotFound(NotFound):
    en = "There is no replay {replay_id}."
    zh = "策略回放 {replay_id} 不存在。"


def past(tx: Transaction, since: datetime, until: datetime) -> list[Past]:
    """Leads captured in between, the oldest first, with their first owners."""
    return [
        Past(
            Wanted(row.lead_id, Grade(row.grade), row.industry, _place(row)),
            row.captured_at,
            row.held,
            row.owner,
            row.fixed,
        )
        for row in tx.execute(_PAST, {"since": since, "until": until, "gone": sorted(GONE)})
    ]


def _place(row: Row[Any]) -> Place:
    known = row.latitude is not None and row.longitude is not None
    return Place(Position(row.latitude, row.longitude) if known else None, row.province, row.city)


def add(tx: Transaction, values: Mapping[str, Any]) -> None:
    tx.execute(insert(tables.policy_replay).values(values))


def running(tx: Transaction) -> Sequence[Row[Any]]:
    return tx.execute(select(tables.policy_replay).where(t.state == "running").order_by(t.started_at)).all()


def finish(tx: Transaction, replay_id: str, **values: Any) -> None:
    """Of one that runs still."""
    of_it = update(tables.policy_replay).where(t.replay_id == replay_id, t.state == "running")
    tx.execute(of_it.values(finished_at=tx.now, **values))


def load(tx: Transaction, replay_id: str) -> Row[Any]:
    """Raises ReplayNotFound."""
    row = tx.execute(select(tables.policy_replay).where(t.replay_id == replay_id)).one_or_none()
    if row is None:
        raise ReplayNotFound(replay_id=replay_id)
    return row


def list_replays(tx: Transaction, page: Page) -> tuple[Sequence[Row[Any]], str]:
    """The newest first."""
    query = select(tables.policy_replay)
    if page.after:
        place = datetime.fromisoformat(page.after["at"]), page.after["id"]
        query = query.where(tuple_(t.started_at, t.replay_id) < place)
    rows = tx.execute(query.order_by(t.started_at.desc(), t.replay_id.desc()).limit(page.limit)).all()
    return page.cut(rows, lambda row: {"at": row.started_at.isoformat(), "id": row.replay_id})
