"""Who is calling. Signed by the process that vouches for it, checked by each service again.

Guarantee: a service believes an identity only when it is signed by a key of the trust file, addressed to Closeloop and
at most 60 seconds old; and a service's key can vouch for that service alone. Only the gateway's key speaks for people
and partners, so a neighbour that was broken into can't pose as a manager.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm
from sqlalchemy import ColumnElement

from chassis import access
from chassis.errors import Unauthenticated

AUDIENCE = "closeloop"
ALGORITHM = "EdDSA"
LONGEST_LIFE = 60
CLOCK_SKEW = 5
SPEAKS_FOR_PEOPLE = "gateway"
# A signature costs more to check than the rest of a call's way in; the same token comes many times in its minute.
MOST_REMEMBERED = 4096
# Seconds. A look at the trust file lets another thread have its turn; many times per call that adds up.
LOOK_EVERY = 0.1

Kind = Literal["person", "service", "partner"]
Level = Literal["self", "team", "company"]


class IdentityMissing(Unauthenticated):
    en = "The call carries no identity."
    zh = "请求未携带身份信息。"


class IdentityNotTrusted(Unauthenticated):
    """Forged, expired, for another audience, or by an issuer that may not say this."""

    en = "The identity of the call can't be trusted."
    zh = "请求的身份信息不可信。"


@dataclass(frozen=True)
class Identity:
    """The caller. `unit` is the path of the org tree with a slash at both ends: "/HQ/EAST/HZ1/"."""

    subject: str
    kind: Kind
    name: str
    duties: frozenset[str]
    level: Level
    unit: str

    def __post_init__(self) -> None:
        if self.unit and not self.unit.endswith("/"):
            raise ValueError("a unit path ends with a slash, else HZ1 would contain HZ10")

    def has_any(self, *duties: str) -> bool:
        return not self.duties.isdisjoint(duties)

    def may_see(self, owner_id: str | None, unit: str | None) -> bool:
        """Self: own rows. Team: rows of the unit and below, and own rows. Company and services: all."""
        if self.kind == "service" or self.level == "company" or owner_id == self.subject:
            return True
        return self.level == "team" and bool(self.unit) and unit is not None and unit.startswith(self.unit)

    def visible(self, owner_column: ColumnElement[Any], unit_column: ColumnElement[Any]) -> ColumnElement[bool]:
        """`may_see` as a condition of a SELECT."""
        return access.visible_rows(self, owner_column, unit_column)


def of_service(name: str) -> Identity:
    """A service acting for itself: consumers, jobs, clocks."""
    return Identity(f"service:{name}", "service", name, frozenset({"service"}), "company", "/")


class Trust:
    """The public keys of all issuers, a JWKS file. Each key names its issuer in the member `iss`.

    Read again when the file changes; a file that can't be read leaves the last good keys in force. A key that was added
    counts at once, one that was taken out no more after a tenth of a second.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._lock = Lock()
        self._next_look = 0.0
        self._stamp = (0, 0, 0)
        self._keys: Mapping[str, tuple[str, Ed25519PublicKey]] = {}
        self.version = 0
        self.refresh()
        if not self._keys:
            raise ValueError(f"no usable key in the trust file {path}")

    def find(self, key_id: str) -> tuple[str, Ed25519PublicKey] | None:
        """Issuer and key, or None when nobody is trusted with this key id."""
        self.refresh()
        if key_id not in self._keys:
            self._read_if_changed()
        return self._keys.get(key_id)

    def refresh(self) -> int:
        """Read the file again if it was seen to change. The number grows with each change."""
        now = self._clock()
        if now >= self._next_look:
            self._next_look = now + LOOK_EVERY
            self._read_if_changed()
        return self.version

    def _read_if_changed(self) -> None:
        try:
            seen = self._path.stat()
        except OSError:
            return
        stamp = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
        if stamp == self._stamp:
            return
        with self._lock:
            try:
                self._keys = _read_keys(self._path)
            except (OSError, ValueError, KeyError, jwt.InvalidKeyError):
                return
            self._stamp = stamp
            self.version += 1


@dataclass(frozen=True)
class _Verified:
    """A token that was good; `expires` in seconds since 1970, `version` of the trust file it was checked against."""

    identity: Identity
    expires: float
    version: int


class Keyring:
    """This process's private key and everybody's public keys. Expiry is judged by real time, never by business time.

    `secret` (32 bytes) is known to whoever holds the private key, replicas of one service, and to nobody else.
    """

    def __init__(self, issuer: str, private_key: Ed25519PrivateKey, trust: Trust) -> None:
        self.issuer = issuer
        self.private_key = private_key
        self._trust = trust
        self._key_id = key_id(private_key.public_key())
        self._remembered: dict[str, _Verified] = {}
        self.secret = hashlib.sha256(b"closeloop:" + private_key.private_bytes_raw()).digest()

    @classmethod
    def load(cls, issuer: str, signing_key: Path, trust: Path) -> Keyring:
        """Raises OSError or ValueError when a file is absent or holds something else."""
        return cls(issuer, read_signing_key(signing_key), Trust(trust))

    def sign(self, identity: Identity, *, lifetime: int = LONGEST_LIFE) -> str:
        """A token of at most 60 seconds."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + min(lifetime, LONGEST_LIFE),
            "sub": identity.subject,
            "kind": identity.kind,
            "name": identity.name,
            "duties": sorted(identity.duties),
            "level": identity.level,
            "unit": identity.unit,
        }
        return jwt.encode(claims, self.private_key, algorithm=ALGORITHM, headers={"kid": self._key_id})

    def verify(self, token: str) -> Identity:
        """Raises IdentityNotTrusted, whatever the reason: a forger learns nothing."""
        version = self._trust.refresh()
        known = self._remembered.get(token)
        if known is None or known.version != version or known.expires < time.time():
            known = self._verify(token, version)
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[token] = known
        return known.identity

    def _verify(self, token: str, version: int) -> _Verified:
        try:
            found = self._trust.find(str(jwt.get_unverified_header(token).get("kid", "")))
            if found is None:
                raise IdentityNotTrusted
            issuer, key = found
            claims = _decode(token, issuer, key)
            return _Verified(_identity(issuer, claims), float(claims["exp"]), version)
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
            raise IdentityNotTrusted from None


def _decode(token: str, issuer: str, key: Ed25519PublicKey) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        audience=AUDIENCE,
        issuer=issuer,
        leeway=CLOCK_SKEW,
        options={"require": ["exp", "iat", "sub", "aud", "iss"]},
    )
    if claims["exp"] - claims["iat"] > LONGEST_LIFE:
        raise IdentityNotTrusted
    return claims


def _identity(issuer: str, claims: Mapping[str, Any]) -> Identity:
    identity = Identity(
        subject=str(claims["sub"]),
        kind=claims["kind"],
        name=str(claims["name"]),
        duties=frozenset(str(each) for each in claims["duties"]),
        level=claims["level"],
        unit=str(claims["unit"]),
    )
    if identity.kind not in ("person", "service", "partner") or identity.level not in ("self", "team", "company"):
        raise IdentityNotTrusted
    if issuer != SPEAKS_FOR_PEOPLE and identity != of_service(issuer):
        raise IdentityNotTrusted
    if identity.kind == "service" and identity != of_service(issuer):
        raise IdentityNotTrusted
    return identity


def generate_signing_key(path: Path) -> None:
    """Write a new Ed25519 key as PEM, readable by its owner alone. An existing key is kept."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(pem)


def read_signing_key(path: Path) -> Ed25519PrivateKey:
    """Raises OSError when it is absent, ValueError when it isn't an Ed25519 key."""
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """Short name of a key, from the key itself."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return raw.hex()[:16]


def public_jwk(issuer: str, key: Ed25519PublicKey) -> dict[str, Any]:
    """One entry of the trust file."""
    entry = dict(OKPAlgorithm.to_jwk(key, as_dict=True))
    return {**entry, "kid": key_id(key), "iss": issuer, "alg": ALGORITHM, "use": "sig"}


def write_trust(path: Path, keys: Mapping[str, Sequence[Ed25519PublicKey] | Ed25519PublicKey]) -> None:
    """Write the trust file in one step: issuer → its public key, or several while one is being rotated."""
    entries = [
        public_jwk(issuer, key)
        for issuer, held in keys.items()
        for key in ([held] if isinstance(held, Ed25519PublicKey) else held)
    ]
    scratch = path.with_suffix(f".{os.getpid()}.part")
    scratch.write_text(json.dumps({"keys": entries}, indent=1))
    scratch.replace(path)


def _read_keys(path: Path) -> dict[str, tuple[str, Ed25519PublicKey]]:
    keys: dict[str, tuple[str, Ed25519PublicKey]] = {}
    for entry in json.loads(path.read_text())["keys"]:
        key = OKPAlgorithm.from_jwk(entry)
        if isinstance(key, Ed25519PublicKey):
            keys[str(entry["kid"])] = (str(entry["iss"]), key)
    return keys
