"""A row of an ERP's CSV as the record that the ERP's interface would have given (N1.1).

A cell that can't be read as its field's kind stays as it is: the record's own rules then say what is wrong with it.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

from chassis.kernel.calendar import SHANGHAI
from integration.erp.policy import ErpFilesPolicy

LINES = "Lines"
_DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")
_MOMENT = re.compile(_DAY.pattern + r"[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?")


@dataclass(frozen=True)
class Layout:
    """Columns of a file by their place: None for one that nothing is known of. `key`: field that names the record."""

    model: type[BaseModel]
    key: str
    fields: tuple[str | None, ...]

    @property
    def lacks(self) -> list[str]:
        """Fields that every record must have and no column holds."""
        needed = [each.alias or name for name, each in self.model.model_fields.items() if each.is_required()]
        return [each for each in needed if each not in self.fields]

    @property
    def has_lines(self) -> bool:
        return any(each is not None and each.startswith(f"{LINES}.") for each in self.fields)


def layout_of(header: Sequence[str], model: type[BaseModel], key: str, columns: Mapping[str, str]) -> Layout:
    named = model.model_fields[key].alias or key
    known = {each.alias or name for name, each in model.model_fields.items()}
    told = [columns.get(name.strip().strip("\ufeff"), name.strip().strip("\ufeff")) for name in header]
    return Layout(model, named, tuple(field if field.split(".")[0] in known else None for field in told))


def record_of(cells: Sequence[str], layout: Layout, policy: ErpFilesPolicy) -> dict[str, Any]:
    """Empty cells are absent."""
    record: dict[str, Any] = {}
    line: dict[str, Any] = {}
    kinds = _kinds(layout.model)
    for field, cell in zip(layout.fields, cells, strict=False):
        text = cell.strip()
        if field is None or not text:
            continue
        if field.startswith(f"{LINES}."):
            name = field.removeprefix(f"{LINES}.")
            line[name] = _value(text, _amount if name in ("Quantity", "Amount") else None, policy)
        else:
            record[field] = _value(text, kinds.get(field), policy)
    return record | {LINES: [line]} if line else record


@cache
def _kinds(model: type[BaseModel]) -> dict[str, Any]:
    return {each.alias or name: _kind(each.annotation) for name, each in model.model_fields.items()}


def _kind(annotation: Any) -> Any:
    """What reads a cell of this type; None for plain text."""
    if get_origin(annotation) in (Union, types.UnionType):
        return _kind(next(each for each in get_args(annotation) if each is not type(None)))
    if get_origin(annotation) is not None and hasattr(annotation, "__metadata__"):
        return _kind(get_args(annotation)[0])
    if get_origin(annotation) is list:
        return list
    if annotation is AwareDatetime or annotation is datetime:
        return _moment
    if annotation is date:
        return _day
    if annotation in (Decimal, int):
        return _amount
    if annotation is bool or (isinstance(annotation, type) and issubclass(annotation, Enum)):
        return bool
    return None


def _value(text: str, kind: Any, policy: ErpFilesPolicy) -> Any:
    if kind is list:
        return [each.strip() for each in re.split(f"[{re.escape(policy.between_names)}]", text) if each.strip()]
    if kind is bool:
        word = policy.words.get(text, text)
        return {"true": True, "false": False}.get(word.lower(), word)
    return kind(text) if kind is not None else text


def _amount(text: str) -> str:
    return re.sub(r"(?<=\d),(?=\d{3})", "", text.replace("￥", "").replace("¥", "")).strip()


def _day(text: str) -> str:
    found = _DAY.fullmatch(text) or _MOMENT.fullmatch(text)
    return "-".join(f"{int(part):02d}" for part in found.groups()[:3]) if found else text


def _moment(text: str) -> str:
    """Without a zone, Shanghai's; a day alone is its beginning."""
    found = _MOMENT.fullmatch(text) or _DAY.fullmatch(text)
    if found is None:
        return text
    year, month, day, hour, minute, second = (int(part or 0) for part in (*found.groups(), 0, 0, 0)[:6])
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=SHANGHAI).isoformat()
    except ValueError:
        return text
