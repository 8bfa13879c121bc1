"""The API process."""

import asyncio
import functools
import os
import socket
from collections import Counter
from collections.abc import Sequence

import structlog
import uvicorn

from posthouse.bootstrap import House, open_house
from posthouse.bootstrap.keeping import erasure_of, retention_of
from posthouse.core.delivery.model import LaneDepth
from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.messages.following import Hub
from posthouse.http.app import create_app
from posthouse.http.schemas.events import frame
from posthouse.http.services import AccessRecord, Health, HttpSettings, Services
from posthouse.runtime.buckets import SharedBuckets
from posthouse.runtime.hot_protocol import HotProtocol
from posthouse.runtime.lags import Lag, lags_of
from posthouse.runtime.metrics import CONTENT_TYPE, Metrics, Slots, render
from posthouse.runtime.spec import ChildSpec
from posthouse.runtime.timekeeper import keep_time
from posthouse.runtime.watching import metered

_log = structlog.get_logger("posthouse.http")


async def run(spec: ChildSpec, stopping: asyncio.Event) -> None:
    """Serves until told to stop; requests under way are answered first."""
    assert spec.listen is not None  # noqa: S101 - the supervisor binds it
    metrics = Metrics(Slots(spec.settings.metrics_dir, f"api-{spec.index}"))
    meter = functools.partial(metered, metrics)
    async with open_house(spec.settings, role="api", shard=spec.shard, metered=meter, on_hit=metrics.tracked) as house:
        await house.sieve.warm()
        listener = socket.socket(fileno=spec.listen)
        live = Hub(house.store, frame)
        server = _Server(
            uvicorn.Config(
                create_app(services_of(house, metrics, live)),
                http=HotProtocol,
                loop="none",
                ws="none",
                access_log=False,
                log_config=None,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                backlog=spec.settings.http.backlog,
                timeout_graceful_shutdown=spec.settings.dispatch.stop_seconds,
            )
        )
        keeping = asyncio.ensure_future(keep_time(house))
        stopper = asyncio.ensure_future(_stop_when(stopping, server, live))
        try:
            await server._serve([listener])  # noqa: SLF001 - serve() would take the signals, which are ours
        finally:
            for task in (keeping, stopper):
                task.cancel()
            await asyncio.gather(keeping, stopper, return_exceptions=True)
            metrics.close()


class _Server(uvicorn.Server):
    """uvicorn, which says when it answers."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _log.info("ready")


async def _stop_when(stopping: asyncio.Event, server: uvicorn.Server, live: Hub) -> None:
    await stopping.wait()
    live.close()  # their answers never end by themselves
    server.should_exit = True


def services_of(house: House, metrics: Metrics, live: Hub) -> Services:
    """What the HTTP door is given."""
    http = house.settings.http
    return Services(
        messages=house.messages,
        events=house.store,
        live=live,
        analytics=house.analytics,
        alerts=house.alerts,
        levels=house.levels,
        speaker=house.speaker,
        keys=house.keys,
        domains=house.domains,
        providers=house.providers,
        workspaces=house.workspaces,
        webhooks=house.webhooks,
        suppressions=house.suppressions,
        templates=house.templates,
        lifecycle=house.lifecycle,
        rollouts=house.rollouts,
        library=house.library,
        publisher=house.publisher,
        impact=house.impact,
        held=house.store,
        tracking=house.tracking,
        tracking_reports=house.tracking_reports,
        conversions=house.conversions,
        ratings=house.ratings,
        rating_pages=house.rating_pages,
        files=house.files,
        test_sends=house.test_sends,
        contacts=house.contacts,
        pictures=house.pictures,
        retention=retention_of(house),
        erasures=erasure_of(house),
        sandbox=house.store,
        clock=house.clock,
        entropy=os.urandom,
        health=lambda: _health(house),
        metrics=lambda: _metrics(house),
        settings=HttpSettings(
            max_body=http.max_body,
            rate=float(http.rate_limit) if http.rate_limit else None,
            trusted_proxies=http.trusted_proxies,
        ),
        buckets=SharedBuckets(house.settings.run_dir / "rates") if http.rate_limit else None,
        on_access=_Access(metrics),
        on_refused=metrics.refused,
        on_defect=_on_defect,
    )


async def _health(house: House) -> Health:
    try:
        await house.store.ping()
    except PosthouseError as error:
        return Health(ready=False, checks={"store": str(error)})
    return Health(ready=True, checks={"store": "ok"})


async def _metrics(house: House) -> tuple[str, bytes]:
    depths: Sequence[LaneDepth] = ()
    alerts: Counter[str] = Counter()
    lags: Sequence[Lag] = ()
    now = house.clock.now()
    try:
        lags = await lags_of(house.store, now)
        depths = await house.store.depth(now)
        alerts.update(alert.kind.value for alert in await house.store.open_alerts())
    except PosthouseError:
        _log.warning("queue_depth_unknown")
    return CONTENT_TYPE, render(house.settings.metrics_dir, depths, now, alerts, lags)


class _Access:
    """Counts refusals, and writes a line for what took long or failed; healthy requests are counted, not logged."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def __call__(self, record: AccessRecord) -> None:
        if record.status >= 400:
            self._metrics.refused(record.problem or str(record.status))
            _log.info(
                "request",
                request=record.request_id,
                method=record.method,
                route=record.route,
                status=record.status,
                problem=record.problem or None,
                milliseconds=record.microseconds / 1000,
                key=ids.show(ids.KEY, record.key_id) if record.key_id else None,
            )


def _on_defect(request_id: str, error: BaseException) -> None:
    _log.error("defect", request=request_id, exc_info=error)
