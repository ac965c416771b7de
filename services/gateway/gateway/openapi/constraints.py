"""Input rules of the contracts in JSON Schema's words. What it can't say is said by the refusal."""

from __future__ import annotations

import re
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from gateway.shapes import choices, rules

Schema = dict[str, Any]

_TEXT = {"min_len": "minLength", "max_len": "maxLength", "pattern": "pattern", "const": "const"}
_FORMATS = {"uuid": "uuid", "email": "email", "uri": "uri", "hostname": "hostname", "ip": "ip"}
_BOUNDS = {"gte": "minimum", "lte": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
_SIZES = {"min_items": "minItems", "max_items": "maxItems", "unique": "uniqueItems"}
_NUMBERS = ("int32", "sint32", "uint32", "fixed32", "sfixed32", "float", "double")


def is_required(field: FieldDescriptor) -> bool:
    """Without it the request is refused: marked so, or empty is against a rule."""
    own = rules(field)
    if own.required:
        return True
    if field.has_presence and field.message_type is None:
        return False
    if field.enum_type is not None:
        return not field.is_repeated and 0 in own.enum.not_in
    text = own.string
    return (
        text.min_len > 0 or text.uuid or bool(getattr(text, "in")) or own.repeated.min_items > 0 or _refuses_empty(text)
    )


def of_value(field: FieldDescriptor, own: Any) -> Schema:
    """Rules of a single value; `own` are the field's rules or those of a list's items."""
    return _text(own.string) | _number(own)


def of_list(field: FieldDescriptor) -> Schema:
    listed = rules(field).repeated
    return {word: getattr(listed, name) for name, word in _SIZES.items() if listed.HasField(name)}


def of_map(field: FieldDescriptor) -> Schema:
    pairs = rules(field).map
    return {"maxProperties": pairs.max_pairs} if pairs.HasField("max_pairs") else {}


def names(field: FieldDescriptor, own: Any) -> list[str]:
    """The enum names that are accepted."""
    refused = set(own.enum.not_in)
    return [each.name for each in choices(field).values if each.number not in refused]


def _text(own: Any) -> Schema:
    found: Schema = {word: getattr(own, name) for name, word in _TEXT.items() if own.HasField(name)}
    formats = [word for name, word in _FORMATS.items() if own.HasField(name) and getattr(own, name)]
    found |= {"format": formats[0]} if formats else {}
    if listed := list(getattr(own, "in")):
        found["enum"] = listed
    return found


def _number(own: Any) -> Schema:
    kind = own.WhichOneof("type")
    if kind not in _NUMBERS:
        # 64 bits are text in JSON, for which JSON Schema knows no bounds.
        return {}
    held = getattr(own, kind)
    found: Schema = {word: getattr(held, name) for name, word in _BOUNDS.items() if held.HasField(name)}
    return {word: int(value) if value == int(value) else value for word, value in found.items()}


def _refuses_empty(text: Any) -> bool:
    return bool(getattr(text, "in")) or (text.HasField("pattern") and re.search(text.pattern, "") is None)
