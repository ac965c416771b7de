"""Short-lived links to files, each for one person."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from urllib.parse import urlencode

from chassis.errors import PermissionDenied
from gateway.seal import NotOurs, Seal

AUDIENCE = "closeloop-file"
PATH = "/api/v1/files"


class LinkNotValid(PermissionDenied):
    """Forged, over, for another file or another person."""

    en = "This link is not valid any more. Please open the file from its page again."
    zh = "链接已失效，请从原页面重新打开文件。"


class FileLinks:
    """`life` in seconds."""

    def __init__(self, seal: Seal, life: float) -> None:
        self._seal = seal
        self._life = life

    def issue(self, file_id: str, person: str) -> dict[str, str]:
        """`url` below the gateway's address, and until when it opens the file."""
        ends = int(time.time() + self._life)
        token = self._seal.sign(AUDIENCE, {"sub": person, "file": file_id, "exp": ends})
        until = datetime.fromtimestamp(ends, UTC).isoformat().replace("+00:00", "Z")
        return {"url": f"{PATH}/{file_id}?{urlencode({'token': token})}", "urlExpiresAt": until}

    def require(self, token: str, file_id: str, person: str) -> None:
        """Raises LinkNotValid."""
        try:
            claims = self._seal.read(AUDIENCE, token, "file")
        except NotOurs:
            raise LinkNotValid from None
        if claims["file"] != file_id or claims["sub"] != person:
            raise LinkNotValid
