"""People and services for tests, with real keys: what they sign is checked by the real code."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.identity import (
    SPEAKS_FOR_PEOPLE,
    Identity,
    Keyring,
    Level,
    generate_signing_key,
    of_service,
    read_signing_key,
    write_trust,
)


def identity(
    subject: str = "E00001",
    *,
    name: str = "",
    duties: tuple[str, ...] = ("rep",),
    level: Level = "self",
    unit: str = "/HQ/EAST/HZ1/",
) -> Identity:
    """Any person."""
    return Identity(subject, "person", name or f"员工{subject}", frozenset(duties), level, unit)


def as_rep(subject: str = "E00001", unit: str = "/HQ/EAST/HZ1/") -> Identity:
    return identity(subject, duties=("rep",), level="self", unit=unit)


def as_manager(subject: str = "E00100", unit: str = "/HQ/EAST/HZ1/") -> Identity:
    return identity(subject, duties=("manager",), level="team", unit=unit)


def as_director(subject: str = "E00200", unit: str = "/HQ/EAST/") -> Identity:
    return identity(subject, duties=("director",), level="team", unit=unit)


def as_hq(subject: str = "E00900", *duties: str) -> Identity:
    return identity(subject, duties=duties or ("hq",), level="company", unit="/HQ/")


def as_partner(key: str = "P1", *duties: str) -> Identity:
    return Identity(f"partner:{key}", "partner", f"合作方{key}", frozenset(duties), "self", "")


def as_service(name: str) -> Identity:
    return of_service(name)


class Keys:
    """A signing key for each issuer of a test, made when it is first needed, and the trust file with all of them."""

    def __init__(self, folder: Path) -> None:
        self.trust = folder / "trust.json"
        self._folder = folder
        self._issuers: list[str] = []
        self.of(SPEAKS_FOR_PEOPLE)

    def of(self, issuer: str) -> Keyring:
        key = self.path(issuer)
        if issuer not in self._issuers:
            generate_signing_key(key)
            self._issuers.append(issuer)
            write_trust(self.trust, {name: read_signing_key(self.path(name)).public_key() for name in self._issuers})
        return Keyring.load(issuer, key, self.trust)

    def path(self, issuer: str) -> Path:
        return self._folder / f"{issuer}.pem"

    def signing(self, acting: Identity) -> Keyring:
        """The keyring that may vouch for this identity: the gateway's for people, a service's own."""
        return self.of(acting.name if acting.kind == "service" else SPEAKS_FOR_PEOPLE)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Keyrings by issuer."""
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def keyring(keys: Keys) -> Keyring:
    """The gateway's keyring; good for any server, since all share one trust file."""
    return keys.of(SPEAKS_FOR_PEOPLE)
