"""Compares the types of a dataclass with its message, without a value. The same rules as `encode`."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from chassis.events.encode import DoesNotFit, enum_value, is_map, map_value

_WELL_KNOWN: dict[str, type] = {
    "google.protobuf.Timestamp": datetime,
    "google.protobuf.Duration": timedelta,
    "google.protobuf.Struct": Mapping,
}
_INTEGERS = {
    FieldDescriptor.TYPE_INT32,
    FieldDescriptor.TYPE_INT64,
    FieldDescriptor.TYPE_UINT32,
    FieldDescriptor.TYPE_UINT64,
    FieldDescriptor.TYPE_SINT32,
    FieldDescriptor.TYPE_SINT64,
    FieldDescriptor.TYPE_FIXED32,
    FieldDescriptor.TYPE_FIXED64,
    FieldDescriptor.TYPE_SFIXED32,
    FieldDescriptor.TYPE_SFIXED64,
}
_FLOATS = {FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT}


def misfits(cls: type, message: Descriptor) -> list[str]:
    """One line for each field that has no place on the other side. Deprecated fields of the message may stay empty."""
    hints = get_type_hints(cls)
    named = {each.name for each in fields(cls)}
    problems = [
        f"{message.full_name}.{field.name}: never filled by {cls.__name__}"
        for field in message.fields
        if field.name not in named and not field.GetOptions().deprecated
    ]
    for name in sorted(named):
        field = message.fields_by_name.get(name)
        if field is None:
            problems.append(f"{cls.__name__}.{name}: not in {message.full_name}")
        else:
            problems += _of_field(f"{cls.__name__}.{name}", hints[name], field)
    return problems


def _of_field(where: str, hint: Any, field: FieldDescriptor) -> list[str]:
    hint = _without_none(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if is_map(field):
        if not _is(origin, Mapping) or len(arguments) != 2:
            return [f"{where}: a map is needed"]
        return _of_one(where, arguments[1], map_value(field))
    if field.is_repeated:
        if not (_is(origin, Sequence) or _is(origin, AbstractSet)) or not arguments:
            return [f"{where}: a tuple is needed"]
        return _of_one(where, arguments[0], field)
    return _of_one(where, hint, field)


def _of_one(where: str, hint: Any, field: FieldDescriptor) -> list[str]:
    hint = _without_none(hint)
    if get_origin(hint) is Literal:
        hint = type(get_args(hint)[0])
    kind = get_origin(hint) or hint
    if field.message_type is not None:
        return _of_message(where, kind, field.message_type)
    if field.enum_type is not None:
        return _of_enum(where, kind, field)
    return [] if _takes(field, kind) else [f"{where}: {getattr(kind, '__name__', kind)} does not fit {field.full_name}"]


def _of_message(where: str, kind: Any, message: Descriptor) -> list[str]:
    wanted = _WELL_KNOWN.get(message.full_name)
    if wanted is not None:
        return [] if _is(kind, wanted) else [f"{where}: {message.full_name} needs {wanted.__name__}"]
    if isinstance(kind, type) and is_dataclass(kind):
        return misfits(kind, message)
    return [f"{where}: {message.full_name} needs a dataclass"]


def _of_enum(where: str, kind: Any, field: FieldDescriptor) -> list[str]:
    if not _is(kind, StrEnum):
        return [f"{where}: an enum of the contract needs a StrEnum"]
    unknown = []
    for value in kind:
        try:
            enum_value(field, value)
        except DoesNotFit as problem:
            unknown.append(f"{where}: {problem}")
    return unknown


def _takes(field: FieldDescriptor, kind: Any) -> bool:
    if field.type == FieldDescriptor.TYPE_STRING:
        return _is(kind, (str, Decimal, UUID)) or (_is(kind, date) and not _is(kind, datetime))
    if field.type == FieldDescriptor.TYPE_BOOL:
        return kind is bool
    if field.type in _INTEGERS:
        return _is(kind, int) and kind is not bool
    if field.type in _FLOATS:
        return _is(kind, (int, float)) and kind is not bool
    return field.type == FieldDescriptor.TYPE_BYTES and _is(kind, bytes)


def _is(kind: Any, wanted: type | tuple[type, ...]) -> bool:
    return isinstance(kind, type) and issubclass(kind, wanted)


def _without_none(hint: Any) -> Any:
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    if get_origin(hint) in (Union, types.UnionType):
        kept = [each for each in get_args(hint) if each is not type(None)]
        return _without_none(kept[0]) if len(kept) == 1 else hint
    return hint
