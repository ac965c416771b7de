"""What the gateway asks of a message's descriptor again and again."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

NO_JSON_FORM = ("google.protobuf.Any", "google.protobuf.FieldMask")


@cache
def by_json_name(message: Descriptor) -> dict[str, FieldDescriptor]:
    return {field.json_name: field for field in message.fields}


def descriptor_of(message: Message | type[Message]) -> Descriptor:
    """The stubs name two classes of descriptors; at run time there is one."""
    return cast(Descriptor, message.DESCRIPTOR)


def is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def map_key(field: FieldDescriptor) -> FieldDescriptor:
    return _entry(field)["key"]


def map_value(field: FieldDescriptor) -> FieldDescriptor:
    return _entry(field)["value"]


def holder(field: FieldDescriptor) -> Descriptor:
    """The message a field holds. Ask only for fields that hold one."""
    held: Descriptor | None = field.message_type
    if held is None:
        raise TypeError(f"{field.full_name} holds no message")
    return held


def choices(field: FieldDescriptor) -> EnumDescriptor:
    """The enum of a field. Ask only for fields that have one."""
    enum: EnumDescriptor | None = field.enum_type
    if enum is None:
        raise TypeError(f"{field.full_name} is no enum")
    return enum


def is_own_message(message: Descriptor) -> bool:
    """Written as an object of its fields, other than instants and the like."""
    return not message.full_name.startswith("google.protobuf.")


def rules(field: FieldDescriptor) -> Any:
    """The `buf.validate` rules of a field, empty when it has none."""
    from buf.validate import validate_pb2

    return field.GetOptions().Extensions[validate_pb2.field]


def _entry(field: FieldDescriptor) -> dict[str, FieldDescriptor]:
    return dict(holder(field).fields_by_name)
