"""Input rules of the contracts, told to people in both languages, all at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import protovalidate
from buf.validate import validate_pb2
from google.protobuf.message import Message

from chassis.errors import InvalidInput, Violation
from chassis.rpc.rule_words import UNKNOWN, WORDS

_validator = protovalidate.Validator()


def check(message: Message) -> None:
    """Raises InvalidInput with every violation of the message's contract."""
    found = _validator.collect_violations(message)
    if found:
        raise InvalidInput.of(*(_in_words(each, message.DESCRIPTOR) for each in found))


def _in_words(found: Any, request: Any) -> Violation:
    rule = found.proto
    path = list(rule.field.elements) if rule.field else []
    en, zh = _own_words(rule.message) if _is_cel(rule) else _rule_words(rule.rule_id, found.rule_value, path, request)
    return Violation(_spell(path), en, zh, rule.rule_id.upper().replace(".", "_"))


def _is_cel(rule: Any) -> bool:
    """A rule written in the contract itself, on a field or on the whole message."""
    return not rule.rule or any(each.field_name in ("cel", "cel_expression") for each in rule.rule.elements)


def _own_words(message: str) -> tuple[str, str]:
    en, _, zh = (part.strip() for part in message.partition("|"))
    return en or UNKNOWN[0], zh or UNKNOWN[1]


def _rule_words(rule_id: str, limit: Any, path: list[Any], request: Any) -> tuple[str, str]:
    kind, _, name = rule_id.partition(".")
    if rule_id in WORDS:
        return _fill(WORDS[rule_id], limit)
    bounds = [each for each in name.removesuffix("_exclusive").split("_") if each in ("gt", "gte", "lt", "lte")]
    if len(bounds) == 2:
        limits = _limits(kind, path, request)
        parts = [_fill(WORDS[each], limits.get(each, limit)) for each in bounds]
        return " and ".join(en for en, _ in parts), "且".join(zh for _, zh in parts)
    return _fill(WORDS.get(name, UNKNOWN), limit)


def _fill(words: tuple[str, str], limit: Any) -> tuple[str, str]:
    values = [str(each) for each in limit] if isinstance(limit, Iterable) and not isinstance(limit, str) else [limit]
    shown = [str(int(each)) if isinstance(each, float) and each.is_integer() else str(each) for each in values]
    return words[0].format(rule=", ".join(shown)), words[1].format(rule="、".join(shown))


def _limits(kind: str, path: list[Any], request: Any) -> dict[str, Any]:
    """Both ends of a range: protovalidate reports one of them."""
    holder = request
    for step in path[:-1]:
        holder = holder.fields_by_name[step.field_name].message_type if holder else None
    if holder is None or path[-1].field_name not in holder.fields_by_name:
        return {}
    rules = holder.fields_by_name[path[-1].field_name].GetOptions().Extensions[validate_pb2.field]
    own = getattr(rules.repeated.items if path[-1].subscript else rules, kind)
    return {field.name: value for field, value in own.ListFields()}


def _spell(path: list[Any]) -> str:
    """The path as the request spells it: lines[2].text."""
    return ".".join(
        each.field_name + (f"[{each.subscript.value}]" if each.subscript is not None else "") for each in path
    )
