"""What background work is run with."""

from __future__ import annotations

from dataclasses import dataclass

from leads.assignment.assigner import Assigner
from leads.imports.run_import import Importer


@dataclass(frozen=True)
class App:
    assigner: Assigner
    importer: Importer
    # Real seconds between two looks at what waits.
    drain_pause: float
