"""Keys of partners' programs: `Authorization: Bearer ck_…`.

The key itself stays here; integration is asked with its hash. What a key opens is at most `fresh` seconds old, and no
older answer counts: a revoked key is out within that time, and while integration is away nobody gets in by an old one.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from limits import RateLimitItem

from chassis.errors import NotFound, PermissionDenied, Unauthenticated
from chassis.identity import Identity
from closeloop.integration.v1 import api_key_service_pb2 as pb
from gateway.rates import Rates

PREFIX = "ck_"
LONGEST = 200
MOST_KEPT = 10_000


class KeyNotValid(Unauthenticated):
    """Unknown, wrong, over, revoked: who tries keys learns nothing."""

    en = "The API key is not valid."
    zh = "API 密钥无效。"


class KeyOutOfScope(PermissionDenied):
    en = "This API key doesn't open {group}."
    zh = "此 API 密钥无权访问 {group}。"


@dataclass(frozen=True)
class _Known:
    key: pb.ApiKey
    at: float


class ApiKeys:
    """`ask` is ApiKeyService.CheckApiKey. `rate` counts per key; `tries` per address, for keys not known here."""

    def __init__(
        self,
        ask: Callable[[pb.CheckApiKeyRequest], Awaitable[pb.CheckApiKeyResponse]],
        rates: Rates,
        rate: RateLimitItem,
        tries: RateLimitItem,
        *,
        fresh: float,
    ) -> None:
        self._ask = ask
        self._rates = rates
        self._rate, self._tries = rate, tries
        self._fresh = fresh
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    async def identity(self, token: str, group: str, address: str) -> Identity:
        """Raises KeyNotValid, KeyOutOfScope, TooManyRequests, or Unavailable while nobody can say whose key it is."""
        key = await self._key(token, address)
        if key.expires_at.ToSeconds() <= time.time():
            raise KeyNotValid
        await self._rates.spend("key", self._rate, key.key_id)
        if group not in key.groups:
            raise KeyOutOfScope(group=group)
        return Identity(f"partner:{key.key_id}", "partner", key.name, frozenset(key.duties), "self", "")

    async def _key(self, token: str, address: str) -> pb.ApiKey:
        digest = sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is not None and time.monotonic() - known.at <= self._fresh:
            return known.key
        if known is None:
            await self._rates.spend("key-tries", self._tries, address)
        try:
            answer = await self._ask(pb.CheckApiKeyRequest(key_id=_id_of(token), digest=digest))
        except NotFound:
            self._known.pop(digest, None)
            raise KeyNotValid from None
        self._keep(digest, answer.key)
        return answer.key

    def _keep(self, digest: bytes, key: pb.ApiKey) -> None:
        self._known[digest] = _Known(key, time.monotonic())
        self._known.move_to_end(digest)
        if len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)


def _id_of(token: str) -> str:
    """ "ck_" + 32 hex digits + "_" + secret. Raises KeyNotValid."""
    if len(token) > LONGEST:
        raise KeyNotValid
    try:
        return str(UUID(hex=token.removeprefix(PREFIX).partition("_")[0]))
    except ValueError:
        raise KeyNotValid from None
