"""Lets people through: a session by header or cookie, still valid, of somebody who still may, not too often."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from limits import RateLimitItem
from starlette.requests import HTTPConnection

from chassis.errors import Unauthenticated
from chassis.identity import Identity
from gateway.errors import ForeignOrigin
from gateway.rates import Rates
from gateway.session.api_keys import PREFIX, ApiKeys
from gateway.session.directory import People
from gateway.session.tokens import Session, SessionNotValid, SessionTokens
from gateway.session.withdrawn import WithdrawnSessions

COOKIE = "closeloop_session"
_HARMLESS = ("GET", "HEAD", "OPTIONS")


class NotSignedIn(Unauthenticated):
    en = "Please sign in."
    zh = "请先登录。"


@dataclass(frozen=True)
class Admitted:
    session: Session
    identity: Identity


class Guard:
    def __init__(
        self,
        tokens: SessionTokens,
        withdrawn: WithdrawnSessions,
        people: People,
        rates: Rates,
        rate: RateLimitItem,
        origins: frozenset[str],
        api_keys: ApiKeys,
    ) -> None:
        self._tokens = tokens
        self._withdrawn = withdrawn
        self._people = people
        self._rates = rates
        self._rate = rate
        self._origins = origins
        self._api_keys = api_keys

    async def admit_to(self, group: str, request: HTTPConnection) -> Identity:
        """A person, or a partner's program whose key opens this service of the contracts, like "leads.LeadService".

        Raises as `admit`, and PermissionDenied for a key that opens something else.
        """
        key = _bearer(request)
        if key.startswith(PREFIX):
            return await self._api_keys.identity(key, group, request.client.host if request.client else "-")
        return (await self.admit(request)).identity

    async def admit(self, request: HTTPConnection) -> Admitted:
        """A person. Raises Unauthenticated, TooManyRequests, or Unavailable when nobody can say who this is."""
        session = await self.session(request)
        await self._rates.spend("person", self._rate, session.employee_id)
        return Admitted(session, await self._people.identity(session.employee_id))

    async def session(self, request: HTTPConnection) -> Session:
        session = self._tokens.read(self._token(request))
        await self.require_current(session)
        return session

    async def require_current(self, session: Session) -> None:
        """Raises SessionNotValid when it was signed out."""
        if await self._withdrawn.holds(session):
            raise SessionNotValid

    def _token(self, request: HTTPConnection) -> str:
        token = _bearer(request)
        if token:
            return token
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            raise NotSignedIn
        self._refuse_foreign_pages(request)
        return cookie

    def _refuse_foreign_pages(self, request: HTTPConnection) -> None:
        """A browser sends the cookie along for any page; only our own pages may change something with it."""
        origin = request.headers.get("origin")
        if origin is None or request.scope["method"] in _HARMLESS or origin in self._origins:
            return
        if urlsplit(origin).netloc != request.headers.get("host"):
            raise ForeignOrigin(origin=origin[:100])


def _bearer(request: HTTPConnection) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
