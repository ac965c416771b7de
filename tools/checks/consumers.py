"""Who consumes what, from the services' own consumer tables."""

from __future__ import annotations

import importlib
import importlib.util

SERVICES = ("leads", "activity", "targets", "incentives", "forecast", "integration")


def consumed() -> dict[str, set[str]]:
    """Event types by service; a service without consumers.py is left out."""
    there = [name for name in SERVICES if importlib.util.find_spec(f"{name}.consumers")]
    tables = {name: importlib.import_module(f"{name}.consumers").CONSUMERS for name in there}
    return {name: {handler.type for handler in table} for name, table in tables.items()}
