"""What the depot tells others, apart from its process, so that a test can record it too."""

from __future__ import annotations

from dataclasses import dataclass

CRATES = "closeloop.depot.crate.v1"


@dataclass(frozen=True)
class CrateStored:
    crate_id: str
    step: int
