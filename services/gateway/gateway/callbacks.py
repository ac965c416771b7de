"""`/callbacks/{source}`: chat systems and partners knock here. Body and query go on to integration as they came.

Nothing is parsed and nobody signs in: integration judges signature, age and replay, and its answer goes back plainly.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from limits import RateLimitItem
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.errors import InvalidInput, Locale, Violation
from chassis.identity import Identity
from closeloop.integration.v1 import callback_service_pb2 as contract
from gateway.intake import body
from gateway.locale import pick
from gateway.rates import Rates
from gateway.upstream import Upstream

ROUTE = "/callbacks/{source:segment}"
RPC = "/closeloop.integration.v1.CallbackService/ReceiveCallback"
LIMIT = 1 << 20
MOST_PARAMETERS = 50
_KEPT_BACK = ("authorization", "cookie", "host", "connection", "content-length", "transfer-encoding")
_PLAIN = ("text/plain", "application/json", "application/xml", "text/xml")


class MalformedQuery(InvalidInput):
    en = "The query can't be read."
    zh = "查询参数无法解析。"


class CallbackDoor:
    def __init__(
        self, upstream: Upstream, self_identity: Identity, rates: Rates, rate: RateLimitItem, seconds: float
    ) -> None:
        self._upstream = upstream
        self._identity = self_identity
        self._rates = rates
        self._rate = rate
        self._seconds = seconds

    @property
    def route(self) -> Route:
        return Route(ROUTE, self._receive, methods=["GET", "POST"])

    async def _receive(self, request: Request) -> Response:
        source = request.path_params["source"]
        await self._rates.spend("callback", self._rate, f"{source} {request.client.host if request.client else '-'}")
        received = contract.ReceiveCallbackRequest(
            source=source,
            method="POST" if request.method == "POST" else "GET",
            query=_query(request.scope["query_string"]),
            headers=_headers(request),
            body=await body.read(request, LIMIT, self._seconds),
        )
        answer = await self._upstream.call(
            "integration", RPC, received, contract.ReceiveCallbackResponse, as_=self._identity, locale=_locale(request)
        )
        kind = answer.content_type.partition(";")[0].strip().lower()
        return Response(answer.body, media_type=answer.content_type if kind in _PLAIN else "text/plain")


def _query(raw: bytes) -> dict[str, str]:
    """Raises MalformedQuery for what has no one meaning."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise MalformedQuery from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedQuery.of(Violation("?", "a parameter is there twice", "参数重复", "ONCE"))
    return found


def _headers(request: Request) -> dict[str, str]:
    """What a partner may sign with; never what could open our own doors."""
    own = ((name, value) for name, value in request.headers.items() if name not in _KEPT_BACK)
    return {name: value for name, value in own if not name.startswith("x-closeloop-") and value.isprintable()}


def _locale(request: Request) -> Locale:
    return pick(request.headers.get("accept-language", ""))
