"""Signed roots of the audit chain, kept outside the database.

A chain inside one database can be recomputed by whoever owns the database. A root, signed by the service's key and
stored elsewhere once and never overwritten, pins what the chain was on that day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt
import obstore
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from obstore.exceptions import AlreadyExistsError

from chassis.files import connect
from chassis.identity import ALGORITHM, Trust, key_id

_FOLDER = "audit-roots"


class RootNotTrusted(Exception):
    """A root that was not signed by a trusted key of its service."""


@dataclass(frozen=True)
class SignedRoot:
    """The chain of `service` had `hash` at link `seq` on `signed_at` (real time)."""

    service: str
    seq: int
    hash: bytes
    signed_at: datetime


class RootStore:
    """`url` as for the file store; not the disk the database lives on, in production."""

    def __init__(self, url: str) -> None:
        self._store = connect(url)

    def keep(self, root: SignedRoot, key: Ed25519PrivateKey) -> None:
        """A root that is there already stays as it is."""
        claims = {
            "service": root.service,
            "seq": root.seq,
            "hash": root.hash.hex(),
            "signed_at": root.signed_at.isoformat(),
        }
        token = jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": key_id(key.public_key())})
        try:
            obstore.put(self._store, f"{_prefix(root.service)}{root.seq:020d}.jws", token.encode(), mode="create")
        except AlreadyExistsError:
            return

    def load(self, service: str, trust: Trust) -> list[SignedRoot]:
        """All roots of a service in the order of the chain. Raises RootNotTrusted for a forged one."""
        return [self._read(path, service, trust) for path in sorted(self._paths(service))]

    def latest_at(self, service: str) -> datetime | None:
        """When the newest root was stored; None before the first."""
        stored = [each["last_modified"] for each in self._listed(service)]
        return max(stored, default=None)

    def _read(self, path: str, service: str, trust: Trust) -> SignedRoot:
        token = bytes(obstore.get(self._store, path).bytes()).decode()
        try:
            issuer_and_key = trust.find(str(jwt.get_unverified_header(token).get("kid", "")))
            if issuer_and_key is None or issuer_and_key[0] != service:
                raise RootNotTrusted(path)
            claims = jwt.decode(token, issuer_and_key[1], algorithms=[ALGORITHM])
        except jwt.InvalidTokenError:
            raise RootNotTrusted(path) from None
        if claims["service"] != service:
            raise RootNotTrusted(path)
        signed_at = datetime.fromisoformat(claims["signed_at"]).astimezone(UTC)
        return SignedRoot(service, claims["seq"], bytes.fromhex(claims["hash"]), signed_at)

    def _paths(self, service: str) -> Iterator[str]:
        return (each["path"] for each in self._listed(service))

    def _listed(self, service: str) -> Iterator[obstore.ObjectMeta]:
        for batch in obstore.list(self._store, _prefix(service)):
            yield from batch


def _prefix(service: str) -> str:
    return f"{_FOLDER}/{service}/"
