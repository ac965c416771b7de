"""JSON → message, judged field by field: one spelling, one type, no unknown name, everything wrong at once."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from chassis.errors import InvalidInput
from chassis.rpc.violations import check
from gateway.intake import scalars, well_known
from gateway.intake.findings import LONGEST_NAME, REFUSED, Findings, Words, join
from gateway.intake.strict_json import Object
from gateway.names import rest_path
from gateway.shapes import by_json_name, choices, descriptor_of, holder, is_map, map_key, map_value

M = TypeVar("M", bound=Message)

UNKNOWN_FIELD: Words = ("is not a field here", "此处没有这个字段")
NULL: Words = ("must not be null; leave it out instead", "不能为 null，没有值时请省略该字段")
CHOICE: Words = ("must be one of {names}", "必须是以下之一：{names}")
ONE_OF: Words = ("can't be given together with {other}", "不能与 {other} 同时填写")
KEY: Words = ("has a key that is not valid", "键名无效")


def fill(message: M, value: Any, findings: Findings) -> M:
    """Fill from parsed JSON and check the contract's rules.

    Raises InvalidInput with all violations: those noted before, of spelling and type, and of the rules.
    """
    content = read_object(descriptor_of(message), value, "", findings)
    if content is not REFUSED:
        _parse(message, content, findings)
        _check_rules(message, findings)
    findings.raise_if_any()
    return message


def read_object(message: Descriptor, value: Any, path: str, findings: Findings) -> Any:
    """The fields that are right. What is wrong is noted and left out."""
    if not isinstance(value, dict):
        return findings.refuse(path, well_known.OBJECT, "OBJECT")
    for name in value.doubled if isinstance(value, Object) else ():
        findings.refuse(join(path, name), well_known.DOUBLED, "DOUBLED")
    fields = by_json_name(message)
    read = {}
    for name, each in value.items():
        place = join(path, name)
        field = fields.get(name)
        found = _unknown(name, fields, place, findings) if field is None else _field(field, each, place, findings)
        if found is not REFUSED:
            read[name] = found
    _refuse_rivals(message, read, path, findings)
    return read


def _field(field: FieldDescriptor, value: Any, path: str, findings: Findings) -> Any:
    if value is None and not _takes_null(field):
        return findings.refuse(path, NULL, "NULL")
    if is_map(field):
        return _map(field, value, path, findings)
    if not field.is_repeated:
        return _single(field, value, path, findings)
    if not isinstance(value, list):
        return findings.refuse(path, well_known.LIST, "LIST")
    # Indices of what is left would no longer fit the request, so one bad entry takes the list out.
    read = [_item(field, each, f"{path}[{index}]", findings) for index, each in enumerate(value)]
    return REFUSED if any(each is REFUSED for each in read) else read


def _item(field: FieldDescriptor, value: Any, path: str, findings: Findings) -> Any:
    if value is None and not _takes_null(field):
        return findings.refuse(path, NULL, "NULL")
    return _single(field, value, path, findings)


def _single(field: FieldDescriptor, value: Any, path: str, findings: Findings) -> Any:
    if field.enum_type is not None:
        return _choice(field, value, path, findings)
    if field.message_type is None:
        return scalars.READERS[field.type](value, path, findings)
    reader = well_known.READERS.get(holder(field).full_name)
    return reader(value, path, findings) if reader else read_object(holder(field), value, path, findings)


def _choice(field: FieldDescriptor, value: Any, path: str, findings: Findings) -> Any:
    """By name only: a number means nothing to a reader and may be unknown here."""
    names = list(choices(field).values_by_name)
    if isinstance(value, str) and value in names:
        return value
    listed = ", ".join(names[:40])
    return findings.refuse(path, (CHOICE[0].format(names=listed), CHOICE[1].format(names=listed)), "CHOICE")


def _map(field: FieldDescriptor, value: Any, path: str, findings: Findings) -> Any:
    if not isinstance(value, dict):
        return findings.refuse(path, well_known.OBJECT, "OBJECT")
    for name in value.doubled if isinstance(value, Object) else ():
        findings.refuse(f"{path}[{name}]", well_known.DOUBLED, "DOUBLED")
    read = {}
    for name, each in value.items():
        place = f"{path}[{name}]"
        if not _is_key(map_key(field), name):
            findings.refuse(place, KEY, "KEY")
            continue
        read[name] = _item(map_value(field), each, place, findings)
    return REFUSED if any(each is REFUSED for each in read.values()) else read


def _is_key(field: FieldDescriptor, name: str) -> bool:
    trial = Findings()
    if field.type == FieldDescriptor.TYPE_STRING:
        scalars.text(name, "", trial)
    elif field.type == FieldDescriptor.TYPE_BOOL:
        return name in ("true", "false")
    else:
        digits = name.removeprefix("-")
        scalars.READERS[field.type](int(name) if digits.isascii() and digits.isdigit() else name, "", trial)
    return not trial.violations


def _unknown(name: str, fields: dict[str, FieldDescriptor], path: str, findings: Findings) -> Any:
    meant = "" if findings.full or len(name) > LONGEST_NAME else _meant(name, fields)
    if not meant:
        return findings.refuse(path, UNKNOWN_FIELD, "UNKNOWN_FIELD")
    return findings.refuse(path, did_you_mean(meant), "UNKNOWN_FIELD")


def did_you_mean(name: str) -> Words:
    return (f"{UNKNOWN_FIELD[0]}; did you mean “{name}”?", f"{UNKNOWN_FIELD[1]}，是否应为“{name}”？")


def _meant(name: str, fields: dict[str, FieldDescriptor]) -> str:
    return rest_path(name) if rest_path(name) in fields else next(iter(difflib.get_close_matches(name, fields, 1)), "")


def _refuse_rivals(message: Descriptor, read: dict[str, Any], path: str, findings: Findings) -> None:
    for group in message.oneofs:
        given = [each.json_name for each in group.fields if each.json_name in read]
        for name in given[1:]:
            words = (ONE_OF[0].format(other=given[0]), ONE_OF[1].format(other=given[0]))
            findings.refuse(join(path, name), words, "ONE_OF")
            del read[name]


def _takes_null(field: FieldDescriptor) -> bool:
    return field.message_type is not None and holder(field).full_name == "google.protobuf.Value"


def _parse(message: Message, content: dict[str, Any], findings: Findings) -> None:
    try:
        json_format.ParseDict(content, message)
    except (json_format.ParseError, ValueError, TypeError):
        # Everything is judged above; should protobuf know better, its words stay inside.
        findings.refuse("", ("can't be read", "无法解析"), "UNREADABLE")


def _check_rules(message: Message, findings: Findings) -> None:
    try:
        check(message)
    except InvalidInput as found:
        # A field that was left out above must not be called missing now.
        told = [(rest_path(each.field), each) for each in found.violations]
        findings.violations += [replace(each, field=place) for place, each in told if not findings.covers(place)]
