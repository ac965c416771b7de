"""Signs what the gateway itself hands out and takes back: sessions, links to files.

Signed by the gateway's key and named by its `kid`, checked against every gateway key of the trust file: while keys are
rotated, what the old and the new key signed is valid side by side. Each use has an audience of its own, apart from that
of identities between services, so that none can stand for another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt

from chassis.identity import ALGORITHM, SPEAKS_FOR_PEOPLE, Keyring, Trust, key_id


class NotOurs(Exception):
    """Forged, over, or for another use."""


class Seal:
    def __init__(self, keyring: Keyring, trust: Trust) -> None:
        self._key = keyring.private_key
        self._key_id = key_id(keyring.private_key.public_key())
        self._trust = trust

    def sign(self, audience: str, claims: Mapping[str, Any]) -> str:
        content = {"iss": SPEAKS_FOR_PEOPLE, "aud": audience, **claims}
        return jwt.encode(content, self._key, algorithm=ALGORITHM, headers={"kid": self._key_id})

    def keys_version(self) -> int:
        """Grows with each change of the keys that are trusted."""
        return self._trust.refresh()

    def read(self, audience: str, token: str, *needed: str) -> dict[str, Any]:
        """The claims. Raises NotOurs, whatever the reason."""
        try:
            self._trust.refresh()
            found = self._trust.find(str(jwt.get_unverified_header(token).get("kid", "")))
            if found is None or found[0] != SPEAKS_FOR_PEOPLE:
                raise NotOurs
            claims: dict[str, Any] = jwt.decode(
                token,
                found[1],
                algorithms=[ALGORITHM],
                audience=audience,
                issuer=SPEAKS_FOR_PEOPLE,
                options={"require": ["exp", "sub", *needed]},
            )
        except (jwt.InvalidTokenError, TypeError, ValueError):
            raise NotOurs from None
        return claims
