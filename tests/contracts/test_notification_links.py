"""A notification's link opens something."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from google.api import annotations_pb2

from integration.notifications.template_rules import TEMPLATES

PROTO = Path(__file__).resolve().parents[2] / "proto"
PLACEHOLDER = re.compile(r"\{[^}]*\}")


def readable() -> set[str]:
    """Each address of the contracts that is read by GET, its placeholders without names."""
    found = set()
    for path in PROTO.glob("closeloop/*/v1/*_service.proto"):
        name = ".".join(path.relative_to(PROTO).with_suffix("").parts) + "_pb2"
        for service in import_module(name).DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                found.add(PLACEHOLDER.sub("{}", method.GetOptions().Extensions[annotations_pb2.http].get))
    return found - {""}


@pytest.mark.spec("N9.1")
@pytest.mark.parametrize("kind", sorted(TEMPLATES))
def test_a_notification_links_to_what_can_be_read(kind: str) -> None:
    link = TEMPLATES[kind].link.partition("?")[0]
    assert not link or PLACEHOLDER.sub("{}", link) in readable()
