"""What follows the events does not get in the way of sending."""

import asyncio
import contextlib

import pytest

from posthouse.core.kernel.errors import UnavailableError
from posthouse.runtime import rolling


@pytest.mark.parametrize(
    ("took", "behind_for", "wanted"),
    [
        (0.01, 0.0, 0.09),
        (0.01, 59.0, 0.09),
        (0.01, 61.0, 0.02),
        (9.0, 0.0, 2.0),
        (9.0, 61.0, 0.25),
    ],
)
def test_a_rush_is_counted_after_it(took: float, behind_for: float, wanted: float) -> None:
    """A tenth of the time at first, a third of it once it is behind for a minute, and never a long silence."""
    assert rolling.rest(took, behind_for) == pytest.approx(wanted)


async def test_it_goes_on_until_there_is_no_more_and_survives_trouble() -> None:
    """Turns follow each other while there is more; after trouble it waits, and comes back."""
    done = asyncio.Event()

    class Follower:
        left = 5

        async def turn(self) -> bool:
            self.left -= 1
            if self.left == 3:
                raise UnavailableError("the disk is full")
            if self.left == 2:
                raise RuntimeError("a defect")
            if self.left == 0:
                done.set()
            return self.left > 0

    task = asyncio.ensure_future(rolling.keep_rolling(Follower(), idle=3600.0, trouble=0.0))
    await asyncio.wait_for(done.wait(), 10)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
