"""What the gateway asks an OpenID provider: where its doors are, a token for a code, its keys.

Guarantee: an ID token counts only when it is signed by a key that the provider shows now, for this client, by this
issuer, for this very sign-in (nonce), and not over. Keys are read again for a key id that is new, at most once in
`key_pause` seconds, so that a provider may rotate at any time and a forger can't make us ask for ever.
"""

from __future__ import annotations

import time
from typing import Any

import httpx
import jwt

from chassis.errors import Unauthenticated, Unavailable
from gateway.settings import OidcSettings

# Only signatures that need the provider's private key.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
SKEW = 30
_DOORS = {"authorization_endpoint", "token_endpoint", "jwks_uri"}
LONGEST_ANSWER = 256 << 10


class SignInRefused(Unauthenticated):
    """Wrong state, code or token: a forger learns nothing."""

    en = "Signing in did not work. Please try again."
    zh = "登录失败，请重试。"


class OidcClient:
    """Raises Unavailable when the provider does not answer."""

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(timeout=10, follow_redirects=False, trust_env=False)
        self._doors: dict[str, Any] = {}
        self._keys: dict[str, jwt.PyJWK] = {}
        self._keys_read = 0.0

    async def close(self) -> None:
        await self._http.aclose()

    async def door(self, name: str) -> str:
        """An address of the provider's discovery document."""
        if not self._doors:
            issuer = self._settings.issuer.rstrip("/")
            found = await self._json("GET", f"{issuer}/.well-known/openid-configuration")
            if found.get("issuer") != self._settings.issuer or not found.keys() >= _DOORS:
                raise Unavailable
            self._doors = found
        return str(self._doors[name])

    async def claims(self, code: str, verifier: str, nonce: str, redirect_uri: str) -> dict[str, Any]:
        """Of the ID token that the code stands for. Raises SignInRefused."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": redirect_uri,
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret.get_secret_value(),
        }
        answer = await self._json("POST", await self.door("token_endpoint"), data=form)
        return await self._read(str(answer.get("id_token", "")), nonce)

    async def _read(self, token: str, nonce: str) -> dict[str, Any]:
        try:
            key = await self._key(str(jwt.get_unverified_header(token).get("kid", "")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._settings.client_id,
                issuer=self._settings.issuer,
                leeway=SKEW,
                options={"require": ["exp", "iat", "sub", "nonce"]},
            )
        except jwt.InvalidTokenError:
            raise SignInRefused from None
        if claims["nonce"] != nonce:
            raise SignInRefused
        return claims

    async def _key(self, key_id: str) -> jwt.PyJWK:
        now = time.monotonic()
        if key_id not in self._keys and (not self._keys or now - self._keys_read >= self._settings.key_pause):
            self._keys_read = now
            shown = await self._json("GET", await self.door("jwks_uri"))
            self._keys = {str(each.key_id): each for each in jwt.PyJWKSet.from_dict(shown).keys}
        if key_id not in self._keys:
            raise SignInRefused
        return self._keys[key_id]

    async def _json(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, url, **more)
            found = answer.json() if len(answer.content) <= LONGEST_ANSWER else None
        except (httpx.HTTPError, ValueError):
            raise Unavailable from None
        if 400 <= answer.status_code < 500:
            raise SignInRefused
        if answer.status_code != 200 or not isinstance(found, dict):
            raise Unavailable
        return found
