"""One module per connector, found by its function `connector(policy)`: adding one touches no other file (N1.1).

A module for a format that several sites speak has `connectors(policy)` instead: a feed per site of the settings.
A module whose name begins with an underscore is shared by several connectors.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

from integration.feeds.connector import Connector, PolicyOf


def every(policy: PolicyOf) -> dict[str, Connector]:
    """Connectors by feed name."""
    modules = (
        import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__) if each.name[0] != "_"
    )
    found = [each for module in modules for each in _of(module, policy)]
    return {each.feed: each for each in sorted(found, key=lambda each: each.feed)}


def _of(module: ModuleType, policy: PolicyOf) -> list[Connector]:
    if hasattr(module, "connectors"):
        return list(module.connectors(policy))
    return [module.connector(policy)]
