"""SQL of the concentration guard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, insert, or_, select, text, tuple_, update

from chassis.access import visible_rows
from chassis.errors import NotFound
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.assignment.concentration_rules import Given
from leads.lead.rules import Grade

_given, _rep, _pause = tables.assignment.c, tables.rep.c, tables.rep_pause.c
# Built once: every owner lock asks it.
_GIVEN = text("""
    SELECT asked.employee_id, count(given.team) AS to_team,
        count(given.team) FILTER (WHERE given.employee_id = asked.employee_id) AS to_rep
    FROM unnest(CAST(:reps AS text[]), CAST(:teams AS text[]), CAST(:since AS timestamptz[]))
        AS asked (employee_id, team, since)
    LEFT JOIN assignment AS given ON given.team = asked.team AND given.assigned_at > asked.since
        AND given.how <> 'handover'
    GROUP BY asked.employee_id
""")


class PauseNotFound(NotFound):
    en = "There is no pause {pause_id}."
    zh = "暂停记录 {pause_id} 不存在。"


def given(tx: Transaction, since: Mapping[str, tuple[str, datetime]]) -> dict[str, Given]:
    """Assignments of each rep's team since then, ended ones too; by employee → team and instant. What was handed over
    was split by other rules and says nothing about an account (LD10.1)."""
    asked = {
        "reps": list(since),
        "teams": [team for team, _ in since.values()],
        "since": [instant for _, instant in since.values()],
    }
    return {row.employee_id: Given(int(row.to_rep), int(row.to_team)) for row in tx.execute(_GIVEN, asked)}


def eligible(tx: Transaction, team: str, grade: Grade) -> int:
    """Active reps of the team that may take the grade and are not paused themselves."""
    is_rep = or_(_rep.duties.contains(["rep"]), (_rep.duties == []) & (_rep.position == "sales_rep"))
    allowed = or_(_rep.grades == [], _rep.grades.contains([grade.value]))
    query = select(func.count()).where(_rep.team == team, _rep.status == "active", _rep.paused_at.is_(None))
    return int(tx.execute(query.where(is_rep, allowed)).scalar_one())


def pause(tx: Transaction, row: dict[str, Any]) -> None:
    """The rep's row is locked. A pause that is open already stays as it is."""
    tx.execute(insert(tables.rep_pause).values(row))
    tx.execute(update(tables.rep).where(_rep.employee_id == row["employee_id"]).values(paused_at=row["paused_at"]))


def clear(tx: Transaction, pause_id: str, employee_id: str, reason: str) -> None:
    """The rep's row is locked."""
    ended = {"cleared_at": tx.now, "cleared_by": tx.identity.subject, "clear_reason": reason}
    tx.execute(update(tables.rep_pause).where(_pause.pause_id == pause_id).values(ended))
    tx.execute(update(tables.rep).where(_rep.employee_id == employee_id).values(paused_at=None, counted_from=tx.now))


def load(tx: Transaction, pause_id: str) -> Row[Any]:
    """Raises PauseNotFound, also for one that is not the caller's to see."""
    row = tx.execute(_visible(tx).where(_pause.pause_id == pause_id)).one_or_none()
    if row is None:
        raise PauseNotFound(pause_id=pause_id)
    return row


def listed(tx: Transaction, page: Page, *, open_only: bool) -> Sequence[Row[Any]]:
    """Newest first."""
    query = _visible(tx).order_by(_pause.paused_at.desc(), _pause.pause_id.desc()).limit(page.limit)
    if open_only:
        query = query.where(_pause.cleared_at.is_(None))
    if page.after:
        last = (datetime.fromisoformat(page.after["at"]), page.after["id"])
        query = query.where(tuple_(_pause.paused_at, _pause.pause_id) < last)
    return tx.execute(query).all()


def _visible(tx: Transaction) -> Select[Any]:
    people = tables.rep_pause.outerjoin(tables.rep, _rep.employee_id == _pause.employee_id)
    query = select(tables.rep_pause, func.coalesce(_rep.name, "").label("name")).select_from(people)
    return query.where(visible_rows(tx.identity, _pause.employee_id, _pause.unit))
