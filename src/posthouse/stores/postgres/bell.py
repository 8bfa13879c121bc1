"""Waking dispatchers, and those who follow the stream of events: LISTEN and NOTIFY, over a connection of its own.

A notification is sent after the commit, not with it: NOTIFY inside a transaction makes every commit of the server wait for every
other (one lock, held through the fsync). It is a hint and nothing more: who misses one finds the message at its next look,
and after a lost connection everybody is woken.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from typing import Any, Final

from posthouse.stores.postgres.pool import Connection

CHANNEL: Final = "posthouse_queue"
EVENTS: Final = "posthouse_events"
_CHANNELS: Final = (CHANNEL, EVENTS)
_CHECK_EVERY: Final = 15.0
"""Seconds without a word after which the line is tried: a connection cut in silence must not stay unnoticed."""
_PAUSES: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between attempts to connect again."""


class Bell:
    """Rings for every process that works on the same database.

    Args:
        connect: makes the connection to listen on.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]]) -> None:
        self._connect = connect
        self._woken = {channel: asyncio.Event() for channel in _CHANNELS}
        self._wanted = asyncio.Event()
        self._rung: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._line: Connection | None = None
        self._pid = 0
        self.connected = asyncio.Event()
        """Set while the line is up."""

    async def start(self) -> None:
        """Begins to listen; from here on connects again by itself whenever the line is lost.

        Raises:
            UnavailableError: the server is not there.
        """
        try:
            await self._listen()
        except BaseException:
            self._hang_up()
            raise
        self._task = asyncio.create_task(self._keep(), name="posthouse-bell")

    async def stop(self) -> None:
        """Hangs up."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._hang_up()

    def ring(self, channel: str = CHANNEL) -> None:
        """Wakes this process now and the others with the next notification; any number of rings meanwhile are one."""
        self._woken[channel].set()
        self._rung.add(channel)
        self._wanted.set()

    async def wait(self, timeout: float, channel: str = CHANNEL) -> bool:  # noqa: ASYNC109  the port's own signature
        """Waits for a ring, one that came since the last wait included. False when the time (seconds) is over."""
        woken = self._woken[channel]
        try:
            async with asyncio.timeout(timeout):
                await woken.wait()
        except TimeoutError:
            return False
        woken.clear()
        return True

    async def _listen(self) -> None:
        self._line = await self._connect()
        self._pid = self._line.get_server_pid()
        self._line.add_termination_listener(self._lost)
        for channel in _CHANNELS:
            await self._line.add_listener(channel, self._heard)
        self.connected.set()

    def _hang_up(self) -> None:
        self.connected.clear()
        if self._line is not None:
            self._line.terminate()
            self._line = None

    async def _keep(self) -> None:
        while True:
            # Whatever ended the line, the cure is another line: a store must not go deaf for good. What is wrong with the server
            # shows in every other connection, with words.
            with contextlib.suppress(Exception):
                await self._pass_on(self._line)
            self._hang_up()
            await self._listen_again()
            for channel in _CHANNELS:
                self.ring(channel)  # nobody knows what was missed meanwhile

    async def _listen_again(self) -> None:
        for pause in itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1])):
            with contextlib.suppress(Exception):
                await self._listen()
                return
            self._hang_up()
            await asyncio.sleep(pause)

    async def _pass_on(self, connection: Connection) -> None:
        """Sends a notification for each ring (or several of them) until the line is lost."""
        while not connection.is_closed():
            try:
                async with asyncio.timeout(_CHECK_EVERY):
                    await self._wanted.wait()
            except TimeoutError:
                await connection.execute("SELECT 1")
                continue
            self._wanted.clear()
            rung, self._rung = self._rung, set()
            if not connection.is_closed() and rung:
                await connection.execute("; ".join(f"NOTIFY {channel}" for channel in sorted(rung)))

    def _lost(self, _connection: Any) -> None:
        self._wanted.set()

    def _heard(self, _connection: Connection, pid: int, channel: str, _payload: str) -> None:
        if pid != self._pid:
            self._woken[channel].set()
