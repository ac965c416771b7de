"""Pages by opaque tokens. A token holds where the next page starts (the sort key of the last row), never an offset.

Guarantee: what a service finds in a token is what the same RPC of the same service put there. It is sealed with the
service's secret, so nothing in it needs to be checked again, and a position in one list means nothing in another.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from chassis.errors import InvalidInput, Violation
from chassis.rpc.context import current_or_none

DEFAULT_SIZE = 50
LARGEST_SIZE = 200
SEAL_BYTES = 16
T = TypeVar("T")


class PageRequest(Protocol):
    """`closeloop.common.v1.PageRequest`."""

    @property
    def size(self) -> int: ...

    @property
    def token(self) -> str: ...


class InvalidPageToken(InvalidInput):
    en = "The page token is not valid. Please start from the first page."
    zh = "翻页标记无效，请从第一页重新开始。"


@dataclass(frozen=True)
class Page:
    """A page somebody asked for: 1 to 200 rows, after the row that `after` describes (empty: from the start)."""

    size: int = DEFAULT_SIZE
    after: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, request: PageRequest) -> Page:
        """Raises InvalidPageToken."""
        size = min(request.size, LARGEST_SIZE) if request.size > 0 else DEFAULT_SIZE
        return cls(size, decode_token(request.token))

    @property
    def limit(self) -> int:
        """Rows to select: one more than asked for tells whether there is another page."""
        return self.size + 1

    def cut(self, rows: Sequence[T], key: Callable[[T], dict[str, Any]]) -> tuple[Sequence[T], str]:
        """The rows of this page and the next page's token, empty on the last. `key(row)` gives the token's dict."""
        kept = rows[: self.size]
        if len(rows) <= self.size:
            return kept, ""
        return kept, encode_token(key(kept[-1]))


def _invalid() -> InvalidPageToken:
    return InvalidPageToken.of(Violation("page.token", InvalidPageToken.en, InvalidPageToken.zh))


def encode_token(position: dict[str, Any]) -> str:
    """JSON values only: dates and ids as text."""
    packed = json.dumps(position, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_seal(packed) + packed).decode().rstrip("=")


def decode_token(token: str) -> dict[str, Any]:
    """The position, empty for no token. Raises InvalidPageToken for what this RPC did not make."""
    if not token:
        return {}
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid() from None
    seal, packed = sealed[:SEAL_BYTES], sealed[SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(packed)):
        raise _invalid()
    return Position(json.loads(packed))


class Position(dict[str, Any]):
    """A release may look for more than the one before it had put into its tokens: that is an old token, no failure."""

    def __missing__(self, name: str) -> Any:
        raise _invalid()


def _seal(packed: bytes) -> bytes:
    """Outside an RPC nobody sends tokens."""
    call = current_or_none()
    secret, rpc = (call.secret, call.method.path) if call else (b"", "")
    return hmac.digest(secret, f"page {rpc} ".encode() + packed, "sha256")[:SEAL_BYTES]
