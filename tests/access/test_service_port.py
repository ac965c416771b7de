"""Whoever reaches a service's own port: nobody is served without an identity that somebody trusted signed just now."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.identity import key_id
from chassis.rpc.context import IDENTITY_HEADER
from chassis.testing.identity import Keys, as_hq
from tests.faults.red import TABLE

from .company import TABLES, Company
from .contracts import every_rpc

HQ = {"sub": "E00900", "kind": "person", "name": "总部", "duties": ["hq", "ops"], "level": "company", "unit": "/HQ/"}


def _claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    return {**HQ, "iss": "gateway", "aud": "closeloop", "iat": now, "exp": now + 60, **changes}


def _signed(keys: Keys, issuer: str, **changes: Any) -> str:
    key = keys.of(issuer).private_key
    return jwt.encode(_claims(**changes), key, algorithm="EdDSA", headers={"kid": key_id(key.public_key())})


def _stranger(keys: Keys) -> str:
    """Signed by a key of one's own, under the name of the gateway's."""
    kid = key_id(keys.of("gateway").private_key.public_key())
    return jwt.encode(_claims(), Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": kid})


def _unknown_key(keys: Keys) -> str:
    own = Ed25519PrivateKey.generate()
    return jwt.encode(_claims(), own, algorithm="EdDSA", headers={"kid": key_id(own.public_key())})


def _unsigned(keys: Keys) -> str:
    return jwt.encode(
        _claims(), None, algorithm="none", headers={"kid": key_id(keys.of("gateway").private_key.public_key())}
    )


def _public_key_as_secret(keys: Keys) -> str:
    """The old trick: the public key taken for a shared secret."""
    public = keys.of("gateway").private_key.public_key()
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return jwt.encode(_claims(), raw, algorithm="HS256", headers={"kid": key_id(public)})


def _altered(keys: Keys) -> str:
    """Good once, then the name of another person written in."""
    head, _, signature = _signed(keys, "gateway").split(".")
    body = jwt.utils.base64url_encode(json.dumps(_claims(sub="E00901")).encode()).decode()
    return f"{head}.{body}.{signature}"


FORGED: dict[str, Callable[[Keys], str]] = {
    "none at all": lambda keys: "",
    "no token": lambda keys: "E00900",
    "expired": lambda keys: _signed(keys, "gateway", iat=int(time.time()) - 120, exp=int(time.time()) - 60),
    "too long a life": lambda keys: _signed(keys, "gateway", exp=int(time.time()) + 3600),
    "for another audience": lambda keys: _signed(keys, "gateway", aud="closeloop-session"),
    "for nobody": lambda keys: _signed(keys, "gateway", aud=[]),
    "signed by a stranger": _stranger,
    "signed by an unknown key": _unknown_key,
    "unsigned": _unsigned,
    "public key as secret": _public_key_as_secret,
    "altered": _altered,
    "a neighbour posing as a person": lambda keys: _signed(keys, "activity", iss="activity"),
    "a neighbour posing as the gateway": lambda keys: _signed(keys, "activity"),
    "a neighbour posing as another": lambda keys: _signed(
        keys,
        "activity",
        iss="activity",
        sub="service:leads",
        kind="service",
        name="leads",
        duties=["service"],
        unit="/",
    ),
    "the gateway posing as a service": lambda keys: _signed(
        keys, "gateway", sub="service:leads", kind="service", name="leads", duties=["service"], unit="/"
    ),
}


@pytest.mark.spec("P1.4", "P9.1")
@pytest.mark.parametrize("context", sorted(TABLES))
def test_every_rpc_refuses_a_forged_identity(company: Company, context: str) -> None:
    rpcs = [rpc for rpc in every_rpc() if rpc.context == context]
    assert rpcs
    with grpc.insecure_channel(f"127.0.0.1:{company.server(context).port}") as channel:
        served = [
            f"{rpc.name} with an identity {kind}: {code}"
            for rpc in rpcs
            for kind, forge in FORGED.items()
            if (code := _knock(channel, rpc.path, forge(company.keys))) is not grpc.StatusCode.UNAUTHENTICATED
        ]
        assert not served, "\n".join(["", *served])
        assert (
            _knock(channel, rpcs[0].path, company.keys.of("gateway").sign(as_hq()))
            is not grpc.StatusCode.UNAUTHENTICATED
        )


def _knock(channel: grpc.Channel, path: str, token: str) -> grpc.StatusCode:
    call = channel.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)
    try:
        call(b"", timeout=20, metadata=[(IDENTITY_HEADER, token)] if token else [])
    except grpc.RpcError as refusal:
        return refusal.code()
    return grpc.StatusCode.OK


def test_the_page_tells_how_many_forged_calls_are_made() -> None:
    told = f"{len(FORGED) * len(every_rpc()):,} calls on {len(TABLES)} services: none"
    assert told in TABLE.read_text(), f"docs/reliability.md should say: {told}"
