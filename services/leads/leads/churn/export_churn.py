"""Reports of churn and repeat purchase, and the rows behind their numbers, as a sheet to take away (LD9.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from chassis.files import FileStore, StoredFile
from chassis.sheets import Cell, Form, written
from leads.churn.rules import ChurnFigure, RepeatFigure
from leads.roster.store import Person

_LIMIT = 1 << 28
_CHURN = ("天数", "分组", "名称", "有成交的客户", "期初活跃", "流失", "流失率", "未再成交")
_REPEAT = ("分组", "名称", "有成交的客户", "复购客户", "复购率")
_ROWS = ("客户编号", "客户", "等级", "客户类型", "负责人工号", "负责人", "团队", "省份", "门店", "最近成交", "成交天数")

People = Mapping[str, Person]


def export_churn(files: FileStore, figures: Sequence[ChurnFigure], people: People, form: Form, name: str) -> StoredFile:
    lines = (
        (
            *(each.days, each.group, _name(each.group, people)),
            *(each.buyers, each.active_before, each.lost, _rate(each.rate), each.gone),
        )
        for each in figures
    )
    return _put(files, form, _CHURN, lines, name)


def export_repeat(
    files: FileStore, figures: Sequence[RepeatFigure], people: People, form: Form, name: str
) -> StoredFile:
    lines = ((each.group, _name(each.group, people), each.buyers, each.repeated, _rate(each.rate)) for each in figures)
    return _put(files, form, _REPEAT, lines, name)


def export_rows(files: FileStore, rows: Sequence[Row[Any]], people: People, form: Form, name: str) -> StoredFile:
    return _put(files, form, _ROWS, _lines(rows, people), name)


def _lines(rows: Sequence[Row[Any]], people: People) -> Iterator[Sequence[Cell]]:
    for row in rows:
        yield (
            *(row.customer_id, row.name, row.grade, row.customer_class),
            *(row.owner_id, _name(row.owner_id, people), row.unit, row.province, row.store, row.last.isoformat()),
            row._mapping.get("days"),
        )


def _put(
    files: FileStore, form: Form, headings: Sequence[str], lines: Iterable[Sequence[Cell]], name: str
) -> StoredFile:
    return files.put(written(form, headings, lines), f"{name}.{form}", _LIMIT)


def _name(employee_id: str, people: People) -> str:
    return people[employee_id].name if employee_id in people else ""


def _rate(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 4)
