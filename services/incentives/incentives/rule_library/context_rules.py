"""The typed order context that rules see (I1.1). Money is whole fen, days are whole days, times are ISO texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    NUMBER = "number"
    TEXT = "string"
    TRUTH = "boolean"
    LIST = "list"
    OBJECT = "object"


# Field → kind, and what people call it in both languages.
FIELDS: Mapping[str, tuple[Kind, str, str]] = {
    "deal.amountFen": (Kind.NUMBER, "order amount", "订单金额"),
    "deal.signedAt": (Kind.TEXT, "signed at", "签约时间"),
    "deal.technicalService": (Kind.TRUTH, "technical service", "含技术服务条款"),
    "deal.contractNumber": (Kind.TEXT, "contract", "合同号"),
    "deal.lines": (Kind.LIST, "order lines", "订单明细"),
    "customer.class": (Kind.TEXT, "customer class", "客户类别"),
    "customer.grade": (Kind.TEXT, "customer grade", "客户等级"),
    "customer.industry": (Kind.TEXT, "industry", "行业"),
    "customer.code": (Kind.TEXT, "customer code", "客户编码"),
    "customer.version": (Kind.NUMBER, "customer record version", "客户档案版本"),
    "rep.id": (Kind.TEXT, "rep", "销售"),
    "rep.tenureDays": (Kind.NUMBER, "days of tenure", "入职天数"),
    "rep.position": (Kind.TEXT, "position", "岗位"),
    "history.customerOrderNumber": (Kind.NUMBER, "order number of the customer", "客户第几单"),
    "history.repOrderNumber": (Kind.NUMBER, "order number of the rep", "销售第几单"),
}
LINE_FIELDS: Mapping[str, Kind] = {
    "productCode": Kind.TEXT,
    "productName": Kind.TEXT,
    "quantity": Kind.TEXT,
    "amountFen": Kind.NUMBER,
}
ROOTS = tuple(dict.fromkeys(path.split(".")[0] for path in FIELDS))
SAMPLE: Mapping[str, Any] = {
    "deal": {
        "amountFen": 100_00,
        "signedAt": "2026-01-01T00:00:00+00:00",
        "technicalService": False,
        "contractNumber": "C",
        "lines": [{"productCode": "P", "productName": "P", "quantity": "1", "amountFen": 100_00}],
    },
    "customer": {"class": "A", "grade": "A", "industry": "I", "code": "C", "version": 1},
    "rep": {"id": "E", "tenureDays": 100, "position": "sales_rep"},
    "history": {"customerOrderNumber": 2, "repOrderNumber": 2},
}


def kind_of(path: str) -> Kind | None:
    """None for a path that is no part of the context."""
    return Kind.OBJECT if path in ROOTS else FIELDS[path][0] if path in FIELDS else None


def whole_numbers(value: Any) -> Any:
    """The context with whole doubles as whole numbers: JSON from a Struct knows doubles only."""
    if isinstance(value, Mapping):
        return {name: whole_numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [whole_numbers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def wrong_fields(context: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Path and what is wrong with it, in both languages."""
    given = dict(_flat(context))
    for path in FIELDS:
        if path not in given:
            yield path, "is missing", "缺失"
    for path, value in given.items():
        if path not in FIELDS:
            yield path, "is no field of the order context", "不是订单上下文的字段"
        elif not _fits(FIELDS[path][0], value):
            yield path, f"must be a {FIELDS[path][0]}", f"类型应为 {FIELDS[path][0]}"
    yield from _wrong_lines(given.get("deal.lines"))


def _wrong_lines(lines: Any) -> Iterator[tuple[str, str, str]]:
    for number, line in enumerate(lines if isinstance(lines, list) else []):
        fields = line if isinstance(line, Mapping) else {}
        if set(fields) != set(LINE_FIELDS) or any(not _fits(LINE_FIELDS[name], fields[name]) for name in fields):
            path = f"deal.lines[{number}]"
            yield path, f"needs exactly {', '.join(LINE_FIELDS)}", f"应恰好包含 {'、'.join(LINE_FIELDS)}"


def _flat(context: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for root, fields in context.items():
        if isinstance(fields, Mapping) and root in ROOTS:
            yield from ((f"{root}.{name}", value) for name, value in fields.items())
        else:
            yield root, fields


def _fits(kind: Kind, value: Any) -> bool:
    match kind:
        case Kind.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Kind.TEXT:
            return isinstance(value, str)
        case Kind.TRUTH:
            return isinstance(value, bool)
        case Kind.LIST:
            return isinstance(value, list)
        case Kind.OBJECT:
            return isinstance(value, Mapping)
