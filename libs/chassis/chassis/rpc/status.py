"""The error family on the wire, both ways: `google.rpc.Status` with its standard details.

Guarantee: what a service raises, the caller catches, of the same kind, with the same reason, facts and texts in both
languages. A status that a library made (no details) becomes its kind with our own text: no library's words get through.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import cast

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2 as details
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status

from chassis.errors import (
    AlreadyExists,
    CloseloopError,
    Conflict,
    DeadlineExceeded,
    FailedPrecondition,
    Internal,
    InvalidInput,
    Missing,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    Violation,
)


class MethodNotKnown(Unavailable):
    """Said by a replica of an older release while a newer one is rolled out: another knows the method."""


DETAILS_HEADER = "grpc-status-details-bin"
MOST_VIOLATIONS = 50
LONGEST_TEXT = 300
_ZH = "zh-CN"
_WORDS_OF = "missing.zh."

_KIND_CLASSES: tuple[type[CloseloopError], ...] = (
    InvalidInput,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    AlreadyExists,
    Conflict,
    FailedPrecondition,
    ResourceExhausted,
    Unavailable,
    DeadlineExceeded,
    Internal,
)
_KINDS = {kind.code: kind for kind in _KIND_CLASSES}
# Nobody here cancels a call: CANCELLED is what a server that is stopping says to one it has not begun.
_KINDS |= {"CANCELLED": Unavailable, "UNIMPLEMENTED": MethodNotKnown, "OUT_OF_RANGE": InvalidInput}


def to_status(error: CloseloopError, domain: str) -> Status:
    """Encode. `domain` is this service's name; an error passed on from a neighbour keeps the neighbour's."""
    status = Status(code=Code.Value(error.code), message=_short(error.text_en))
    for detail in _details(error, error.domain or domain):
        status.details.add().Pack(detail)
    return status


def from_status(status: Status) -> CloseloopError:
    """Decode. Unknown details are ignored."""
    info, local = details.ErrorInfo(), details.LocalizedMessage()
    known = [each for each in status.details if each.Unpack(info) or each.Unpack(local)]
    metadata = {key: value for key, value in info.metadata.items() if not key.startswith(_WORDS_OF)}
    error = _KINDS.get(Code.Name(status.code), Internal).received(
        reason=info.reason,
        domain=info.domain,
        en=status.message if known else "",
        zh=local.message,
        metadata=metadata,
    )
    _restore(error, status.details, dict(info.metadata))
    return error


def from_rpc_error(failure: grpc.RpcError) -> CloseloopError:
    """Decode a failed call, of a sync or an async channel."""
    trailers = cast(Iterable[tuple[str, str | bytes]], failure.trailing_metadata() or ())
    for key, value in trailers:
        if key == DETAILS_HEADER and isinstance(value, bytes):
            try:
                return from_status(Status.FromString(value))
            except (DecodeError, ValueError):
                break
    return _KINDS.get(failure.code().name, Internal)()


def _details(error: CloseloopError, domain: str) -> Iterable[Message]:
    metadata = {key: _short(value) for key, value in error.metadata.items()}
    if isinstance(error, FailedPrecondition):
        metadata |= {_WORDS_OF + each.name: _short(each.zh) for each in error.missing}
    yield details.ErrorInfo(reason=error.reason, domain=domain, metadata=metadata)
    yield details.LocalizedMessage(locale=_ZH, message=_short(error.text_zh))
    match error:
        case InvalidInput() if error.violations:
            yield details.BadRequest(field_violations=map(_violation, error.violations[:MOST_VIOLATIONS]))
        case FailedPrecondition() if error.missing or error.allowed:
            yield _precondition(error)
        case ResourceExhausted() | Unavailable() if error.retry_after is not None:
            retry = details.RetryInfo()
            retry.retry_delay.FromTimedelta(error.retry_after)
            yield retry


def _violation(violation: Violation) -> details.BadRequest.FieldViolation:
    return details.BadRequest.FieldViolation(
        field=violation.field,
        description=_short(violation.en),
        reason=violation.reason,
        localized_message=details.LocalizedMessage(locale=_ZH, message=_short(violation.zh)),
    )


def _precondition(error: FailedPrecondition) -> details.PreconditionFailure:
    failure = details.PreconditionFailure()
    for missing in error.missing:
        failure.violations.add(type="MISSING", subject=missing.name, description=_short(missing.en))
    for command in error.allowed:
        failure.violations.add(type="ALLOWED", subject=command)
    return failure


def _restore(error: CloseloopError, packed: Iterable[Any], words: dict[str, str]) -> None:
    bad, failed, retry = details.BadRequest(), details.PreconditionFailure(), details.RetryInfo()
    for each in packed:
        if isinstance(error, InvalidInput) and each.Unpack(bad):
            error.violations = tuple(
                Violation(one.field, one.description, one.localized_message.message, one.reason)
                for one in bad.field_violations
            )
        elif isinstance(error, FailedPrecondition) and each.Unpack(failed):
            error.missing = tuple(
                Missing(one.subject, one.description, words.get(_WORDS_OF + one.subject, one.description))
                for one in failed.violations
                if one.type == "MISSING"
            )
            error.allowed = tuple(one.subject for one in failed.violations if one.type == "ALLOWED")
        elif isinstance(error, ResourceExhausted | Unavailable) and each.Unpack(retry):
            error.retry_after = timedelta(
                seconds=retry.retry_delay.seconds, microseconds=retry.retry_delay.nanos // 1000
            )


def _short(text: str) -> str:
    """Trailers have room for 64 KB: a long text is cut so that the rest arrives."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
