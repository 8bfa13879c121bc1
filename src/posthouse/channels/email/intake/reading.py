"""Reads returned mail in a thread: a hostile one may take a fifth of a second of processor time."""

import asyncio
from typing import Final

from posthouse.channels.email.returned import read_returned
from posthouse.channels.email.returned.reader import Ours
from posthouse.core.returned.model import Returned

AT_ONCE: Final = 2
"""Mails read at the same time: a flood of them leaves the machine to the rest of the house."""


class ThreadReader:
    """A Reader (core/returned/ports.py).

    Args:
        ours: tells which message an address of ours stands for.
    """

    def __init__(self, ours: Ours) -> None:
        self._ours = ours
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, raw: bytes) -> Returned:
        """What it says; never raises."""
        async with self._turn:
            return await asyncio.to_thread(read_returned, raw, ours=self._ours)
