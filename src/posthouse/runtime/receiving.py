"""The process that takes returned mail in."""

import asyncio
import functools
import ssl
from pathlib import Path
from typing import Final

import structlog

from posthouse.bootstrap import House, intake_of, open_house
from posthouse.channels.email.intake.listener import IsOurDomain, ReturnedMail, listen
from posthouse.channels.email.intake.mailbox import MailboxReader, MailboxSettings
from posthouse.channels.email.intake.strict import Crowd, ListenerLimits
from posthouse.core.kernel.cache import GenerationCache
from posthouse.core.kernel.clock import DAY
from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.kernel.waiting import either
from posthouse.core.returned.intake import Filed
from posthouse.core.returned.model import Kind
from posthouse.runtime.metrics import Metrics, Slots
from posthouse.runtime.spec import ChildSpec
from posthouse.runtime.timekeeper import keep_time

SETTLE_EVERY: Final = 1.0
NOTES_FOR: Final = 7 * DAY
"""How long a report waits for its message to end."""
LISTEN_AGAIN: Final = 5.0

_log = structlog.get_logger("posthouse.returned")


async def run(spec: ChildSpec, stopping: asyncio.Event) -> None:
    """Takes returned mail until told to stop."""
    metrics = Metrics(Slots(spec.settings.metrics_dir, f"returned-{spec.index}"))
    async with open_house(spec.settings, role="returned", shard=spec.shard) as house:
        tasks = [
            asyncio.ensure_future(keep_time(house)),
            asyncio.ensure_future(_settle(house, stopping)),
            asyncio.ensure_future(_listen(house, metrics, stopping)),
            asyncio.ensure_future(_read_mailbox(house, metrics, stopping)),
        ]
        try:
            await stopping.wait()
            await asyncio.wait(tasks[1:], timeout=spec.settings.dispatch.stop_seconds)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            metrics.close()


async def _settle(house: House, stopping: asyncio.Event) -> None:
    """Brings reports that were faster than our own records to their messages."""
    while not stopping.is_set():
        try:
            await house.store.settle_receipts(house.clock.now() - NOTES_FOR)
        except PosthouseError as error:
            _log.warning("receipts_wait", error=str(error))
        await either(stopping, SETTLE_EVERY)


async def _listen(house: House, metrics: Metrics, stopping: asyncio.Event) -> None:
    """Keeps the listener open. A port that is taken is tried again: the other may be our own last life."""
    settings = house.settings.returned
    if not settings.port:
        return
    limits = ListenerLimits(size=settings.max_size, connections=settings.connections, peer_mails=settings.rate_limit)
    crowd = Crowd(limits)
    hooks = ReturnedMail(
        intake_of(house).take,
        house.return_paths.parse,
        _our_domains(house),
        crowd,
        on_filed=functools.partial(_filed, metrics),
        on_trouble=_trouble,
    )
    tls = _tls(settings.tls_certificate, settings.tls_key)
    while not stopping.is_set():
        try:
            server = await listen(
                settings.host, settings.port, hooks, crowd, limits, hostname=house.context.hostname, tls=tls
            )
        except OSError as error:
            _log.error("cannot_listen", host=settings.host, port=settings.port, error=error.strerror)
            await either(stopping, LISTEN_AGAIN)
            continue
        _log.info("listening", host=settings.host, port=server.sockets[0].getsockname()[1])
        async with server:
            await stopping.wait()


async def _read_mailbox(house: House, metrics: Metrics, stopping: asyncio.Event) -> None:
    settings = house.settings.returned
    if not settings.imap_host:
        return
    where = MailboxSettings(
        host=settings.imap_host,
        port=settings.imap_port,
        user=settings.imap_user,
        password=settings.imap_password,
        folder=settings.imap_folder,
        handled=settings.imap_handled,
        tls=settings.imap_tls,
        seconds=settings.imap_seconds,
    )
    reader = MailboxReader(
        where, intake_of(house).take, on_filed=functools.partial(_filed, metrics), on_trouble=_trouble
    )
    await reader.run(stopping)


def _our_domains(house: House) -> IsOurDomain:
    """Whether a domain is one that this house sends from, or gets its returned mail at."""
    cache: GenerationCache[str, frozenset[str]] = GenerationCache(house.store.generation, house.clock)

    async def read(_key: str) -> frozenset[str]:
        names: set[str] = set()
        for workspace in await house.store.workspaces():
            for domain in await house.store.domains(workspace.id):
                names |= {domain.name, domain.return_path}
        return frozenset(names)

    async def is_ours(domain: str) -> bool:
        return domain in await cache.get("", read)

    return is_ours


def _tls(certificate: str, key: str) -> ssl.SSLContext | None:
    if not certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(Path(certificate), Path(key) if key else None)
    return context


def _filed(metrics: Metrics, filed: Filed, kind: Kind) -> None:
    metrics.returned(filed.value, kind.value)
    _log.debug("returned_mail", filed=filed.value, kind=kind.value)


def _trouble(error: Exception) -> None:
    if isinstance(
        error, PosthouseError | OSError
    ):  # what the other side did, or the configuration: its words say what to do
        _log.error("returned_mail_trouble", error=type(error).__name__, reason=str(error))
    else:
        _log.error("returned_mail_trouble", error=type(error).__name__, exc_info=error)
