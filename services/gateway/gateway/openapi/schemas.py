"""Messages as JSON Schemas. Requests and answers differ: a request may leave out what an answer always writes."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.openapi import constraints
from gateway.openapi.constraints import Schema
from gateway.shapes import choices, holder, is_map, map_value, rules

F = FieldDescriptor
_LONG = {F.TYPE_INT64, F.TYPE_UINT64, F.TYPE_SINT64, F.TYPE_FIXED64, F.TYPE_SFIXED64}
_UNSIGNED = {F.TYPE_UINT64, F.TYPE_FIXED64}
_SHORT = {F.TYPE_INT32, F.TYPE_UINT32, F.TYPE_SINT32, F.TYPE_FIXED32, F.TYPE_SFIXED32}
_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?\d+(\.\d{1,9})?s$"},
    "google.protobuf.Struct": {"type": "object", "additionalProperties": True},
    "google.protobuf.ListValue": {"type": "array", "items": {}},
    "google.protobuf.Value": {},
    "google.protobuf.StringValue": {"type": "string"},
    "google.protobuf.BytesValue": {"type": "string", "contentEncoding": "base64"},
    "google.protobuf.BoolValue": {"type": "boolean"},
    "google.protobuf.Int32Value": {"type": "integer", "format": "int32"},
    "google.protobuf.UInt32Value": {"type": "integer", "minimum": 0},
    "google.protobuf.Int64Value": {"type": "string", "format": "int64"},
    "google.protobuf.UInt64Value": {"type": "string", "format": "int64"},
    "google.protobuf.DoubleValue": {"type": "number"},
    "google.protobuf.FloatValue": {"type": "number"},
}


class Schemas:
    """Collects the components that operations refer to. `comments` is by full name."""

    def __init__(self, comments: dict[str, str]) -> None:
        self.components: dict[str, Schema] = {}
        self._comments = comments

    def answer(self, message: Descriptor) -> Schema:
        """Every field without presence is always there."""
        return self._reference(message, "", _always_written)

    def request(self, message: Descriptor) -> Schema:
        return self._reference(message, "Input", constraints.is_required)

    def body(self, message: Descriptor, without: tuple[str, ...]) -> Schema:
        """The message of a request, less the fields that the address holds."""
        return self._object(message, "Input", constraints.is_required, without)

    def parameter(self, field: FieldDescriptor) -> Schema:
        return self._field(field, "Input", constraints.is_required)

    def comment(self, full_name: str) -> str:
        return self._comments.get(full_name, "")

    def _reference(self, message: Descriptor, suffix: str, required: Any) -> Schema:
        name = component_name(message) + (suffix if _differs(message) else "")
        if name not in self.components:
            self.components[name] = {}  # a message that holds itself refers to it
            self.components[name] = self._object(message, suffix, required, ())
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, message: Descriptor, suffix: str, required: Any, without: tuple[str, ...]) -> Schema:
        fields = [field for field in message.fields if field.name not in without]
        found: Schema = {
            "type": "object",
            "properties": {field.json_name: self._field(field, suffix, required) for field in fields},
        }
        if needed := [field.json_name for field in fields if required(field)]:
            found["required"] = needed
        if suffix:
            found["additionalProperties"] = False
        return self._described(found, message.full_name)

    def _field(self, field: FieldDescriptor, suffix: str, required: Any) -> Schema:
        if is_map(field):
            value = self._single(map_value(field), rules(map_value(field)), suffix, required)
            found: Schema = {"type": "object", "additionalProperties": value, **constraints.of_map(field)}
        elif field.is_repeated:
            items = self._single(field, rules(field).repeated.items, suffix, required)
            found = {"type": "array", "items": items, **constraints.of_list(field)}
        else:
            found = self._single(field, rules(field), suffix, required)
        return self._described(found, field.full_name)

    def _single(self, field: FieldDescriptor, own: Any, suffix: str, required: Any) -> Schema:
        if field.message_type is not None:
            held = holder(field)
            own_form = _WELL_KNOWN.get(held.full_name)
            return self._reference(held, suffix, required) if own_form is None else dict(own_form)
        if field.enum_type is not None:
            values = constraints.names(field, own) if suffix else [each.name for each in choices(field).values]
            return {"type": "string", "enum": values}
        return (_given(field) | constraints.of_value(field, own)) if suffix else _plain(field)

    def _described(self, schema: Schema, full_name: str) -> Schema:
        comment = self._comments.get(full_name)
        return schema | {"description": comment} if comment else schema


def component_name(message: Descriptor) -> str:
    """leads.Lead for closeloop.leads.v1.Lead."""
    package, _, name = message.full_name.removeprefix("closeloop.").partition(".v1.")
    return f"{package}.{name}"


def _plain(field: FieldDescriptor) -> Schema:
    if field.type in _LONG:
        return {"type": "string", "format": "int64"}
    if field.type in _SHORT:
        return {"type": "integer", "format": "int32"}
    if field.type in (F.TYPE_DOUBLE, F.TYPE_FLOAT):
        return {"type": "number", "format": "double"}
    if field.type == F.TYPE_BOOL:
        return {"type": "boolean"}
    if field.type == F.TYPE_BYTES:
        return {"type": "string", "contentEncoding": "base64"}
    return {"type": "string"}


def _given(field: FieldDescriptor) -> Schema:
    """As `_plain`, but 64 bits are also taken as a number, from those whose numbers are wide enough."""
    if field.type not in _LONG:
        return _plain(field)
    digits = r"^(0|[1-9][0-9]{0,19})$" if field.type in _UNSIGNED else r"^-?(0|[1-9][0-9]{0,18})$"
    return {"type": ["string", "integer"], "format": "int64", "pattern": digits}


def _always_written(field: FieldDescriptor) -> bool:
    return not field.has_presence


def _differs(message: Descriptor) -> bool:
    """Requests and their parts get a name of their own; plain requests are requests anyway."""
    return not message.name.endswith("Request")
