"""Puts the document together: operations of the contracts and of the hand-written doors."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from gateway.answer import has_etag
from gateway.contracts import Contracts, Rpc
from gateway.openapi import examples, handwritten, parameters, refusals
from gateway.openapi.schemas import Schemas, component_name
from gateway.settings import GatewaySettings
from gateway.shapes import holder

VERSION = "1.0.0"
_INTRO = (
    "The one door of Closeloop for frontends and programs. JSON in camelCase; 64-bit numbers, money in fen among them, "
    "are text; zero values are written; unknown fields are refused. Refusals are problem details with all violations."
)


def document(contracts: Contracts, settings: GatewaySettings) -> dict[str, Any]:
    schemas = Schemas(contracts.comments)
    paths: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for rpc in sorted(contracts.rpcs, key=lambda each: each.template.rest):
        paths[rpc.template.rest][rpc.verb.lower()] = _operation(rpc, schemas)
    for path, operations in handwritten.paths().items():
        paths[path].update(operations)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Closeloop", "version": VERSION, "description": _INTRO, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": settings.public_url or "/"}],
        "tags": [*_tags(contracts), *handwritten.TAGS],
        "security": [{"session": []}, {"cookie": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted((schemas.components | handwritten.SCHEMAS | {"Problem": refusals.PROBLEM}).items())),
            "responses": refusals.components(),
            "parameters": parameters.HEADERS,
            "securitySchemes": handwritten.SECURITY,
        },
    }


def _operation(rpc: Rpc, schemas: Schemas) -> dict[str, Any]:
    versioned = _is_versioned(rpc)
    found: dict[str, Any] = {
        "operationId": f"{rpc.context}_{rpc.name[0].lower()}{rpc.name[1:]}",
        "tags": [f"{rpc.context} · {rpc.service.removesuffix('Service')}"],
        "summary": _words(rpc.name),
        "description": _description(rpc),
        "x-rpc": rpc.path,
        "x-duties": list(rpc.access.duties),
        "parameters": parameters.of(rpc, schemas, versioned=versioned),
        "responses": {"200": _answer(rpc, schemas, versioned)} | refusals.of(rpc),
    }
    if versioned and rpc.verb == "GET":
        found["responses"]["304"] = {"description": "What is known is current."}
    if rpc.body:
        found["requestBody"] = _body(rpc, schemas)
    return found


def _answer(rpc: Rpc, schemas: Schemas, versioned: bool) -> dict[str, Any]:
    content = {"schema": schemas.answer(rpc.gives), "example": examples.answer(rpc)}
    found: dict[str, Any] = {"description": "Done.", "content": {"application/json": content}}
    headers = {"ETag": "The version of this object."} if versioned else {}
    headers |= {"Idempotency-Key": "The key to repeat the request with."} if rpc.changes else {}
    if headers:
        found["headers"] = {name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()}
    return found


def _body(rpc: Rpc, schemas: Schemas) -> dict[str, Any]:
    schema = schemas.body(rpc.takes, rpc.template.fields)
    if rpc.changes:
        schema["properties"]["requestId"] |= {"pattern": parameters.KEY_OR_NONE}
    name = f"{component_name(rpc.takes)}Body"
    schemas.components[name] = schema
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    example = examples.body(rpc)
    if example is not None:
        content["example"] = example
    return {"required": bool(schema.get("required")), "content": {"application/json": content}}


def _description(rpc: Rpc) -> str:
    duties = ", ".join(rpc.access.duties)
    return f"{rpc.comment}\n\nDuties: {duties or 'anybody signed in'}.".strip()


def _is_versioned(rpc: Rpc) -> bool:
    held = [field for field in rpc.gives.fields if field.message_type is not None]
    return has_etag(rpc.gives) or (len(held) == 1 and not held[0].is_repeated and has_etag(holder(held[0])))


def _tags(contracts: Contracts) -> list[dict[str, str]]:
    seen: dict[str, str] = {}
    for rpc in contracts.rpcs:
        name = f"{rpc.context} · {rpc.service.removesuffix('Service')}"
        seen[name] = contracts.comments.get(f"closeloop.{rpc.context}.v1.{rpc.service}", "")
    return [{"name": name, "description": text} for name, text in sorted(seen.items())]


def _words(name: str) -> str:
    spaced = "".join(f" {each.lower()}" if each.isupper() else each for each in name).strip()
    return spaced[0].upper() + spaced[1:]
