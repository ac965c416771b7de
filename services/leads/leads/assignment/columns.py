"""Rows of the roster as columns that the rules compute on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import Row

from leads.assignment.input_rules import Counts, Names, Reps
from leads.assignment.rules import Column
from leads.lead.rules import Grade

# Fields of Reps that one row of the roster gives; the rest are counted over many rows.
ROW_FIELDS = tuple(
    name
    for name in Reps.__dataclass_fields__
    if name not in {"limited", "won", "closed", "team_rate", "owed", "received"}
)
_PLACE = frozenset({"latitude", "longitude", "radius_km", "province", "city", "grades", "industries"})


def reps_of(rows: Sequence[Row[Any]]) -> Reps:
    """Sorted by employee id; conversion and fair turns are still empty."""
    ordered = sorted(rows, key=lambda row: str(row.employee_id))
    size = len(ordered)
    return Reps(
        employee_id=_names(row.employee_id for row in ordered),
        name=_names(row.name for row in ordered),
        number=_whole(row.number for row in ordered),
        status=_names(row.status for row in ordered),
        unit=_names(row.unit for row in ordered),
        team=_names(row.team for row in ordered),
        manager_id=_names(row.manager_id for row in ordered),
        position=_names(row.position for row in ordered),
        is_rep=np.array([_is_rep(row) for row in ordered], dtype=bool),
        hired_on=_whole(_ordinal(row.hired_on) for row in ordered),
        latitude=_numbers(row.latitude for row in ordered),
        longitude=_numbers(row.longitude for row in ordered),
        radius_km=_numbers(row.radius_km for row in ordered),
        province=_names(row.province for row in ordered),
        city=_names(row.city for row in ordered),
        grades=_names(frozenset(row.grades) for row in ordered),
        industries=_names(frozenset(row.industries) for row in ordered),
        limited=_limited([bool(row.grades or row.industries) for row in ordered]),
        baseline=_numbers(row.baseline for row in ordered),
        open_a=_whole(row.open_a for row in ordered),
        open_b=_whole(row.open_b for row in ordered),
        open_c=_whole(row.open_c for row in ordered),
        a_day=_whole(_ordinal(row.a_day) for row in ordered),
        a_taken=_whole(row.a_taken for row in ordered),
        last_assigned=_numbers(_seconds(row.last_assigned_at) for row in ordered),
        version=_whole(row.version for row in ordered),
        revision=_whole(row.revision for row in ordered),
        paused=np.array([row.paused_at is not None for row in ordered], dtype=bool),
        won=np.zeros(size, dtype=np.int64),
        closed=np.zeros(size, dtype=np.int64),
        team_rate=np.zeros(size),
        owed={grade: np.zeros(size) for grade in Grade},
        received={grade: np.zeros(size) for grade in Grade},
    )


@dataclass(frozen=True)
class Changed:
    """`reps` has the columns of before, changed in place at `positions`.

    `placed`: a territory, place, grade or industry is another one. `teams`: somebody is in another team.
    """

    reps: Reps
    positions: Counts
    placed: bool
    teams: bool


def take_changes(reps: Reps, rows: Sequence[Row[Any]]) -> Changed | None:
    """These reps as they are now; None when somebody is new and the columns have to be made anew."""
    fresh = reps_of(rows)
    found = [reps.find(str(each)) for each in fresh.employee_id]
    if None in found:
        return None
    positions = np.array(found, dtype=np.int64)
    differing = {name for name in ROW_FIELDS if not _same(getattr(reps, name)[positions], getattr(fresh, name))}
    for name in differing:
        getattr(reps, name)[positions] = getattr(fresh, name)
    placed = not differing.isdisjoint(_PLACE)
    if placed:
        limited = np.isin(np.arange(len(reps)), reps.limited)
        limited[positions] = np.isin(np.arange(len(fresh)), fresh.limited)
        reps = replace(reps, limited=np.flatnonzero(limited))
    return Changed(reps, positions, placed, "team" in differing)


def _same(before: Any, after: Any) -> bool:
    return np.array_equal(before, after, equal_nan=before.dtype.kind == "f")


def with_conversion(reps: Reps, closed: Iterable[Row[Any]]) -> Reps:
    """A leads won and closed by each rep and the rate of each team, members who left included (LD3.3)."""
    won, all_closed = np.zeros(len(reps), dtype=np.int64), np.zeros(len(reps), dtype=np.int64)
    for row in closed:
        at = reps.find(row.owner_id)
        if at is not None:
            won[at], all_closed[at] = row.won, row.closed
    _, team = np.unique(reps.team.astype(str), return_inverse=True)
    team_won, team_closed = np.bincount(team, won), np.bincount(team, all_closed)
    rate = team_won / np.maximum(team_closed, 1)
    return replace(reps, won=won, closed=all_closed, team_rate=rate[team])


def _limited(marks: list[bool]) -> Any:
    return np.flatnonzero(np.array(marks, dtype=bool))


def _is_rep(row: Row[Any]) -> bool:
    return "rep" in row.duties or (not row.duties and row.position == "sales_rep")


def _names(values: Iterable[object]) -> Names:
    found = list(values)
    column = np.empty(len(found), dtype=object)
    column[:] = found
    return column


def _whole(values: Iterable[int]) -> Any:
    return np.array(list(values), dtype=np.int64)


def _numbers(values: Iterable[float | None]) -> Column:
    return np.array([np.nan if each is None else each for each in values], dtype=float)


def _ordinal(day: date | None) -> int:
    return day.toordinal() if day else 0


def _seconds(at: datetime | None) -> float:
    return at.timestamp() if at else -np.inf
