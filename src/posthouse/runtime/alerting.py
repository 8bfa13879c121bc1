"""Looks whether all is well, once a minute; tells who is to be told; and says which providers a process leaves alone."""

import asyncio
import os
from typing import Final

import structlog

from posthouse.bootstrap import House
from posthouse.core.alerts.model import Notice
from posthouse.core.alerts.notifying import Notifier
from posthouse.core.alerts.ports import Circuit
from posthouse.core.alerts.watch import AlertWatch
from posthouse.core.delivery.fleet import Fleet
from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import PosthouseError

EVERY: Final = 60.0
FIRST: Final = 5.0
"""Seconds after the start, when the other processes are up."""
TOLD_EVERY: Final = 2.0
CIRCUITS_EVERY: Final = 10.0
TROUBLE: Final = 30.0

_log = structlog.get_logger("posthouse.alerts")


async def keep_watching(watch: AlertWatch) -> None:
    """Judges until cancelled."""
    await asyncio.sleep(FIRST)
    while True:
        try:
            await watch.minute()
        except PosthouseError as error:
            _log.warning("alerts_wait", error=str(error))
        except Exception:  # noqa: BLE001 - webhooks and statistics of this process go on
            _log.exception("alerts_failed")
        await asyncio.sleep(EVERY)


async def keep_telling(notifier: Notifier) -> None:
    """Tells until cancelled."""
    while True:
        await asyncio.sleep(TOLD_EVERY)
        try:
            while await notifier.turn():
                pass
        except PosthouseError as error:
            _log.warning("notices_wait", error=str(error))
            await asyncio.sleep(TROUBLE)
        except Exception:  # noqa: BLE001 - see above
            _log.exception("notices_failed")
            await asyncio.sleep(TROUBLE)


def note_failure(notice: Notice, error: str) -> None:
    """A target did not take a notice; nothing of the address is said."""
    _log.warning(
        "alert_not_told",
        alert=ids.show(ids.ALERT, notice.alert.id),
        kind=notice.alert.kind.value,
        target=notice.target,
        attempt=notice.attempts + 1,
        reason=error.partition(":")[0],
    )


async def tell_circuits(house: House, fleet: Fleet) -> None:
    """Keeps in the store which providers this process leaves alone: nothing is written while all are well."""
    holder, said = int.from_bytes(os.urandom(8), "big") >> 1, False
    while True:
        await asyncio.sleep(CIRCUITS_EVERY)
        failing = fleet.failing()
        if not failing and not said:
            continue
        now, monotonic = house.clock.now(), house.clock.monotonic()
        open_ = [Circuit(provider, now - (monotonic - since)) for provider, since in failing.items()]
        try:
            await house.store.keep_circuits(holder, open_, now)
            said = bool(open_)
        except PosthouseError as error:
            _log.warning("circuits_not_told", error=str(error))
