"""Messages that have a JSON form of their own: instants, spans, free JSON."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from gateway.intake import scalars
from gateway.intake.findings import REFUSED, Findings, Words, join
from gateway.intake.scalars import Reader
from gateway.intake.strict_json import NotFinite, Object

INSTANT: Words = (
    'must be an instant with its offset, such as "2026-03-10T10:00:00+08:00"',
    '必须是带时区的时间，例如 "2026-03-10T10:00:00+08:00"',
)
SPAN: Words = ('must be seconds, such as "90s"', '必须是秒数，例如 "90s"')
OBJECT: Words = ("must be an object", "必须是对象")
LIST: Words = ("must be a list", "必须是列表")
DOUBLED: Words = ("is there more than once", "重复出现")
EXACT: Words = ("is a whole number too large to be kept exactly; write it as text", "整数过大无法精确保存，请写成文本")

_INSTANT = re.compile(
    r"(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?P<part>\.\d{1,9})?(?P<zone>Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
)
_SPAN = re.compile(r"-?(0|[1-9]\d{0,11})(\.\d{1,9})?s")
_EXACT = 2**53


def instant(value: Any, path: str, findings: Findings) -> Any:
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None or not _on_the_calendar(found["moment"] + found["zone"]):
        return findings.refuse(path, INSTANT, "INSTANT")
    return value


def span(value: Any, path: str, findings: Findings) -> Any:
    if isinstance(value, str) and _SPAN.fullmatch(value) and abs(float(value[:-1])) <= 315_576_000_000:
        return value
    return findings.refuse(path, SPAN, "SPAN")


def free_object(value: Any, path: str, findings: Findings) -> Any:
    if not isinstance(value, dict):
        return findings.refuse(path, OBJECT, "OBJECT")
    return free_value(value, path, findings)


def free_list(value: Any, path: str, findings: Findings) -> Any:
    if not isinstance(value, list):
        return findings.refuse(path, LIST, "LIST")
    return free_value(value, path, findings)


def free_value(value: Any, path: str, findings: Findings) -> Any:
    """Any JSON that survives the way: finite, exact, storable."""
    match value:
        case None | bool():
            return value
        case dict():
            return _free_members(value, path, findings)
        case list():
            read = [free_value(each, f"{path}[{index}]", findings) for index, each in enumerate(value)]
            return REFUSED if any(each is REFUSED for each in read) else read
        case str():
            return scalars.text(value, path, findings)
        case int() if abs(value) > _EXACT:
            return findings.refuse(path, EXACT, "EXACT")
        case NotFinite():
            return findings.refuse(path, scalars.FINITE, "FINITE")
        case _:
            return scalars.READERS[scalars.F.TYPE_DOUBLE](value, path, findings)


def _free_members(value: dict[str, Any], path: str, findings: Findings) -> Any:
    for name in value.doubled if isinstance(value, Object) else ():
        findings.refuse(join(path, name), DOUBLED, "DOUBLED")
    before = len(findings.violations)
    for name in value:
        scalars.text(name, path, findings)
    read = {name: free_value(each, join(path, name), findings) for name, each in value.items()}
    return REFUSED if len(findings.violations) > before else read


def _on_the_calendar(text: str) -> bool:
    """Year 1 to 9999 in UTC too, which is as far as protobuf's instants reach."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).year >= 1
    except (ValueError, OverflowError):
        return False


READERS: dict[str, Reader] = {
    "google.protobuf.Timestamp": instant,
    "google.protobuf.Duration": span,
    "google.protobuf.Struct": free_object,
    "google.protobuf.ListValue": free_list,
    "google.protobuf.Value": free_value,
    "google.protobuf.StringValue": scalars.text,
    "google.protobuf.BytesValue": scalars.binary,
    "google.protobuf.BoolValue": scalars.boolean,
    "google.protobuf.Int32Value": scalars.READERS[scalars.F.TYPE_INT32],
    "google.protobuf.UInt32Value": scalars.READERS[scalars.F.TYPE_UINT32],
    "google.protobuf.Int64Value": scalars.READERS[scalars.F.TYPE_INT64],
    "google.protobuf.UInt64Value": scalars.READERS[scalars.F.TYPE_UINT64],
    "google.protobuf.DoubleValue": scalars.READERS[scalars.F.TYPE_DOUBLE],
    "google.protobuf.FloatValue": scalars.READERS[scalars.F.TYPE_FLOAT],
}
