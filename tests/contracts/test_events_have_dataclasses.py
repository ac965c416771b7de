"""What a service may record has the fields of its message: found by name, so that nobody keeps a list."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass

import pytest

from chassis.events import DoesNotFit, EventCatalog
from tools.checks.consumers import SERVICES


def of_rules(service: str) -> dict[str, type]:
    """The dataclasses of its `rules`, `*_rules` and `events` modules, by name."""
    package = importlib.import_module(service)
    found = [name for _, name, _ in pkgutil.walk_packages(package.__path__, f"{service}.") if _may_hold_events(name)]
    return {each.__name__: each for name in found for each in _dataclasses(name)}


def _may_hold_events(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last in ("events", "rules") or last.endswith("_rules")


def _dataclasses(module: str) -> Iterator[type]:
    held = vars(importlib.import_module(module)).values()
    yield from (each for each in held if isinstance(each, type) and is_dataclass(each) and each.__module__ == module)


def check(catalog: EventCatalog, known: dict[str, type]) -> list[str]:
    """Messages without a dataclass. Raises DoesNotFit naming the fields that differ."""
    names = [each.message.DESCRIPTOR.name for each in catalog]
    catalog.check(known[name] for name in names if name in known)
    return [name for name in names if name not in known]


@pytest.mark.spec("P3.2")
@pytest.mark.parametrize("service", SERVICES)
def test_every_event_of_the_contract_has_its_dataclass(service: str) -> None:
    catalog = EventCatalog.of(importlib.import_module(f"closeloop.{service}.v1.events_pb2"))
    missing = check(catalog, of_rules(service))
    assert missing == [], f"no dataclass of that name in a rules or events module of {service}"


def test_a_forgotten_dataclass_and_a_forgotten_field_are_found() -> None:
    @dataclass(frozen=True)
    class LeadReopened:
        lead_id: str

    catalog = EventCatalog.of(importlib.import_module("closeloop.leads.v1.events_pb2"))
    assert "LeadReopened" in check(catalog, {})
    with pytest.raises(DoesNotFit, match="reason"):
        check(catalog, {"LeadReopened": LeadReopened})
