"""Refusals as problem details (RFC 9457), in the caller's language."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from chassis import telemetry
from chassis.errors import (
    CloseloopError,
    FailedPrecondition,
    InvalidInput,
    Locale,
    ResourceExhausted,
    Unavailable,
    Violation,
)
from gateway.errors import MethodNotAllowed, Row, row_of
from gateway.locale import TAGS

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:closeloop:problem:"
RETRY_AFTER = timedelta(seconds=1)
TOLD = 5


def respond(error: CloseloopError, locale: Locale, *, instance: str = "", with_etag: bool = False) -> Response:
    row = row_of(error, with_etag=with_etag)
    body = json.dumps(details(error, row, locale, instance), ensure_ascii=False)
    return Response(body, row.status, _headers(error, row, locale), MEDIA_TYPE)


def details(error: CloseloopError, row: Row, locale: Locale, instance: str = "") -> dict[str, Any]:
    """The members of the problem. `violations`, `missing`, `allowed` are there only when they say something."""
    found: dict[str, Any] = {
        "type": TYPE + row.code.lower().replace("_", "-"),
        "title": row.zh if locale == "zh" else row.en,
        "status": row.status,
        "detail": _detail(error, locale),
        "code": row.code,
        "reason": error.reason,
    }
    if instance:
        found["instance"] = instance
    if trace := telemetry.trace_id():
        found["traceId"] = trace
    return found | _specifics(error, locale)


def _detail(error: CloseloopError, locale: Locale) -> str:
    if not (isinstance(error, InvalidInput) and error.violations):
        return error.text(locale)
    told = [_violation(each, locale) for each in error.violations[:TOLD]]
    rest = "…" if len(error.violations) > TOLD else ""
    colon, comma = ("：", "；") if locale == "zh" else (": ", "; ")
    return comma.join(f"{each['field']}{colon}{each['message']}" for each in told) + rest


def _specifics(error: CloseloopError, locale: Locale) -> dict[str, Any]:
    match error:
        case InvalidInput() if error.violations:
            return {"violations": [_violation(each, locale) for each in error.violations]}
        case FailedPrecondition():
            missing = [{"name": each.name, "message": each.zh if locale == "zh" else each.en} for each in error.missing]
            named = {"missing": missing, "allowed": list(error.allowed)}
            return {name: values for name, values in named.items() if values}
    return {}


def _violation(violation: Violation, locale: Locale) -> dict[str, str]:
    message = violation.zh if locale == "zh" else violation.en
    return {"field": violation.field, "message": message, "reason": violation.reason}


def _headers(error: CloseloopError, row: Row, locale: Locale) -> dict[str, str]:
    headers = {"content-language": TAGS[locale], "cache-control": "no-store", "vary": "Accept-Language"}
    if row.retry:
        headers["retry-after"] = str(_seconds(error))
    if row.status == 401:
        headers["www-authenticate"] = 'Bearer realm="closeloop"'
    if isinstance(error, MethodNotAllowed):
        headers["allow"] = str(error.details.get("allowed", ""))
    return headers


def _seconds(error: CloseloopError) -> int:
    wait = error.retry_after if isinstance(error, ResourceExhausted | Unavailable) else None
    return max(1, math.ceil((wait or RETRY_AFTER).total_seconds()))
