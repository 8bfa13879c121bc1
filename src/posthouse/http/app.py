"""Puts the HTTP door together."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import Depends, FastAPI
from starlette.responses import Response
from starlette.routing import BaseRoute

from posthouse.core.kernel.errors import PosthouseError
from posthouse.http import openapi, pages
from posthouse.http.auth import Gatekeeper
from posthouse.http.bodies import BodyReader
from posthouse.http.context import Context, needs
from posthouse.http.operations import Operation, Paths
from posthouse.http.ratelimit import RateLimiter
from posthouse.http.refusals import install_refusals
from posthouse.http.routes import OPERATIONS
from posthouse.http.routes.submit import BATCH_PATH, MESSAGES_PATH, SubmitDoor
from posthouse.http.routes.tracking import TrackingDoor
from posthouse.http.services import Services
from posthouse.http.shell import Shell

FLUSH_SECONDS = 5.0
"""How often the last uses of keys are written."""


def create_app(services: Services) -> Shell:
    """The ASGI application.

    Args:
        services: the rooms of the core that it speaks for.
    """
    settings = services.settings
    gate = Gatekeeper(services.keys, settings.proxies())
    bodies = BodyReader(limit=settings.max_body, seconds=settings.body_seconds, memory=settings.max_reading)
    limiter = RateLimiter(settings.rate, settings.burst, services.clock, services.buckets) if settings.rate else None
    batches = BodyReader(
        limit=min(settings.max_body, settings.max_batch_body),
        seconds=settings.body_seconds,
        memory=settings.max_reading,
    )
    door = SubmitDoor(
        messages=services.messages,
        gate=gate,
        bodies=bodies,
        batches=batches,
        limiter=limiter,
        max_batch=settings.max_batch,
        on_refused=services.on_refused,
    )
    paths = Paths(OPERATIONS)
    tracking = None
    if services.tracking is not None:
        tracking = TrackingDoor(
            services.tracking, services.conversions, settings.proxies(), settings.body_seconds
        ).serve
    return Shell(
        app=_router(Context(services=services, gate=gate, bodies=bodies, limiter=limiter), paths),
        hot={MESSAGES_PATH: door.one, BATCH_PATH: door.batch},
        shared=frozenset({MESSAGES_PATH}),
        allowed=paths.methods,
        services=services,
        tracking=tracking,
    )


def _router(context: Context, paths: Paths) -> FastAPI:
    """Everything that is not hot."""
    api = FastAPI(
        openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=_lifespan_of(context.services)
    )
    api.state.context = context
    api.router.routes.extend(_routes())
    pages.install(api, _pages(), paths)
    install_refusals(api, paths)
    return api


@functools.cache
def _routes() -> Sequence[BaseRoute]:
    """The doors, which know no services: made once a process, for FastAPI thinks about each of them."""
    api = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for operation in OPERATIONS:
        if operation.endpoint is not None:
            _add(api, operation)
    return tuple(api.routes)


@functools.cache
def _pages() -> Mapping[str, pages.Page]:
    """What the document tells, made once a process."""
    return pages.make(openapi.document(_routes()))


def _add(api: FastAPI, operation: Operation) -> None:
    assert operation.endpoint is not None  # noqa: S101 - told to the type checker
    api.add_api_route(
        operation.path,
        operation.endpoint,
        methods=[operation.method],
        operation_id=operation.id,
        response_class=Response,
        response_model=None,
        status_code=operation.status,
        dependencies=[] if operation.public else [Depends(needs(operation.scope))],
    )


def _lifespan_of(services: Services) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        writing = asyncio.create_task(_flush_forever(services))
        try:
            yield
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await _flush(services)

    return lifespan


async def _flush_forever(services: Services) -> None:
    """Writes the last uses of keys every few seconds."""
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        await _flush(services)


async def _flush(services: Services) -> None:
    """Last use is a courtesy: a store in trouble must not end the task or the process."""
    with contextlib.suppress(PosthouseError):
        await services.keys.flush_use()
