"""Puts the room of alerts together."""

import asyncio
import datetime as dt
import os
import socket
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from posthouse.channels.email.addresses import EmailAddressRules
from posthouse.config import Settings
from posthouse.core.alerts.measuring import LevelService
from posthouse.core.alerts.model import Notice
from posthouse.core.alerts.notifying import Notifier
from posthouse.core.alerts.service import AlertService
from posthouse.core.alerts.telling import Speaker, Ways
from posthouse.core.alerts.things import Certificate
from posthouse.core.alerts.watch import AlertWatch, Means
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.core.webhooks.requests import Requests
from posthouse.rendering.alert_formats import CldrFormats

if TYPE_CHECKING:
    from posthouse.bootstrap import House

LANGUAGES = ("en", "fr", "es", "ru")


def speaker_of(settings: Settings, key: bytes) -> Speaker:
    """What says alerts."""
    folder = files("posthouse.core.alerts") / "words"
    texts = {name: (folder / f"{name}.toml").read_text(encoding="utf-8") for name in LANGUAGES}
    return Speaker(texts, CldrFormats(), address_of(settings), key)


def address_of(settings: Settings) -> str:
    """What addresses of our own pages begin with."""
    return settings.http.public_url or f"http://{settings.mail.hostname or socket.getfqdn()}:{settings.http.port}"


def levels_of(house: "House") -> LevelService:
    """What measures service levels."""
    return LevelService(house.store, house.store, house.store, house.clock)


def ways_of(house: "House") -> Ways:
    """What tells targets."""
    requests = Requests(house.poster, house.box, house.clock)
    return Ways(house.messages, house.workspaces, house.poster, requests, house.box, house.speaker)


def alerts_of(house: "House") -> AlertService:
    """What manages alerts."""
    return AlertService(
        house.store,
        house.store,
        house.store,
        house.workspaces,
        ways_of(house),
        house.poster,
        house.box,
        house.levels,
        normal=EmailAddressRules().normal_email,
        clock=house.clock,
        new_id=Uuid7Source(house.clock.now),
        entropy=os.urandom,
        pause=lambda: asyncio.sleep(0),
    )


def watch_of(house: "House") -> AlertWatch:
    """What looks at everything once a minute."""
    return AlertWatch(
        Means(
            store=house.store,
            levels=house.levels,
            look=house.domains.look,
            certificates=lambda: _certificates(house.settings),
            clock=house.clock,
            new_id=Uuid7Source(house.clock.now),
        ),
        int.from_bytes(os.urandom(8), "big") >> 1,
    )


def notifier_of(house: "House", failed: Callable[[Notice, str], None]) -> Notifier:
    """What tells what is to be told."""
    return Notifier(house.store, ways_of(house), house.clock, failed)


def _certificates(settings: Settings) -> list[Certificate]:
    """Those that listeners of ours show: that of returned mail. One that cannot be read is the doctor's business."""
    path = settings.returned.tls_certificate
    if not path:
        return []
    from cryptography import x509  # noqa: PLC0415 - where there is a certificate

    try:
        found = x509.load_pem_x509_certificate(Path(path).read_bytes())
    except (OSError, ValueError):
        return []
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return [Certificate(Path(path).name, (found.not_valid_after_utc - epoch) // dt.timedelta(microseconds=1))]
