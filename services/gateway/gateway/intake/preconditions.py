"""Headers that become fields of the request: `Idempotency-Key` → request_id, `If-Match` → etag."""

from __future__ import annotations

import re
from typing import Any

from gateway.contracts import Rpc
from gateway.intake.findings import Findings, Words

KEY_HEADER = "Idempotency-Key"
MATCH_HEADER = "If-Match"
DIFFERS: Words = ("is not what the header {header} says", "与请求头 {header} 不一致")
KEY: Words = ("must be 1 to 100 visible characters", "必须是 1 到 100 个可见字符")
STRONG: Words = ('takes one strong etag in quotes, such as "7"', '只接受一个带引号的强校验 etag，例如 "7"')
UNVERSIONED: Words = ("is not known for this address: it has no version", "不适用于此地址：该资源没有版本号")

_KEY = re.compile(r"[\x21-\x7e]{1,100}")
_STRONG = re.compile(r'"([\x21\x23-\x7e]+)"')


def settle_key(rpc: Rpc, content: dict[str, Any], header: str | None, fresh: str, findings: Findings) -> str:
    """The request's idempotency key: header, body or a fresh one. Empty for an RPC that changes nothing."""
    if not rpc.changes:
        return ""
    if header is not None and not _KEY.fullmatch(header):
        findings.refuse(KEY_HEADER, KEY, "KEY")
        return ""
    key = _settle(content, "requestId", header or None, fresh, KEY_HEADER, findings)
    # The key goes back in a header, whichever way it came.
    if key and not _KEY.fullmatch(key):
        findings.refuse("requestId", KEY, "KEY")
        return ""
    return key


def settle_etag(rpc: Rpc, content: dict[str, Any], header: str | None, findings: Findings) -> str:
    """The version the caller had read, empty when it named none. `If-Match: *` asks for nothing that isn't asked."""
    if header is None or header.strip() == "*":
        return str(content.get("etag", "") or "")
    found = _STRONG.fullmatch(header.strip())
    if not rpc.takes_etag:
        findings.refuse(MATCH_HEADER, UNVERSIONED, "UNVERSIONED")
    elif found is None:
        findings.refuse(MATCH_HEADER, STRONG, "STRONG")
    else:
        return _settle(content, "etag", found[1], "", MATCH_HEADER, findings)
    return ""


def _settle(
    content: dict[str, Any], name: str, header: str | None, otherwise: str, label: str, findings: Findings
) -> str:
    given = content.get(name, "")
    if not isinstance(given, str):
        return ""  # whoever reads the fields refuses it; a header must not cover it up
    if given and header is not None and given != header:
        findings.refuse(name, (DIFFERS[0].format(header=label), DIFFERS[1].format(header=label)), "DIFFERS")
        return ""
    content[name] = header or given or otherwise
    return str(content[name])
