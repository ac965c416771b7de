"""Finds the route of an address without trying them all: there are more than a hundred.

A variable of an address holds neither slash nor colon, so that an address and its template agree in three things: how
many parts they have, what the first part below `/api/v1` is, and the verb behind the colon. The routes that agree in
them are tried in order, as the router does with all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

Look = tuple[int, str, str]
_ROUTE = "closeloop.route"
_VARIABLE = "{}"


class Addresses(BaseRoute):
    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = routes
        self._alike: defaultdict[Look, list[Route]] = defaultdict(list)
        for route in routes:
            self._alike[_look(route.path_format)].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first that serves address and method, else the first that serves the address: it says which methods."""
        partly: tuple[Match, dict[str, Any]] = Match.NONE, {}
        if scope["type"] != "http":
            return partly
        parts, first, verb = _look(scope["path"])
        for look in ((parts, first, verb), (parts, _VARIABLE, verb)):
            for route in self._alike.get(look, ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    return match, {**found, _ROUTE: route}
                if match is Match.PARTIAL and partly[0] is Match.NONE:
                    partly = match, {**found, _ROUTE: route}
        return partly

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope[_ROUTE].handle(scope, receive, send)


def _look(path: str) -> Look:
    parts = path.split("/")
    first = parts[3].partition(":")[0] if len(parts) > 3 else ""
    return len(parts), _VARIABLE if first.startswith("{") else first, parts[-1].partition(":")[2]
