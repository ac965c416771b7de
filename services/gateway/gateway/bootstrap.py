"""The wiring of the gateway, by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from starlette.routing import BaseRoute, Route

from chassis import telemetry
from chassis.bus import Bus, BusSettings
from chassis.config import ConfigError, load
from chassis.files import FileStore
from chassis.identity import SPEAKS_FOR_PEOPLE, Keyring, Trust, of_service
from closeloop.integration.v1 import api_key_service_pb2 as api_keys
from closeloop.integration.v1 import directory_service_pb2 as directory
from gateway import contracts
from gateway.addresses import Addresses
from gateway.app import application
from gateway.callbacks import CallbackDoor
from gateway.links import FileLinks
from gateway.openapi.document import document
from gateway.rates import Rates, rate
from gateway.routes import routes
from gateway.rpc_door import RpcDoor
from gateway.seal import Seal
from gateway.session.api import SessionApi
from gateway.session.api_keys import ApiKeys
from gateway.session.development import DevelopmentProvider, IdentityProvider, NoProvider
from gateway.session.directory import People
from gateway.session.guard import Guard
from gateway.session.oidc import OidcDoor
from gateway.session.oidc_client import OidcClient
from gateway.session.tokens import SessionTokens
from gateway.session.withdrawn import WithdrawnSessions
from gateway.settings import GatewaySettings, SignIn
from gateway.shared_memory import SharedMemory
from gateway.stream.api import StreamApi
from gateway.stream.hub import Hub, News
from gateway.stream.reader import Reader
from gateway.uploads import FileApi
from gateway.upstream import Upstream

CHECK_API_KEY = "/closeloop.integration.v1.ApiKeyService/CheckApiKey"
GET_ACCESS = "/closeloop.integration.v1.DirectoryService/GetAccess"
log = telemetry.logger()


class Gateway:
    """Everything of one process. Nothing is connected before `app` runs. Raises ConfigError."""

    def __init__(self, settings: GatewaySettings, bus: Bus | None = None) -> None:
        settings.check()
        self.settings = settings
        self.contracts = contracts.load()
        for context in sorted({rpc.context for rpc in self.contracts.rpcs} | {"integration"}):
            settings.peer(context)
        self.identity = of_service(SPEAKS_FOR_PEOPLE)
        keyring, trust = _keys(settings)
        self.upstream = Upstream(settings.peers, keyring, deadline=settings.request_timeout)
        self.memory = SharedMemory(settings.redis_url)
        self.rates = Rates(settings.redis_url, self.memory)
        self.withdrawn = WithdrawnSessions(self.memory)
        self.hub = Hub(
            per_person=settings.streams_per_person, in_all=settings.streams_in_all, queue=settings.stream_queue
        )
        self.reader = Reader(bus or Bus(_bus(settings)), self.deliver, self.gap)
        self.draining = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.app = self._application(keyring, trust)

    def begin_drain(self) -> None:
        self.draining = True
        self.hub.close()

    def not_ready(self) -> list[str]:
        """A missing neighbour, broker or Redis makes some answers 503, not the gateway unready."""
        if self.draining:
            return ["draining"]
        return [] if self._loop else ["starting"]

    def _application(self, keyring: Keyring, trust: Trust) -> FastAPI:
        settings, provider = self.settings, _provider(self.settings)
        people = People(
            self._access_of, fresh=settings.access_fresh, stale=settings.access_stale, standing=provider.standing
        )
        seal = Seal(keyring, trust)
        tokens = SessionTokens(seal, settings.session_life)
        withdrawn = self.withdrawn
        per_person = rate("CLOSELOOP_RATE_PER_PERSON", settings.rate_per_person)
        origins = frozenset(settings.cors_origins)
        guard = Guard(tokens, withdrawn, people, self.rates, per_person, origins, self._api_keys())
        session = SessionApi(
            provider,
            people,
            tokens,
            withdrawn,
            guard,
            self.rates,
            rate("CLOSELOOP_RATE_OF_SIGN_IN", settings.rate_of_sign_in),
            secure=not settings.is_local,
            body_timeout=settings.body_timeout,
        )
        self.oidc = OidcClient(settings.oidc) if settings.way_in is SignIn.OIDC else None
        links = FileLinks(seal, settings.link_life)
        table: list[BaseRoute] = [
            session.route,
            *self._oidc_routes(session, seal),
            StreamApi(self.hub, guard, people, self.upstream, settings).route,
            *FileApi(FileStore(settings.files_url), links, guard, settings).routes,
            self._callback_door().route,
            Addresses(routes(self.contracts.rpcs, RpcDoor(guard, self.upstream, settings))),
        ]
        return application(settings, table, document(self.contracts, settings), self._running)

    def _oidc_routes(self, session: SessionApi, seal: Seal) -> list[Route]:
        if self.oidc is None:
            return []
        settings, admit = self.settings, partial(session.admit, way=SignIn.OIDC.value)
        door = OidcDoor(
            settings.oidc, self.oidc, seal, admit, session.knock, settings.public_url, secure=not settings.is_local
        )
        return door.routes

    def _callback_door(self) -> CallbackDoor:
        allowed = rate("CLOSELOOP_RATE_OF_CALLBACKS", self.settings.rate_of_callbacks)
        return CallbackDoor(self.upstream, self.identity, self.rates, allowed, self.settings.body_timeout)

    def _api_keys(self) -> ApiKeys:
        settings = self.settings
        per_key = rate("CLOSELOOP_RATE_PER_KEY", settings.rate_per_key)
        tries = rate("CLOSELOOP_RATE_OF_KEY_TRIES", settings.rate_of_key_tries)
        return ApiKeys(self._check_key, self.rates, per_key, tries, fresh=settings.access_fresh)

    async def _check_key(self, request: api_keys.CheckApiKeyRequest) -> api_keys.CheckApiKeyResponse:
        return await self.upstream.call(
            "integration", CHECK_API_KEY, request, api_keys.CheckApiKeyResponse, as_=self.identity
        )

    async def _access_of(self, employee_id: str) -> directory.GetAccessResponse:
        request = directory.GetAccessRequest(employee_id=employee_id)
        return await self.upstream.call(
            "integration", GET_ACCESS, request, directory.GetAccessResponse, as_=self.identity
        )

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        self.reader.start()
        hearing = asyncio.create_task(self.withdrawn.listen())
        log.info("gateway.started", routes=len(self.contracts.rpcs))
        try:
            yield
        finally:
            hearing.cancel()
            await asyncio.to_thread(self.reader.stop)
            await self.upstream.close()
            if self.oidc is not None:
                await self.oidc.close()
            await self.memory.close()
            log.info("gateway.stopped")

    def deliver(self, news: list[News]) -> None:
        """From any thread."""
        self._in_the_loop(lambda: self.hub.publish(news))

    def gap(self) -> None:
        """From any thread: something may have been missed."""
        self._in_the_loop(self.hub.gap)

    def _in_the_loop(self, act: Callable[[], object]) -> None:
        """From the reader's thread. A loop that has ended has no streams."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)


def _keys(settings: GatewaySettings) -> tuple[Keyring, Trust]:
    settings.require("signing_key", "trust")
    if settings.signing_key is None or settings.trust is None:
        raise ConfigError("CLOSELOOP_SIGNING_KEY and CLOSELOOP_TRUST must be set.")
    try:
        return Keyring.load(SPEAKS_FOR_PEOPLE, settings.signing_key, settings.trust), Trust(settings.trust)
    except (OSError, ValueError) as problem:
        raise ConfigError(f"The signing key or the trust file can't be used: {problem}.") from None


def _bus(settings: GatewaySettings) -> BusSettings:
    return load(BusSettings, bootstrap=settings.kafka_bootstrap)


def _provider(settings: GatewaySettings) -> IdentityProvider:
    return DevelopmentProvider(settings) if settings.way_in is SignIn.DEVELOPMENT else NoProvider()
