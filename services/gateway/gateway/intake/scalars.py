"""Which JSON value a plain field takes. Each reader gives the value for protobuf or notes what is wrong."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from gateway.intake.findings import Findings, Words
from gateway.intake.strict_json import NotFinite

Reader = Callable[[Any, str, Findings], Any]

WHOLE_NUMBER: Words = ("must be a whole number, written without point or exponent", "必须是整数，不能带小数点或指数")
WHOLE_NUMBER_TEXT: Words = ('must be a whole number, such as "5200000"', '必须是整数，例如 "5200000"')
NUMBER: Words = ("must be a number", "必须是数值")
FINITE: Words = ("must be a finite number", "必须是有限数值")
OUT_OF_RANGE: Words = ("is beyond the range of numbers here", "超出数值范围")
TRUE_OR_FALSE: Words = ("must be true or false", "必须是 true 或 false")
TEXT: Words = ("must be text", "必须是文本")
STORABLE: Words = ("contains a character that can't be stored", "包含无法保存的字符")
BASE64: Words = ("must be text in Base64", "必须是 Base64 文本")

_DIGITS = re.compile(r"-?(0|[1-9][0-9]{0,19})")
_FLOAT_MAX = 3.4028234663852886e38
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
F = FieldDescriptor


def whole(low: int, high: int, *, as_text: bool) -> Reader:
    """`as_text`: 64 bits don't fit JavaScript's numbers, so they may be (and are answered as) text."""

    def read(value: Any, path: str, findings: Findings) -> Any:
        if as_text and isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            return findings.refuse(path, WHOLE_NUMBER_TEXT if as_text else WHOLE_NUMBER, "WHOLE_NUMBER")
        if not low <= value <= high:
            return findings.refuse(path, OUT_OF_RANGE, "OUT_OF_RANGE")
        return value

    return read


def real(largest: float) -> Reader:
    def read(value: Any, path: str, findings: Findings) -> Any:
        if isinstance(value, NotFinite) or value in (math.inf, -math.inf):
            return findings.refuse(path, FINITE, "FINITE")
        if not isinstance(value, int | float) or isinstance(value, bool):
            return findings.refuse(path, NUMBER, "NUMBER")
        if abs(value) > largest:
            return findings.refuse(path, OUT_OF_RANGE, "OUT_OF_RANGE")
        return float(value)

    return read


def boolean(value: Any, path: str, findings: Findings) -> Any:
    return value if isinstance(value, bool) else findings.refuse(path, TRUE_OR_FALSE, "TRUE_OR_FALSE")


def text(value: Any, path: str, findings: Findings) -> Any:
    if not isinstance(value, str):
        return findings.refuse(path, TEXT, "TEXT")
    # PostgreSQL keeps no NUL, UTF-8 no half of a surrogate pair.
    return findings.refuse(path, STORABLE, "STORABLE") if _UNSTORABLE.search(value) else value


def binary(value: Any, path: str, findings: Findings) -> Any:
    try:
        if isinstance(value, str):
            base64.b64decode(value, validate=True)
            return value
    except (binascii.Error, ValueError):
        pass
    return findings.refuse(path, BASE64, "BASE64")


_INT32 = whole(-(2**31), 2**31 - 1, as_text=False)
_UINT32 = whole(0, 2**32 - 1, as_text=False)
_INT64 = whole(-(2**63), 2**63 - 1, as_text=True)
_UINT64 = whole(0, 2**64 - 1, as_text=True)

READERS: dict[int, Reader] = {
    F.TYPE_INT32: _INT32,
    F.TYPE_SINT32: _INT32,
    F.TYPE_SFIXED32: _INT32,
    F.TYPE_UINT32: _UINT32,
    F.TYPE_FIXED32: _UINT32,
    F.TYPE_INT64: _INT64,
    F.TYPE_SINT64: _INT64,
    F.TYPE_SFIXED64: _INT64,
    F.TYPE_UINT64: _UINT64,
    F.TYPE_FIXED64: _UINT64,
    F.TYPE_DOUBLE: real(math.inf),
    F.TYPE_FLOAT: real(_FLOAT_MAX),
    F.TYPE_BOOL: boolean,
    F.TYPE_STRING: text,
    F.TYPE_BYTES: binary,
}
