"""Examples that keep the rules: made from names and constraints, and shown only if the door itself accepts them."""

from __future__ import annotations

import re
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from chassis.errors import InvalidInput
from gateway.contracts import Rpc
from gateway.intake.findings import Findings
from gateway.intake.message import fill
from gateway.openapi import constraints
from gateway.shapes import holder, is_map, is_own_message, map_key, map_value, rules

F = FieldDescriptor
DEEPEST = 6
UUID = "01957f3e-7c00-7d4e-9a3b-5d2f8e6c1a90"
_WELL_KNOWN: dict[str, Any] = {
    "google.protobuf.Timestamp": "2026-03-10T02:00:00Z",
    "google.protobuf.Duration": "90s",
    "google.protobuf.Struct": {},
    "google.protobuf.ListValue": [],
    "google.protobuf.Value": "x",
    "google.protobuf.StringValue": "x",
    "google.protobuf.BytesValue": "5L2g5aW9",
    "google.protobuf.BoolValue": True,
    "google.protobuf.Int32Value": 1,
    "google.protobuf.UInt32Value": 1,
    "google.protobuf.Int64Value": "1",
    "google.protobuf.UInt64Value": "1",
    "google.protobuf.DoubleValue": 0.5,
    "google.protobuf.FloatValue": 0.5,
}
# What a text of this name looks like; the first that keeps the field's rules is taken.
_TEXTS: tuple[tuple[str, str], ...] = (
    (r"request_id", "web-7f3a"),
    (r"etag", "7"),
    (r"employee_id|owner_id|salesperson_id|manager_id|recipient_id|.*_by|actor", "E00123"),
    (r"unit|path", "/HQ/EAST/HZ1/"),
    (r".*(company|customer)_?name|company", "杭州临安电子有限公司"),
    (r"contact_name|name|.*_name", "李明"),
    (r"groups", "leads.CaptureService"),
    (r"phone|callee|caller|.*_phone|.*_number_e164", "+8613800138000"),
    (r"uscc", "91330185MA2CFABC2X"),
    (r"city", "杭州"),
    (r"province", "浙江"),
    (r"contract_number", "HT-2026-0310"),
    (r".*_code", "C10023"),
    (r"file_id", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    (r"reason|note|text|.*_zh|content|summary", "客户要求下周演示"),
    (r"currency", "CNY"),
    (r".*email", "li.ming@example.com"),
)
_FALLBACKS = ("2026-03-10", "2026-03", "2026", "a1", "A1", "1", "0.5", "10:00", "assignment", "CNY", "x")


def body(rpc: Rpc) -> dict[str, Any] | None:
    """A body that the door accepts, None when none could be made."""
    made = message(rpc.takes)
    try:
        fill(rpc.request(), made, Findings())
    except InvalidInput:
        return None
    return {name: value for name, value in made.items() if name not in _in_the_address(rpc)}


def answer(rpc: Rpc) -> dict[str, Any]:
    return message(rpc.gives)


def message(of: Descriptor, depth: int = 0) -> dict[str, Any]:
    fields = [field for field in of.fields if not _rival(field)]
    made = {field.json_name: value(field, depth) for field in fields if depth < DEEPEST or not field.message_type}
    return {name: each for name, each in made.items() if each is not None}


def value(field: FieldDescriptor, depth: int = 0) -> Any:
    if is_map(field):
        return {_key(map_key(field)): _single(map_value(field), rules(map_value(field)), depth)}
    if field.is_repeated:
        listed = rules(field).repeated
        return [_single(field, listed.items, depth)] * max(1, listed.min_items)
    return _single(field, rules(field), depth)


def _key(field: FieldDescriptor) -> str:
    return {F.TYPE_STRING: "key", F.TYPE_BOOL: "true"}.get(field.type, "1")


def _single(field: FieldDescriptor, own: Any, depth: int) -> Any:
    if field.message_type is not None:
        held = holder(field)
        return message(held, depth + 1) if is_own_message(held) else _WELL_KNOWN.get(held.full_name)
    if field.enum_type is not None:
        allowed = constraints.names(field, own)
        return next((each for each in allowed if not each.endswith("_UNSPECIFIED")), allowed[0])
    if field.type == F.TYPE_STRING:
        return _text(field.name, own.string)
    if field.type == F.TYPE_BOOL:
        return True
    if field.type == F.TYPE_BYTES:
        return "5L2g5aW9"
    return _number(field, own)


def _text(name: str, own: Any) -> str | None:
    if own.uuid:
        return UUID
    if listed := list(getattr(own, "in")):
        return str(listed[0])
    named = [text for pattern, text in _TEXTS if re.fullmatch(pattern, name)]
    dated = ["2026-03-10"] if name.endswith("_on") else []
    guesses = [*dated, *named, *_FALLBACKS, UUID]
    return next((each for each in guesses if _keeps(each, own)), None)


def _keeps(text: str, own: Any) -> bool:
    if own.HasField("pattern") and not re.search(own.pattern, text):
        return False
    if own.HasField("max_len") and len(text) > own.max_len:
        return False
    return (len(text) >= own.min_len and not own.email) or "@" in text


def _number(field: FieldDescriptor, own: Any) -> Any:
    if field.type in (F.TYPE_DOUBLE, F.TYPE_FLOAT):
        return _within(own, 0.5)
    if field.name == "fen":
        return "5200000"
    made = _within(own, 1)
    long = field.type in (F.TYPE_INT64, F.TYPE_UINT64, F.TYPE_SINT64, F.TYPE_FIXED64, F.TYPE_SFIXED64)
    return str(made) if long else made


def _within(own: Any, wish: float) -> Any:
    kind = own.WhichOneof("type")
    held = getattr(own, kind) if kind else None
    if held is None or not hasattr(held, "gte"):
        return wish
    low = held.gte if held.HasField("gte") else held.gt + 1 if held.HasField("gt") else wish
    high = held.lte if held.HasField("lte") else held.lt - 1 if held.HasField("lt") else wish
    return max(low, wish) if wish < low else min(high, wish) if wish > high else wish


def _rival(field: FieldDescriptor) -> bool:
    """Of a choice only the first is shown."""
    group = field.containing_oneof
    if group is None or len(group.fields) < 2:
        return False
    return bool(group.fields[0].name != field.name)


def _in_the_address(rpc: Rpc) -> set[str]:
    return {field.json_name for field in rpc.takes.fields if field.name in rpc.template.fields}
