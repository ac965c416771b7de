"""`/api/v1/session/login` and `/callback`: signing in by an OpenID provider, authorization code with PKCE.

What belongs to one attempt (state, nonce, verifier, where to go on) is in a signed cookie of that browser for ten
minutes, so any replica can finish what another began, and a code that another browser brings is worth nothing.
"""

from __future__ import annotations

import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.seal import NotOurs, Seal
from gateway.session.oidc_client import OidcClient, SignInRefused
from gateway.settings import OidcSettings

LOGIN, CALLBACK = "/api/v1/session/login", "/api/v1/session/callback"
COOKIE = "closeloop_sign_in"
AUDIENCE = "closeloop-sign-in"
LIFE = 600


class OidcDoor:
    """`admit(employee_id, answer)` lets the person in whom the provider named; `knock(request)` counts attempts."""

    def __init__(
        self,
        settings: OidcSettings,
        client: OidcClient,
        seal: Seal,
        admit: Callable[[str, Response], Awaitable[None]],
        knock: Callable[[Request], Awaitable[None]],
        public_url: str,
        *,
        secure: bool,
    ) -> None:
        self._settings = settings
        self._client = client
        self._seal = seal
        self._admit, self._knock = admit, knock
        self._redirect_uri = public_url.rstrip("/") + CALLBACK
        self._cookie: dict[str, Any] = {"path": CALLBACK, "httponly": True, "samesite": "lax", "secure": secure}

    @property
    def routes(self) -> list[Route]:
        return [Route(LOGIN, self._begin, methods=["GET"]), Route(CALLBACK, self._finish, methods=["GET"])]

    async def _begin(self, request: Request) -> Response:
        await self._knock(request)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self._settings.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        door = await self._client.door("authorization_endpoint")
        answer = RedirectResponse(f"{door}{'&' if '?' in door else '?'}{urlencode(asked)}", 302)
        attempt = {"sub": state, "nonce": nonce, "verifier": verifier, "to": _own_path(request)}
        sealed = self._seal.sign(AUDIENCE, {**attempt, "exp": int(time.time()) + LIFE})
        answer.set_cookie(COOKIE, sealed, max_age=LIFE, **self._cookie)
        return answer

    async def _finish(self, request: Request) -> Response:
        await self._knock(request)
        attempt, code = self._attempt(request), request.query_params.get("code", "")
        if not code or not hmac.compare_digest(attempt["sub"].encode(), request.query_params.get("state", "").encode()):
            raise SignInRefused
        claims = await self._client.claims(code, attempt["verifier"], attempt["nonce"], self._redirect_uri)
        employee_id = claims.get(self._settings.claim)
        if not isinstance(employee_id, str) or not 1 <= len(employee_id) <= 40:
            raise SignInRefused
        answer = RedirectResponse(attempt["to"], 303, headers={"cache-control": "no-store"})
        await self._admit(employee_id, answer)
        answer.delete_cookie(COOKIE, **self._cookie)
        return answer

    def _attempt(self, request: Request) -> dict[str, str]:
        try:
            claims = self._seal.read(AUDIENCE, request.cookies.get(COOKIE, ""), "nonce", "verifier", "to")
        except NotOurs:
            raise SignInRefused from None
        return {name: str(claims[name]) for name in ("sub", "nonce", "verifier", "to")}


def _own_path(request: Request) -> str:
    """Where to go on: a path of ours, never somebody else's page."""
    wanted = request.query_params.get("to", "/")
    own = wanted.startswith("/") and wanted.isprintable() and not wanted.startswith("//") and "\\" not in wanted
    return wanted if own and len(wanted) <= 1000 else "/"
