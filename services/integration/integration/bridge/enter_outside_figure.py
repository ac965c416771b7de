"""Enter a figure that somebody else tells, to have it explained: its rows, a total, or both (N7.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row

from chassis.errors import Violation
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from integration.bridge import store
from integration.bridge.errors import NoFigure, OutsideFigureNotFound
from integration.bridge.outside_rules import OutsideRow


@dataclass(frozen=True)
class Told:
    """`total_fen` is None when only rows are told. `source`: where it stood."""

    name: str
    first_on: date
    last_on: date
    total_fen: int | None
    file_id: str
    source: str


def enter_outside_figure(tx: Transaction, told: Told, rows: Sequence[OutsideRow]) -> Row[Any]:
    """It moves no figure of ours."""
    if told.total_fen is None and not rows:
        error = NoFigure()
        error.violations = (Violation("total", NoFigure.en, NoFigure.zh),)
        raise error
    total = sum(each.fen for each in rows) if told.total_fen is None else told.total_fen
    figure_id = new_id()
    store.add_figure(
        tx,
        rows,
        id=figure_id,
        name=told.name,
        first_on=told.first_on,
        last_on=told.last_on,
        total_fen=total,
        rows=len(rows),
        file_id=told.file_id,
        source=told.source,
        entered_by=tx.identity.subject,
        entered_at=tx.now,
    )
    after = {"name": told.name, "fen": total, "rows": len(rows), "source": told.source}
    tx.audit(action="outside_figure.enter", entity="outside_figure", entity_id=figure_id, after=after)
    return get_outside_figure(tx, figure_id)


def get_outside_figure(tx: Transaction, figure_id: str) -> Row[Any]:
    row = store.figure(tx, figure_id)
    if row is None:
        raise OutsideFigureNotFound(figure_id=figure_id)
    return row
