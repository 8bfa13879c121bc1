"""The dispatcher as a whole: real time, a real store, an obedient provider."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.unit.delivery.house import NotedBox, SmallHouse

from posthouse.core.delivery.delivery import Delivery
from posthouse.core.delivery.dispatcher import HANDS_FULL, Dispatcher, DispatchSettings
from posthouse.core.delivery.inbox import Inbox
from posthouse.core.delivery.leases import Leases
from posthouse.core.delivery.model import Claimed, Settlement
from posthouse.core.delivery.outcomes import Accepted, Outcome
from posthouse.core.delivery.ports import Flight
from posthouse.core.delivery.recorder import Recorder
from posthouse.core.kernel.clock import SECOND, SystemClock
from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.messages.model import Channel, EventType, Lane, Status
from posthouse.core.templates.catalogue import Catalogue

TOKENS = itertools.count(1)


class Silence:
    """A watch that only counts troubles."""

    def __init__(self) -> None:
        self.troubles: list[str] = []

    def claimed(self, messages: Sequence[Claimed]) -> None:
        """Claimed."""

    def recorded(self, settlements: Sequence[Settlement], took_effect: Sequence[bool], seconds: float) -> None:
        """Recorded."""

    def trouble(self, what: str, error: Exception) -> None:
        self.troubles.append(f"{what}: {error}")


@asynccontextmanager
async def running(house: SmallHouse, leases: Leases | None = None, **changes: int) -> AsyncIterator[Dispatcher]:
    """A dispatcher at work on the small house's store."""
    clock = SystemClock()
    leases = Leases(clock, 20 * SECOND) if leases is None else leases
    delivery = Delivery(
        {Channel.EMAIL: house.builder},
        house.fleet,
        house.judge,
        suppressions=house.sieve,
        releases=Catalogue(house.store, house.store, clock),
        leases=leases,
        box=NotedBox(),
        clock=clock,
    )
    numbers = {"prefetch": 20, "concurrency": 4, "critical_slots": 1} | changes
    dispatcher = Dispatcher(
        house.store,
        house.store,
        delivery,
        leases=leases,
        box=NotedBox(),
        clock=clock,
        tokens=lambda: next(TOKENS),
        settings=DispatchSettings(**numbers, grace=5.0),
        watch=Silence(),
    )
    task = asyncio.ensure_future(dispatcher.run())
    try:
        yield dispatcher
    finally:
        dispatcher.stop()
        await asyncio.wait_for(task, 10)


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Waits for something to become true."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


def _now(**changes: int) -> dict[str, int]:
    now = SystemClock().now()
    return {"created_at": now, "due_at": now} | changes


async def test_what_is_accepted_leaves_at_once(house: SmallHouse) -> None:
    """An idle dispatcher is woken by the accept, not by the clock."""
    await house.add_provider("relay")
    async with running(house):
        await asyncio.sleep(0.3)
        begun = asyncio.get_running_loop().time()
        message = await house.accept(**_now())
        await until(lambda: "relay" in house.providers and house.providers["relay"].sent == [message.id])
        assert asyncio.get_running_loop().time() - begun < 0.5


async def test_critical_overtakes_a_thousand_bulk(house: SmallHouse) -> None:
    """A one-time code does not wait behind a campaign, even when every other hand is busy."""
    release = asyncio.Event()

    sent: list[bytes] = []
    await house.add_provider("relay")
    async with running(house, concurrency=3, critical_slots=1):
        await house.store.accept([house.kit.new(lane=Lane.BULK, **_now()) for _ in range(1000)])
        await until(lambda: "relay" in house.providers)
        provider = house.providers["relay"]
        plain = provider.send

        async def send(outbound: object, flight: Flight) -> Outcome:
            claimed = outbound.id  # type: ignore[attr-defined]
            if claimed not in critical:
                await release.wait()
            sent.append(claimed)
            return await plain(outbound, flight)

        critical: set[bytes] = set()
        provider.send = send  # type: ignore[method-assign]
        code = house.kit.new(lane=Lane.CRITICAL, **_now())
        critical.add(code.id)
        await house.store.accept([code])
        await until(lambda: code.id in sent)
        release.set()
    assert sent.index(code.id) < 10


async def test_full_hands_do_not_claim_at_every_ring(house: SmallHouse) -> None:
    """Each claim is a commit: with plenty in hand, a hundred accepts bring a few claims and not a hundred."""
    await house.add_provider("relay")
    free = asyncio.Event()
    claims: list[int] = []
    plain = house.store.claim

    async def counted(lanes: Sequence[tuple[Lane, int]], *, now: int, until: int, lease: int) -> list[Claimed]:
        claims.append(now)
        return await plain(lanes, now=now, until=until, lease=lease)

    async def held(_message: Claimed) -> None:
        await free.wait()

    house.builder.before = held
    house.store.claim = counted  # type: ignore[method-assign]
    async with running(house, prefetch=200, concurrency=HANDS_FULL + 1):
        await house.store.accept([house.kit.new(**_now()) for _ in range(HANDS_FULL)])
        await until(lambda: len(house.builder.built) == HANDS_FULL)
        claims.clear()
        begun = asyncio.get_running_loop().time()
        for _ in range(100):
            await house.store.accept([house.kit.new(**_now())])
        took = asyncio.get_running_loop().time() - begun
        free.set()
        await until(lambda: "relay" in house.providers and len(house.providers["relay"].sent) == HANDS_FULL + 100)
        assert len(claims) <= took * 100 + 15


async def test_a_graceful_stop_gives_back_what_was_not_begun(house: SmallHouse) -> None:
    """After a stop everything is either sent or queued without a lease: nothing has to wait for a lease to run out."""
    await house.add_provider("relay")
    async with running(house, prefetch=200):
        await house.store.accept([house.kit.new(**_now()) for _ in range(500)])
        await until(lambda: "relay" in house.providers and len(house.providers["relay"].sent) > 5)
    now = SystemClock().now()
    again = await house.store.claim([(Lane.NORMAL, 1000)], now=now, until=now + SECOND, lease=next(TOKENS))
    sent = house.providers["relay"].sent
    assert len(set(sent)) == len(sent)
    assert len(again) + len(sent) == 500
    assert not any(message.in_doubt for message in again)


async def test_a_scheduled_message_leaves_when_it_is_due(house: SmallHouse) -> None:
    """Not before its time, and soon after it, without anybody ringing."""
    await house.add_provider("relay")
    async with running(house):
        due_at = SystemClock().now() + SECOND // 2
        message = await house.accept(**_now(due_at=due_at))
        await until(lambda: "relay" in house.providers and house.providers["relay"].sent == [message.id])
        late = SystemClock().now() - due_at
        assert 0 <= late < SECOND // 2


async def test_a_defect_in_building_loses_nothing(house: SmallHouse) -> None:
    """A bug of ours defers the message and keeps the worker alive."""
    await house.add_provider("relay")
    house.builder.error = RuntimeError("a bug")
    async with running(house):
        broken = await house.accept(**_now())
        await asyncio.sleep(0.3)
        house.builder.error = None
        whole = await house.accept(**_now())
        await until(lambda: "relay" in house.providers and house.providers["relay"].sent == [whole.id])
    message = await house.store.message(house.kit.workspace, broken.id, SystemClock().now())
    assert message is not None
    assert message.status is Status.DEFERRED


async def test_what_cannot_be_recorded_is_kept_until_it_can(house: SmallHouse) -> None:
    """A store that is away for a while costs time, never an outcome."""
    await house.add_provider("relay", Accepted())
    message = await house.accept()
    (claimed,) = await house.claim()
    settlement = await house.delivery.deliver(claimed)
    assert settlement is not None
    failures = iter([UnavailableError("away"), UnavailableError("away")])

    class Flaky:
        """A store that is away twice."""

        async def record(self, batch: Sequence[Settlement]) -> list[bool]:
            error = next(failures, None)
            if error is not None:
                raise error
            return await house.store.record(batch)

    troubles: list[Exception] = []
    recorded: list[Settlement] = []

    async def no_wait(_seconds: float, /) -> None:
        await asyncio.sleep(0)

    recorder = Recorder(Flaky(), lambda batch, _effect, _seconds: recorded.extend(batch), troubles.append, no_wait)  # type: ignore[arg-type]
    recorder.put(settlement)
    recorder.close()
    await asyncio.wait_for(recorder.run(), 5)
    assert len(troubles) == 2
    assert recorded == [settlement]
    assert await house.status(message) is Status.SENT


async def test_reserved_hands_take_only_critical(tmp_path: Path) -> None:
    """A worker that is kept free for critical lets everything else lie."""
    inbox = Inbox(lambda: None)
    reserved = asyncio.ensure_future(inbox.take(reserved=True))
    await asyncio.sleep(0)
    house = SmallHouse(tmp_path)
    await house.store.open()
    try:
        await house.accept(lane=Lane.BULK)
        await house.accept(lane=Lane.CRITICAL)
        claimed = {message.lane: message for message in await house.claim()}
        inbox.put([claimed[Lane.BULK]])
        await asyncio.sleep(0)
        assert not reserved.done()
        inbox.put([claimed[Lane.CRITICAL]])
        assert (await reserved) is claimed[Lane.CRITICAL]
        assert inbox.close() == [claimed[Lane.BULK]]
        assert await inbox.take(reserved=False) is None
    finally:
        await house.store.close()


class LapsedOnce(Leases):
    """Leases of which the first is over when its message's turn comes."""

    asked = 0

    def holds(self, message_id: bytes, lease: int) -> bool:
        self.asked += 1
        return self.asked > 1 and super().holds(message_id, lease)


async def test_what_lapsed_in_the_inbox_is_given_back(house: SmallHouse) -> None:
    """A message whose lease was over before its turn came goes back at once, without a doubt, and is not kept for ever."""
    await house.add_provider("relay")
    leases = LapsedOnce(SystemClock(), 20 * SECOND)
    async with running(house, leases=leases):
        message = await house.accept(**_now())
        await until(lambda: "relay" in house.providers and house.providers["relay"].sent == [message.id])
    assert EventType.UNKNOWN not in await house.happened(message)
    assert len(leases) == 0
