"""Tells targets what is to be told, until each has taken it."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from posthouse.core.alerts.model import Notice
from posthouse.core.alerts.ports import AlertStore, Teller
from posthouse.core.kernel.clock import HOUR, MINUTE, Clock

AT_ONCE: Final = 8
_WAITS: Final = (MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE)
LONGEST_WAIT: Final = HOUR
GIVE_UP_AFTER: Final = 24 * HOUR


class Notifier:
    """Tells.

    Args:
        store: what is to be told.
        teller: tells.
        clock: the time.
        failed: told of each attempt that was not taken; for the log.
    """

    def __init__(self, store: AlertStore, teller: Teller, clock: Clock, failed: Callable[[Notice, str], None]) -> None:
        self._store = store
        self._teller = teller
        self._clock = clock
        self._failed = failed

    async def turn(self) -> int:
        """Tells what is due, some at once; how many notices were looked at.

        A process that dies between the telling and the keeping of it tells again, under the same identifier.

        Raises:
            UnavailableError: the store cannot be asked.
        """
        due = await self._store.due_notices(self._clock.now(), AT_ONCE)
        await asyncio.gather(*(self._one(notice) for notice in due))
        return len(due)

    async def _one(self, notice: Notice) -> None:
        settings = await self._store.alert_settings(notice.workspace_id)
        target = next((one for one in settings.targets if one.name == notice.target), None)
        error = "" if target is None else await self._teller.tell(target, notice)
        if not error:
            await self._store.drop_notice(notice.id)
            return
        self._failed(notice, error)
        now = self._clock.now()
        if now - notice.at >= GIVE_UP_AFTER:
            await self._store.drop_notice(notice.id)
            return
        wait = _WAITS[notice.attempts] if notice.attempts < len(_WAITS) else LONGEST_WAIT
        later = msgspec.structs.replace(notice, attempts=notice.attempts + 1, next_at=now + wait, error=error[:500])
        await self._store.delay_notice(later)
