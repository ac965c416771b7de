"""One module per connector, found by its function `connector(policy)`: adding one touches no other file (N1.1).

A module whose name begins with an underscore is shared by several connectors.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from integration.feeds.connector import Connector, PolicyOf


def every(policy: PolicyOf) -> dict[str, Connector]:
    """Connectors by feed name."""
    modules = (
        import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__) if each.name[0] != "_"
    )
    found: list[Connector] = [module.connector(policy) for module in modules]
    return {each.feed: each for each in sorted(found, key=lambda each: each.feed)}
