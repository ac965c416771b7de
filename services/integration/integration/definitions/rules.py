"""Which version of a definition holds on a day, and how a report names it (N7.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from integration.definitions.policy import Definition, Version


@dataclass(frozen=True)
class Named:
    """A definition as a report names it: `collected.v1: arrived and claimed, …`."""

    metric_id: str
    definition: Definition
    version: Version

    def __str__(self) -> str:
        return f"{self.metric_id}.v{self.version.number}: {self.version.formula_en}"


def holding(definition: Definition, day: date) -> Version:
    """The latest version that has begun; the first one for a day before all of them."""
    begun = [each for each in definition.versions if each.effective_from <= day]
    return begun[-1] if begun else definition.versions[0]


def named(definitions: Mapping[str, Definition], metric_id: str, day: date) -> Named:
    found = definitions[metric_id]
    return Named(metric_id, found, holding(found, day))


def also_in_use(definitions: Mapping[str, Definition], metric_id: str) -> list[str]:
    """Other definitions of the same concept."""
    concept = definitions[metric_id].concept
    return [name for name, each in definitions.items() if each.concept == concept and name != metric_id]
