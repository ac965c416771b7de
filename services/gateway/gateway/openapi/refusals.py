"""The refusals of the table (P1.5) as shared responses with an example each."""

from __future__ import annotations

from typing import Any

from gateway.contracts import Rpc
from gateway.errors import TABLE, Row
from gateway.problem import MEDIA_TYPE, TYPE

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Problem details (RFC 9457), in the language of Accept-Language.",
    "required": ["type", "title", "status", "detail", "code", "reason"],
    "properties": {
        "type": {"type": "string", "description": "Names the kind of refusal."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people."},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "The kind."},
        "reason": {"type": "string", "description": "The condition, for programs."},
        "traceId": {"type": "string"},
        "violations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message", "reason"],
                "properties": {
                    "field": {"type": "string"},
                    "message": {"type": "string"},
                    "reason": {"type": "string"},
                },
            },
        },
        "missing": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "message"],
                "properties": {"name": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "allowed": {"type": "array", "items": {"type": "string"}},
    },
}
# 404 too: a body may name a record that isn't there, or isn't there for the caller.
_ALWAYS = (400, 401, 403, 404, 429, 500, 503, 504)
_WITH_BODY = (408, 413, 415)


def components() -> dict[str, Any]:
    statuses = sorted({row.status for row in TABLE})
    return {f"Refused{status}": _response([row for row in TABLE if row.status == status]) for status in statuses}


def of(rpc: Rpc) -> dict[str, Any]:
    return references(*statuses(rpc))


def statuses(rpc: Rpc) -> list[int]:
    found = [*_ALWAYS]
    found += [409, *_WITH_BODY] if rpc.body else []
    found += [412] if rpc.takes_etag else []
    return sorted(found)


def references(*wanted: int) -> dict[str, Any]:
    return {str(status): {"$ref": f"#/components/responses/Refused{status}"} for status in wanted}


def _response(rows: list[Row]) -> dict[str, Any]:
    examples = {row.reason or row.code: {"summary": row.when, "value": _example(row)} for row in rows}
    found: dict[str, Any] = {
        "description": " · ".join(row.en for row in rows),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}},
    }
    if any(row.retry for row in rows):
        seconds = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
        found["headers"] = {"Retry-After": seconds}
    return found


def _example(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": TYPE + row.code.lower().replace("_", "-"),
        "title": row.en,
        "status": row.status,
        "detail": row.when,
        "code": row.code,
        "reason": row.reason or row.code,
    }
    if row.code == "INVALID_ARGUMENT":
        field = {"field": "expectedAmount.fen", "message": "must be a whole number", "reason": "WHOLE_NUMBER"}
        found["violations"] = [field]
    if row.code == "FAILED_PRECONDITION":
        found |= {"missing": [{"name": "need_survey", "message": "The need survey."}], "allowed": ["lose"]}
    return found
