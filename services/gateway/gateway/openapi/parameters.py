"""Parameters of an operation: from the address, the query and the headers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.contracts import Rpc
from gateway.openapi import constraints, examples
from gateway.openapi.schemas import Schemas
from gateway.shapes import holder, is_map, is_own_message

Parameter = dict[str, Any]
KEY_OR_NONE = r"^[\x21-\x7e]{0,100}$"
HEADERS = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes a repeated request safe: the same key gets the first answer again. Without one the door "
        "makes one and returns it. Kept 7 days; another body under the same key is refused.",
        "schema": {"type": "string", "pattern": r"^[\x21-\x7e]{1,100}$"},
        "example": "web-7f3a",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The ETag of what was read: refused with 412 when it was changed since.",
        "schema": {"type": "string"},
        "example": '"7"',
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag that is known already: answered with 304 when it is current.",
        "schema": {"type": "string"},
        "example": '"7"',
    },
    "AcceptLanguage": {
        "name": "Accept-Language",
        "in": "header",
        "description": "Language of texts in refusals: zh-CN (default) or en.",
        "schema": {"type": "string", "default": "zh-CN"},
        "example": "en",
    },
    "Fields": {
        "name": "fields",
        "in": "query",
        "description": "Only these parts of the answer, as paths separated by commas.",
        "schema": {"type": "string"},
    },
}


def of(rpc: Rpc, schemas: Schemas, *, versioned: bool) -> list[Parameter]:
    found = [_in_path(rpc, name, schemas) for name in rpc.template.fields]
    if not rpc.body:
        found += _in_query(rpc.takes, schemas, (), rpc.template.fields)
    shared = ["AcceptLanguage", "Fields"]
    shared += ["IdempotencyKey"] if rpc.changes else []
    shared += ["IfMatch"] if rpc.takes_etag else []
    shared += ["IfNoneMatch"] if versioned and rpc.verb == "GET" else []
    return found + [{"$ref": f"#/components/parameters/{name}"} for name in shared]


def _in_path(rpc: Rpc, name: str, schemas: Schemas) -> Parameter:
    field = rpc.takes.fields_by_name[name]
    found = _parameter(field, field.json_name, "path", schemas)
    return found | {"required": True}


def _in_query(
    message: Descriptor, schemas: Schemas, path: tuple[str, ...], without: tuple[str, ...]
) -> Iterator[Parameter]:
    for field in message.fields:
        if field.name in without or is_map(field):
            continue
        place = (*path, field.json_name)
        if field.message_type is not None and is_own_message(holder(field)):
            if not field.is_repeated and len(place) < 4:
                yield from _in_query(holder(field), schemas, place, ())
        else:
            found = _parameter(field, ".".join(place), "query", schemas)
            yield found | ({"required": True} if constraints.is_required(field) and not path else {})


def _parameter(field: FieldDescriptor, name: str, place: str, schemas: Schemas) -> Parameter:
    schema = schemas.parameter(field)
    found: Parameter = {"name": name, "in": place, "schema": schema}
    if comment := schema.pop("description", ""):
        found["description"] = comment
    if place == "query" and field.is_repeated:
        found |= {"style": "form", "explode": True}
    example = examples.value(field)
    return found | ({"example": example} if example is not None else {})
