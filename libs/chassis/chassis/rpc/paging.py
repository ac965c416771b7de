"""Pages by opaque tokens. A token holds where the next page starts (the sort key of the last row), never an offset.

It is good for the RPC that gave it alone: the position in one list means nothing in another.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from chassis.errors import InvalidInput, Violation
from chassis.rpc.context import current_or_none

DEFAULT_SIZE = 50
LARGEST_SIZE = 200
T = TypeVar("T")
_GIVEN_BY = "~"


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
        position = decode_token(request.token)
        if position and position.pop(_GIVEN_BY, None) != _this_rpc():
            raise _invalid()
        return cls(size, position)

    @property
    def limit(self) -> int:
        """Rows to select: one more than asked for tells whether there is another page."""
        return self.size + 1

    def cut(self, rows: Sequence[T], key: Callable[[T], dict[str, Any]]) -> tuple[Sequence[T], str]:
        """The rows of this page and the next page's token, empty on the last. `key(row)` gives the token's dict."""
        kept = rows[: self.size]
        if len(rows) <= self.size:
            return kept, ""
        return kept, encode_token(key(kept[-1]) | {_GIVEN_BY: _this_rpc()})


def _this_rpc() -> str:
    """Empty outside an RPC."""
    call = current_or_none()
    return call.method.path if call else ""


def _invalid() -> InvalidPageToken:
    return InvalidPageToken.of(Violation("page.token", InvalidPageToken.en, InvalidPageToken.zh))


def encode_token(position: dict[str, Any]) -> str:
    """JSON values only: dates and ids as text."""
    packed = json.dumps(position, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_token(token: str) -> dict[str, Any]:
    """The position, empty for no token. Raises InvalidPageToken for what this module did not make."""
    if not token:
        return {}
    try:
        position = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        position = None
    if not isinstance(position, dict):
        raise _invalid()
    return position
