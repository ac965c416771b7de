"""JSON as it was sent: doubled names and numbers that are none stay visible to whoever judges them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chassis.errors import InvalidInput
from gateway.errors import MalformedJson, NotUtf8

DEEPEST = 60


class TooDeep(InvalidInput):
    en = "The body is nested deeper than {limit} levels."
    zh = "请求内容嵌套超过 {limit} 层。"


class Object(dict[str, Any]):
    """A JSON object that remembers which names came twice."""

    doubled: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotFinite:
    """NaN or Infinity: Python's reader knows them, JSON doesn't."""

    text: str


def parse(body: bytes) -> Any:
    """Raises NotUtf8, MalformedJson with its place, or TooDeep. No body reads as an empty object."""
    try:
        text = body.decode()
    except UnicodeDecodeError as problem:
        raise NotUtf8(position=problem.start) from None
    if not text.strip():
        return Object()
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=NotFinite)
    except json.JSONDecodeError as problem:
        raise MalformedJson(line=problem.lineno, column=problem.colno) from None
    except RecursionError:
        raise TooDeep(limit=DEEPEST) from None
    except ValueError:
        # An integer of thousands of digits, which Python declines to convert.
        raise MalformedJson(line="–", column="–") from None
    _measure(value)
    return value


def _object(pairs: Sequence[tuple[str, Any]]) -> Object:
    found = Object(pairs)
    if len(found) != len(pairs):
        found.doubled = tuple(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return found


def _measure(value: Any) -> None:
    """Level by level, without recursion."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise TooDeep(limit=DEEPEST)
        level = [child for each in level for child in _children(each)]


def _children(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()
