"""Waiting for one of two things."""

import asyncio
import contextlib


async def either(event: asyncio.Event, seconds: float) -> None:
    """Waits for the event, but not longer than so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
