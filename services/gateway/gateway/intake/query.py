"""Query parameters and path variables as the same tree a JSON body gives: `page.size=20&states=A&states=B`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.intake.findings import Findings, Words, join
from gateway.intake.message import UNKNOWN_FIELD, did_you_mean
from gateway.intake.scalars import F
from gateway.intake.strict_json import NotFinite, Object
from gateway.names import rest_path
from gateway.shapes import by_json_name, holder, is_map

UTF8: Words = ("is not valid UTF-8", "不是有效的 UTF-8")
ONCE: Words = ("must be given once", "只能出现一次")
BODY_ONLY: Words = ("can't be given in the address", "不能通过地址参数传递")
MOST_PARAMETERS = 200
TOO_MANY: Words = (f"has more than {MOST_PARAMETERS} parameters", f"参数超过 {MOST_PARAMETERS} 个")

_WHOLE = re.compile(r"-?\d{1,20}")
_REAL = re.compile(r"-?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?")
_PLUS_EATEN = re.compile(r" (?=\d\d:\d\d$)")
_REALS = (F.TYPE_DOUBLE, F.TYPE_FLOAT)
_TEXTS = (F.TYPE_STRING, F.TYPE_BYTES, F.TYPE_ENUM)

Parameters = dict[str, list[str]]


def parameters(raw: bytes, findings: Findings) -> Parameters:
    """Names and values in order, percent-decoded; `+` is a blank, as forms write it."""
    found: Parameters = {}
    pieces = [each for each in raw.split(b"&") if each]
    if len(pieces) > MOST_PARAMETERS:
        findings.refuse("?", TOO_MANY, "TOO_MANY")
        return {}
    for piece in pieces:
        name, _, value = piece.partition(b"=")
        try:
            text = _decoded(value)
            found.setdefault(_decoded(name), []).append(text)
        except UnicodeDecodeError:
            findings.refuse(_decoded(name, errors="replace"), UTF8, "UTF8")
    return found


def tree(message: Descriptor, given: Parameters, findings: Findings) -> Object:
    """The parameters as nested objects. What has no place is noted."""
    root = Object()
    for name, values in given.items():
        field = _place(message, name.split("."))
        if field is None:
            findings.refuse(join("", name), _unknown_words(message, name), "UNKNOWN_FIELD")
        elif is_map(field) or not _is_plain(field):
            findings.refuse(name, BODY_ONLY, "BODY_ONLY")
        elif len(values) > 1 and not field.is_repeated:
            findings.refuse(name, ONCE, "ONCE")
        else:
            read = [from_text(field, each) for each in values]
            put(root, name.split("."), read if field.is_repeated else read[0])
    return root


def from_text(field: FieldDescriptor, text: str) -> Any:
    """The JSON value that a text means for this field. Text that means none stays, to be refused with its reason."""
    kind = field.type
    if kind in _TEXTS:
        return text
    if kind == F.TYPE_BOOL:
        return {"true": True, "false": False}.get(text, text)
    if kind == F.TYPE_MESSAGE:
        # A raw `+08:00` arrives as " 08:00".
        return _PLUS_EATEN.sub("+", text)
    if kind in _REALS:
        return _real(text)
    return int(text) if _WHOLE.fullmatch(text) else text


def put(root: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        root = root.setdefault(name, Object())
    root[path[-1]] = value


def without(given: Parameters, *names: str) -> Parameters:
    return {name: values for name, values in given.items() if name not in names}


def _decoded(data: bytes, errors: str = "strict") -> str:
    return unquote_to_bytes(data.replace(b"+", b" ")).decode(errors=errors)


def _place(message: Descriptor, path: list[str]) -> FieldDescriptor | None:
    field = by_json_name(message).get(path[0])
    if field is None or len(path) == 1:
        return field
    if field.message_type is None or field.is_repeated:
        return None
    return _place(holder(field), path[1:])


def _is_plain(field: FieldDescriptor) -> bool:
    if field.message_type is None:
        return True
    return holder(field).full_name in ("google.protobuf.Timestamp", "google.protobuf.Duration")


def _real(text: str) -> Any:
    if text in ("NaN", "Infinity", "-Infinity"):
        return NotFinite(text)
    return float(text) if _REAL.fullmatch(text) else text


def _unknown_words(message: Descriptor, name: str) -> Words:
    meant = rest_path(name)
    if meant == name or _place(message, meant.split(".")) is None:
        return UNKNOWN_FIELD
    return did_you_mean(meant)
