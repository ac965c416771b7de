"""Fills a protobuf message from a dataclass with the same field names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp


class DoesNotFit(TypeError):
    """A value has no place in its message. A mistake of the programmer, found by `EventCatalog.check` in tests."""


def fill(message: Message, source: object) -> None:
    """Copy each field of the dataclass `source`; None leaves the field absent."""
    if not is_dataclass(source):
        raise DoesNotFit(f"{type(source).__name__} is no dataclass")
    by_name: dict[str, Any] = dict(message.DESCRIPTOR.fields_by_name)
    for each in fields(source):
        value = getattr(source, each.name)
        if value is None:
            continue
        if each.name not in by_name:
            raise DoesNotFit(f"{message.DESCRIPTOR.full_name} has no field {each.name}")
        _put(message, by_name[each.name], value)


def is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def map_value(field: FieldDescriptor) -> FieldDescriptor:
    entry: Any = field.message_type
    held: FieldDescriptor = entry.fields_by_name["value"]
    return held


def enum_value(field: FieldDescriptor, value: str) -> int:
    """`Grade.A` with value "a" is GRADE_A of the contract's enum Grade (buf's naming rule)."""
    enum: Any = field.enum_type
    names = enum.values_by_name
    prefix = "".join("_" + c if c.isupper() else c for c in enum.name).lstrip("_").upper()
    found = names.get(f"{prefix}_{value.upper()}") or names.get(value)
    if found is None:
        raise DoesNotFit(f"{field.full_name} has no value {value}")
    return int(found.number)


def _put(message: Message, field: FieldDescriptor, value: Any) -> None:
    try:
        if is_map(field):
            _put_map(getattr(message, field.name), field, value)
        elif field.is_repeated:
            _put_all(getattr(message, field.name), field, value)
        elif field.message_type is not None:
            _put_message(getattr(message, field.name), value)
        else:
            setattr(message, field.name, _scalar(field, value))
    except (TypeError, ValueError) as problem:
        raise DoesNotFit(f"{field.full_name}: {problem}") from problem


def _put_all(target: Any, field: FieldDescriptor, values: Iterable[Any]) -> None:
    if isinstance(values, str | bytes):
        raise DoesNotFit(f"{field.full_name} is repeated, a text is given")
    for value in values:
        if field.message_type is not None:
            _put_message(target.add(), value)
        else:
            target.append(_scalar(field, value))


def _put_map(target: Any, field: FieldDescriptor, values: Mapping[Any, Any]) -> None:
    held = map_value(field)
    for key, value in values.items():
        if held.message_type is not None:
            _put_message(target[key], value)
        else:
            target[key] = _scalar(held, value)


def _put_message(target: Message, value: Any) -> None:
    target.SetInParent()
    if isinstance(target, Timestamp) and isinstance(value, datetime):
        if value.tzinfo is None:
            raise DoesNotFit("a time without a zone")
        target.FromDatetime(value)
    elif isinstance(target, Duration) and isinstance(value, timedelta):
        target.FromTimedelta(value)
    elif isinstance(target, Struct) and isinstance(value, Mapping):
        target.update(dict(value))
    elif isinstance(value, Message):
        target.CopyFrom(value)
    else:
        fill(target, value)


def _scalar(field: FieldDescriptor, value: Any) -> Any:
    if field.enum_type is not None and isinstance(value, str):
        return enum_value(field, str(value))
    if field.type == FieldDescriptor.TYPE_STRING:
        return _text(field, value)
    if isinstance(value, bool) and field.type != FieldDescriptor.TYPE_BOOL:
        raise DoesNotFit(f"{field.full_name} takes no truth value")
    return value


def _text(field: FieldDescriptor, value: Any) -> str:
    match value:
        case StrEnum():
            return value.value
        case str():
            return value
        case Decimal():
            return format(value, "f")
        case datetime():
            raise DoesNotFit(f"{field.full_name} is a text; a time needs a Timestamp")
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            raise DoesNotFit(f"{field.full_name} is a text, {type(value).__name__} is given")
