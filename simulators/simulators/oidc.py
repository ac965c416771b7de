"""A small OpenID provider: discovery, authorization code with PKCE, keys that can be rotated. Whoever
`person` names is signed in without a page."""

from __future__ import annotations

import json
import secrets
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm


class OidcProvider:
    """`claims` are put over those of each token, `signer` signs them: both can be made wrong on purpose."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self.client_id, self.client_secret = client_id, client_secret
        self.person = "E00001"
        self.claims: dict[str, Any] = {}
        self.keys: dict[str, RSAPrivateKey] = {}
        self._codes: dict[str, dict[str, str]] = {}
        self.rotate()

    def rotate(self) -> None:
        """A new key; the old one is shown no more."""
        self.keys = {secrets.token_hex(4): generate_private_key(65537, 2048)}
        self.signer = next(iter(self.keys.items()))

    def start(self) -> OidcProvider:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def jwks(self) -> dict[str, Any]:
        shown = {key_id: RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) for key_id, key in self.keys.items()}
        return {"keys": [{**jwk, "kid": key_id, "alg": "RS256", "use": "sig"} for key_id, jwk in shown.items()]}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes next. KeyError for what a provider would refuse."""
        if asked["client_id"] != self.client_id or asked["code_challenge_method"] != "S256":
            raise KeyError("client")
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        """A code is good once, for the client and the verifier that asked for it. KeyError otherwise."""
        asked = self._codes.pop(form["code"])
        challenge = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        given = (challenge, form["redirect_uri"], form["client_id"], form["client_secret"])
        if given != (asked["code_challenge"], asked["redirect_uri"], self.client_id, self.client_secret):
            raise KeyError("grant")
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": self.client_id, "sub": "subject", "preferred_username": self.person,
            "nonce": asked["nonce"], "iat": now, "exp": now + 300,
        }  # fmt: skip
        key_id, key = self.signer
        token = jwt.encode(claims | self.claims, key, algorithm="RS256", headers={"kid": key_id})
        return {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "id_token": token}


def _handler(provider: OidcProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            match parts.path:
                case "/.well-known/openid-configuration":
                    self._say(200, provider.discovery())
                case "/keys":
                    self._say(200, provider.jwks())
                case "/authorize":
                    self._redirect(_single(parts.query))
                case _:
                    self._say(404, {})

        def do_POST(self) -> None:
            form = _single(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())
            try:
                self._say(200, provider.token(form))
            except KeyError:
                self._say(400, {"error": "invalid_grant"})

        def _redirect(self, asked: dict[str, str]) -> None:
            try:
                target = provider.authorize(asked)
            except KeyError:
                self._say(400, {"error": "invalid_request"})
                return
            self.send_response(302)
            self.send_header("Location", target)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _say(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler


def _single(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query).items()}
