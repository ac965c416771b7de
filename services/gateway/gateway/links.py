"""Short-lived links to files, each for one person."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from urllib.parse import urlencode

import jwt

from chassis.errors import PermissionDenied
from chassis.identity import ALGORITHM, SPEAKS_FOR_PEOPLE, Keyring, Trust, key_id

AUDIENCE = "closeloop-file"
PATH = "/api/v1/files"


class LinkNotValid(PermissionDenied):
    """Forged, over, for another file or another person."""

    en = "This link is not valid any more. Please open the file from its page again."
    zh = "链接已失效，请从原页面重新打开文件。"


class FileLinks:
    def __init__(self, keyring: Keyring, trust: Trust, life: float) -> None:
        self._key = keyring.private_key
        self._key_id = key_id(keyring.private_key.public_key())
        self._trust = trust
        self._life = life

    def issue(self, file_id: str, person: str) -> dict[str, str]:
        """`url` below the gateway's address, and until when it opens the file."""
        ends = int(time.time() + self._life)
        claims = {"aud": AUDIENCE, "iss": SPEAKS_FOR_PEOPLE, "sub": person, "file": file_id, "exp": ends}
        token = jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self._key_id})
        until = datetime.fromtimestamp(ends, UTC).isoformat().replace("+00:00", "Z")
        return {"url": f"{PATH}/{file_id}?{urlencode({'token': token})}", "urlExpiresAt": until}

    def require(self, token: str, file_id: str, person: str) -> None:
        """Raises LinkNotValid."""
        try:
            found = self._trust.find(str(jwt.get_unverified_header(token).get("kid", "")))
            if found is None or found[0] != SPEAKS_FOR_PEOPLE:
                raise LinkNotValid
            claims = jwt.decode(
                token, found[1], algorithms=[ALGORITHM], audience=AUDIENCE, options={"require": ["exp", "sub", "file"]}
            )
        except (jwt.InvalidTokenError, TypeError, ValueError):
            raise LinkNotValid from None
        if claims["file"] != file_id or claims["sub"] != person:
            raise LinkNotValid
