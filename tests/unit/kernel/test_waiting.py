"""One question for all who ask at once, and one pass a turn."""

import asyncio
import itertools
from collections.abc import Sequence

import pytest

from posthouse.core.kernel.waiting import AskedOnce, AskedTogether, Turnstile


class _Oracle:
    """Answers, or fails, when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.go_on = asyncio.Event()
        self.error: Exception | None = None

    async def ask(self) -> int:
        self.asked += 1
        await self.go_on.wait()
        if self.error:
            raise self.error
        return self.asked


async def test_those_who_ask_together_share_an_answer() -> None:
    """The next question is a new one; who gives up takes nobody's answer away."""
    oracle = _Oracle()
    once = AskedOnce(oracle.ask)
    asking = [asyncio.ensure_future(once()) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.sleep(0)
    oracle.go_on.set()
    assert await asyncio.gather(*asking[1:]) == [1] * 4
    assert await once() == 2


async def test_an_error_is_everybodys_and_the_next_may_ask_again() -> None:
    """A store that was away for a moment is asked again by the next."""
    oracle = _Oracle()
    once = AskedOnce(oracle.ask)
    oracle.error = ConnectionError("away")
    asking = [asyncio.ensure_future(once()) for _ in range(2)]
    oracle.go_on.set()
    assert [type(answer) for answer in await asyncio.gather(*asking, return_exceptions=True)] == [ConnectionError] * 2
    oracle.error = None
    assert await once() == 2


async def test_one_passes_in_each_turn_the_urgent_first() -> None:
    """Between two who pass, the loop goes round: answers from the network are read meanwhile."""
    turnstile, passed, turns = Turnstile(), list[str](), 0

    async def work(name: str, *, urgent: bool = False) -> None:
        await turnstile.passed(urgent=urgent)
        passed.append(name)

    loop = asyncio.get_running_loop()
    seen: list[tuple[int, int]] = []

    def count() -> None:
        nonlocal turns
        turns += 1
        seen.append((turns, len(passed)))
        if len(passed) < 4:
            loop.call_soon(count)

    loop.call_soon(count)
    await asyncio.gather(work("first"), work("second"), work("third"), work("code", urgent=True))
    assert passed == ["first", "code", "second", "third"]
    steps = [after - before for (_, before), (_, after) in itertools.pairwise(seen)]
    assert max(steps) == 1


@pytest.mark.parametrize(("hurried", "most"), [(False, 2), (True, 1)])
async def test_as_many_pass_in_a_turn_as_may(*, hurried: bool, most: int) -> None:
    """Those who wait for the next turn are let in together, but for a while after somebody in a hurry."""
    turnstile, passed = Turnstile(2), list[int]()
    if hurried:
        await turnstile.passed(urgent=True)
        await asyncio.sleep(0)

    async def work(number: int) -> None:
        await turnstile.passed()
        passed.append(number)

    workers = [asyncio.ensure_future(work(number)) for number in range(5)]
    seen = []
    while len(passed) < 5:
        await asyncio.sleep(0)
        seen.append(len(passed))
    await asyncio.gather(*workers)
    assert passed == [*range(5)]
    assert max(after - before for before, after in itertools.pairwise([0, *seen])) == most


@pytest.mark.parametrize("when", ["waiting", "let in"])
async def test_who_gives_up_stops_nobody(when: str) -> None:
    """A worker that is cancelled at the turnstile leaves it free for the next."""
    turnstile = Turnstile()
    await turnstile.passed()
    gone = asyncio.ensure_future(turnstile.passed())
    stays = asyncio.ensure_future(turnstile.passed())
    await asyncio.sleep(0)
    if when == "let in":
        asyncio.get_running_loop().call_soon(gone.cancel)
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait_for(stays, 5)
    await asyncio.wait_for(turnstile.passed(), 5)


async def test_what_is_asked_in_one_turn_is_asked_together() -> None:
    """One question for all of them, each thing once; the next turn asks anew; an error is everybody's, and who goes away stops nobody."""
    asked: list[list[str]] = []

    async def ask(keys: Sequence[str]) -> dict[str, int]:
        asked.append(list(keys))
        if "bad" in keys:
            raise ValueError("bad")
        await asyncio.sleep(0)
        return {key: len(key) for key in keys if key != "none"}

    together: AskedTogether[str, int] = AskedTogether(ask)
    gone = asyncio.ensure_future(together.of("a"))
    others = [asyncio.ensure_future(together.of(key)) for key in ("a", "bb", "none")]
    await asyncio.sleep(0)
    gone.cancel()
    assert await asyncio.gather(*others) == [1, 2, None]
    assert await together.of("ccc") == 3
    assert asked == [["a", "bb", "none"], ["ccc"]]
    found = await asyncio.gather(together.of("bad"), together.of("a"), return_exceptions=True)
    assert [type(one) for one in found] == [ValueError, ValueError]
