"""One HTTP request → one message of its RPC, from path, query, body and headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from gateway.contracts import Rpc
from gateway.intake import message, preconditions, query
from gateway.intake.findings import REFUSED, Findings, Words
from gateway.intake.strict_json import Object, parse
from gateway.intake.well_known import OBJECT
from gateway.names import camel
from gateway.shapes import by_json_name

IN_THE_PATH: Words = ("differs from the address", "与地址中的值不一致")
FIELDS = "fields"


@dataclass(frozen=True)
class Intake:
    """`key` is the idempotency key, `etag` the version the caller had read; `fields` which parts are wanted."""

    message: Message
    key: str
    etag: str
    fields: str


def take(
    rpc: Rpc, path: Mapping[str, str], raw_query: bytes, body: bytes, headers: Mapping[str, str], fresh_key: str
) -> Intake:
    """Raises InvalidInput with everything that is wrong."""
    findings = Findings()
    content, fields = _content(rpc, raw_query, body, findings)
    if content is REFUSED:
        findings.raise_if_any()
    _set_path(rpc, path, content, findings)
    key = preconditions.settle_key(rpc, content, headers.get("idempotency-key"), fresh_key, findings)
    etag = preconditions.settle_etag(rpc, content, headers.get("if-match"), findings)
    return Intake(message.fill(rpc.request(), content, findings), key, etag, fields)


def _content(rpc: Rpc, raw_query: bytes, body: bytes, findings: Findings) -> tuple[Any, str]:
    given = query.parameters(raw_query, findings)
    fields = given.pop(FIELDS, [])
    if len(fields) > 1:
        findings.refuse(FIELDS, query.ONCE, "ONCE")
    if not rpc.body:
        return query.tree(rpc.takes, given, findings), "".join(fields[:1])
    for name in given:
        findings.refuse(name, message.UNKNOWN_FIELD, "UNKNOWN_FIELD")
    content = parse(body)
    if not isinstance(content, Object):
        content = findings.refuse("", OBJECT, "OBJECT")
    return content, "".join(fields[:1])


def _set_path(rpc: Rpc, path: Mapping[str, str], content: dict[str, Any], findings: Findings) -> None:
    """What the path says holds; a body may repeat it, not contradict it."""
    for field, text in path.items():
        name = camel(field)
        value = query.from_text(by_json_name(rpc.takes)[name], text)
        if name in content and content[name] != value:
            findings.refuse(name, IN_THE_PATH, "DIFFERS")
        content[name] = value
