"""The ASGI application: routes in one table, what surrounds them in one stack."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route

from gateway.addresses import Addresses
from gateway.middleware.observe import Observe
from gateway.middleware.problems import Problems, reraise
from gateway.middleware.security import SecurityHeaders
from gateway.settings import GatewaySettings

DOCS = "/docs"
DOCS_ASSETS = "/docs-assets"
OPENAPI = "/openapi.json"
_SENT = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "traceparent",
]
_READ = ["ETag", "Idempotency-Key", "Retry-After", "Content-Language", "X-Trace-Id"]

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


def application(
    settings: GatewaySettings, routes: Sequence[BaseRoute], document: dict[str, Any], lifespan: Lifespan
) -> FastAPI:
    app: FastAPI = FastAPIOffline(
        title="Closeloop",
        docs_url=DOCS,
        redoc_url=None,
        openapi_url=OPENAPI,
        static_url=DOCS_ASSETS,
        swagger_ui_oauth2_redirect_url=DOCS + "/oauth2",
        redirect_slashes=False,
        middleware=_surroundings(settings, routes),
        exception_handlers={HTTPException: reraise},
        lifespan=_lifespan(lifespan),
        # Ours is middleware/observe.py: FastAPI's own would be a second root span, and its exporters another setting.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    # FastAPI would look into Python signatures; the contracts know more.
    app.openapi = lambda: document  # type: ignore[method-assign]
    app.router.routes.extend(routes)
    return app


def _surroundings(settings: GatewaySettings, routes: Sequence[BaseRoute]) -> list[Middleware]:
    # FastAPI notes the route of a request only where the route is its own.
    each = [one for route in routes for one in (route.routes if isinstance(route, Addresses) else [route])]
    paths = {route.endpoint: route.path_format for route in each if isinstance(route, Route)}
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_credentials=True,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=_SENT,
        expose_headers=_READ,
        max_age=600,
    )
    return [
        Middleware(Observe, paths=paths),
        Middleware(SecurityHeaders, docs=(DOCS,), https=not settings.is_local),
        *([cors] if settings.cors_origins else []),
        Middleware(Problems, header_limit=settings.header_limit),
    ]


def _lifespan(run: Lifespan) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def around(_: FastAPI) -> AsyncIterator[None]:
        async with run():
            yield

    return around
