"""Signing keys of all processes, and the trust file with their public halves."""

from __future__ import annotations

from chassis.identity import generate_signing_key, read_signing_key, write_trust
from closeloop_cli.runtime.layout import SERVICES, Layout


def make_keys(layout: Layout) -> None:
    """Keys that are there are kept."""
    layout.keys.mkdir(parents=True, exist_ok=True)
    layout.keys.chmod(0o700)
    issuers = (*SERVICES, "gateway")
    for issuer in issuers:
        generate_signing_key(layout.keys / f"{issuer}.pem")
    write_trust(layout.trust, {i: read_signing_key(layout.keys / f"{i}.pem").public_key() for i in issuers})
