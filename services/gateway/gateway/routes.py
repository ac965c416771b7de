"""One route per address of the contracts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.contracts import Rpc
from gateway.rpc_door import RpcDoor


def routes(rpcs: Iterable[Rpc], door: RpcDoor) -> list[Route]:
    """By address, literal ones before those with variables: `/plans/current` is no plan's id."""
    by_shape: defaultdict[str, list[Rpc]] = defaultdict(list)
    for rpc in rpcs:
        by_shape[rpc.template.shape].append(rpc)
    return [_route(by_shape[shape], door) for shape in sorted(by_shape)]


def _route(rpcs: list[Rpc], door: RpcDoor) -> Route:
    by_verb = {rpc.verb: rpc for rpc in rpcs}
    return Route(rpcs[0].template.route, _endpoint(by_verb, door), methods=list(by_verb))


def _endpoint(by_verb: Mapping[str, Rpc], door: RpcDoor) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await door.serve(by_verb["GET" if request.method == "HEAD" else request.method], request)

    return endpoint
