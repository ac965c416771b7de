"""Who consumes what, from the services' own consumer tables."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Sequence
from types import ModuleType

from chassis.consumer import Handler

SERVICES = ("leads", "activity", "targets", "incentives", "forecast", "integration")


def consumed() -> dict[str, set[str]]:
    """Event types by service; a service without consumers.py is left out."""
    there = [name for name in SERVICES if importlib.util.find_spec(f"{name}.consumers")]
    modules = {name: importlib.import_module(f"{name}.consumers") for name in there}
    return {name: {handler.type for handler in _table(module)} for name, module in modules.items()}


def _table(module: ModuleType) -> Sequence[Handler]:
    """`CONSUMERS`, or what `consumers(…)` returns: handlers keep the arguments for events, which never come here."""
    if hasattr(module, "CONSUMERS"):
        table: Sequence[Handler] = module.CONSUMERS
        return table
    built: Sequence[Handler] = module.consumers(*(object() for _ in inspect.signature(module.consumers).parameters))
    return built
