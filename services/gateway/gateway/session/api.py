"""`/api/v1/session`: sign in, who am I, sign out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from limits import RateLimitItem
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis.identity import Identity
from gateway.intake import body
from gateway.intake.strict_json import parse
from gateway.rates import Rates
from gateway.session.development import IdentityProvider
from gateway.session.directory import People
from gateway.session.guard import COOKIE, Guard
from gateway.session.tokens import Session, SessionTokens
from gateway.session.withdrawn import WithdrawnSessions

PATH = "/api/v1/session"
LIMIT = 4096


class SessionApi:
    def __init__(
        self,
        provider: IdentityProvider,
        people: People,
        tokens: SessionTokens,
        withdrawn: WithdrawnSessions,
        guard: Guard,
        rates: Rates,
        rate: RateLimitItem,
        *,
        secure: bool,
        body_timeout: float,
    ) -> None:
        self._provider = provider
        self._people = people
        self._tokens = tokens
        self._withdrawn = withdrawn
        self._guard = guard
        self._rates = rates
        self._rate = rate
        self._secure = secure
        self._body_timeout = body_timeout

    @property
    def route(self) -> Route:
        return Route(PATH, self._handle, methods=["GET", "POST", "DELETE"])

    async def _handle(self, request: Request) -> Response:
        match request.method:
            case "POST":
                return await self._sign_in(request)
            case "DELETE":
                return await self._sign_out(request)
            case _:
                admitted = await self._guard.admit(request)
                return _answer(_shown(admitted.session, admitted.identity))

    async def knock(self, request: Request) -> None:
        """Count an attempt to sign in. Raises TooManyRequests."""
        await self._rates.spend("sign-in", self._rate, request.client.host if request.client else "-")

    async def admit(self, employee_id: str, answer: Response, way: str) -> None:
        """A session for whom a provider vouches, as a cookie. Raises NoAccess."""
        identity = await self._people.identity(employee_id)
        token, session = self._tokens.issue(identity.subject, way)
        answer.set_cookie(COOKIE, token, expires=_instant(session), **self._cookie())

    async def _sign_in(self, request: Request) -> Response:
        await self.knock(request)
        body.require_json(request, empty=False)
        claim = parse(await body.read(request, LIMIT, self._body_timeout))
        identity = await self._people.identity(self._provider.employee(claim))
        token, session = self._tokens.issue(identity.subject, self._provider.name)
        answer = _answer(_shown(session, identity) | {"token": token})
        answer.set_cookie(COOKIE, token, expires=_instant(session), **self._cookie())
        return answer

    async def _sign_out(self, request: Request) -> Response:
        await self._withdrawn.withdraw(await self._guard.session(request))
        answer = Response(status_code=204)
        answer.delete_cookie(COOKIE, **self._cookie())
        return answer

    def _cookie(self) -> dict[str, Any]:
        return {"path": "/", "httponly": True, "samesite": "strict", "secure": self._secure}


def _shown(session: Session, identity: Identity) -> dict[str, Any]:
    return {
        "employeeId": identity.subject,
        "name": identity.name,
        "duties": sorted(identity.duties),
        "level": identity.level,
        "unit": identity.unit,
        "expiresAt": _instant(session).isoformat().replace("+00:00", "Z"),
    }


def _instant(session: Session) -> datetime:
    return datetime.fromtimestamp(session.expires, UTC)


def _answer(content: dict[str, Any]) -> JSONResponse:
    return JSONResponse(content, headers={"cache-control": "no-store"})
