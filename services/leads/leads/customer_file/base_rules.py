"""Edits of the base layer by several people at once: each field has the version since which it reads as it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chassis.errors import InvalidInput, Violation
from leads.normalise.name_rules import name_key, place_name
from leads.normalise.number_rules import FieldProblem, e164, valid_uscc

WORDS = {
    "name": ("name", "名称"),
    "customer_code": ("ERP number", "ERP 客户编号"),
    "uscc": ("unified social credit code", "统一社会信用代码"),
    "phone": ("phone number", "电话"),
    "customer_class": ("customer class", "客户类型"),
    "industry": ("industry", "行业"),
    "size": ("size", "企业规模"),
    "province": ("province", "省份"),
    "city": ("city", "城市"),
    "address": ("address", "地址"),
    "needs": ("needs", "需求"),
    "parent_customer_id": ("parent", "上级客户"),
}
_READ = {"uscc": valid_uscc, "phone": e164, "province": place_name, "city": place_name}


@dataclass(frozen=True)
class Clash:
    """A field that somebody has changed since the editor opened the file, to something else than the editor wants."""

    field: str
    held: str
    wanted: str

    @property
    def en(self) -> str:
        return f"{WORDS[self.field][0]} is “{self.held}” by now, not to become “{self.wanted}” unseen"

    @property
    def zh(self) -> str:
        return f"{WORDS[self.field][1]}现为“{self.held}”，您要改为“{self.wanted}”"


def clean(edit: Mapping[str, str]) -> dict[str, Any]:
    """Fields as they are stored. Raises InvalidInput with each that can't be read."""
    values: dict[str, Any] = {}
    problems = []
    for field, given in edit.items():
        try:
            values[field] = _READ.get(field, str.strip)(given)
        except FieldProblem as problem:
            problems.append(Violation(field, problem.violation.en, problem.violation.zh))
    if "name" in values and not values["name"]:
        problems.append(Violation("name", "is required.", "不能为空。"))
    if problems:
        raise InvalidInput.of(*problems)
    for field in {"customer_code", "parent_customer_id"} & values.keys():
        values[field] = values[field] or None
    return values | ({"name_key": name_key(values["name"])} if "name" in values else {})


def clashes(
    values: Mapping[str, Any], held: Mapping[str, Any], since: Mapping[str, int], seen_version: int
) -> list[Clash]:
    """`since`: field → version since which it reads as it does; `seen_version`: of the customer the editor saw."""
    return [
        Clash(field, str(held[field] or ""), str(wanted or ""))
        for field, wanted in values.items()
        if field in WORDS and since.get(field, 0) > seen_version and held[field] != wanted
    ]
