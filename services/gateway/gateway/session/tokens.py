"""Session tokens: what a browser or a program shows after signing in.

Signed by the gateway's key and named by its `kid`, checked against every gateway key of the trust file: while keys are
rotated, sessions of the old and of the new key are valid side by side. The audience differs from that of identities
between services, so neither can stand for the other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import jwt

from chassis.errors import Unauthenticated
from chassis.identity import ALGORITHM, SPEAKS_FOR_PEOPLE, Keyring, Trust, key_id
from chassis.kernel.ids import new_id

AUDIENCE = "closeloop-session"
_CLAIMS = ["iss", "aud", "sub", "sid", "iat", "exp"]


class SessionNotValid(Unauthenticated):
    """Forged, over, or of another audience: a forger learns nothing."""

    en = "Your session is not valid any more. Please sign in again."
    zh = "登录已失效，请重新登录。"


@dataclass(frozen=True)
class Session:
    """`expires` is Unix time in seconds; `way` says how the person proved who they are."""

    id: str
    employee_id: str
    way: str
    expires: int

    @property
    def is_over(self) -> bool:
        return time.time() >= self.expires


class SessionTokens:
    def __init__(self, keyring: Keyring, trust: Trust, life: float) -> None:
        self._key = keyring.private_key
        self._key_id = key_id(keyring.private_key.public_key())
        self._trust = trust
        self._life = life

    def issue(self, employee_id: str, way: str) -> tuple[str, Session]:
        now = int(time.time())
        session = Session(new_id(), employee_id, way, now + int(self._life))
        claims = {
            "iss": SPEAKS_FOR_PEOPLE,
            "aud": AUDIENCE,
            "sub": employee_id,
            "sid": session.id,
            "way": way,
            "iat": now,
            "exp": session.expires,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self._key_id}), session

    def read(self, token: str) -> Session:
        """Raises SessionNotValid."""
        try:
            claims = self._claims(token)
            return Session(str(claims["sid"]), str(claims["sub"]), str(claims.get("way", "")), int(claims["exp"]))
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
            raise SessionNotValid from None

    def _claims(self, token: str) -> dict[str, Any]:
        found = self._trust.find(str(jwt.get_unverified_header(token).get("kid", "")))
        if found is None or found[0] != SPEAKS_FOR_PEOPLE:
            raise SessionNotValid
        claims: dict[str, Any] = jwt.decode(
            token,
            found[1],
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=SPEAKS_FOR_PEOPLE,
            options={"require": _CLAIMS},
        )
        return claims
