"""Session tokens: what a browser or a program shows after signing in."""

from __future__ import annotations

import time
from dataclasses import dataclass

from chassis.errors import Unauthenticated
from chassis.kernel.ids import new_id
from gateway.seal import NotOurs, Seal

AUDIENCE = "closeloop-session"
MOST_REMEMBERED = 10_000


class SessionNotValid(Unauthenticated):
    """Forged, over, signed out: a forger learns nothing."""

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
    def __init__(self, seal: Seal, life: float) -> None:
        self._seal = seal
        self._life = life
        # A page shows the same token with each of its requests, and a signature takes as long as the way to Redis.
        self._remembered: dict[str, tuple[int, Session]] = {}

    def issue(self, employee_id: str, way: str) -> tuple[str, Session]:
        now = int(time.time())
        session = Session(new_id(), employee_id, way, now + int(self._life))
        claims = {"sub": employee_id, "sid": session.id, "way": way, "iat": now, "exp": session.expires}
        return self._seal.sign(AUDIENCE, claims), session

    def read(self, token: str) -> Session:
        """Raises SessionNotValid. What was read is known until it ends or a key changes."""
        keys = self._seal.keys_version()
        read_with, session = self._remembered.get(token, (-1, None))
        if session is None or read_with != keys or session.is_over:
            session = self._read(token)
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[token] = keys, session
        return session

    def _read(self, token: str) -> Session:
        try:
            claims = self._seal.read(AUDIENCE, token, "sid", "way", "iat")
        except NotOurs:
            raise SessionNotValid from None
        return Session(str(claims["sid"]), str(claims["sub"]), str(claims["way"]), int(claims["exp"]))
