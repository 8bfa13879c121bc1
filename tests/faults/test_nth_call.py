"""The Nth call to the store or to the provider fails, for N = 1, 2, … until a run has no failure.

The dispatcher, the judge and the stores are the real ones; each failure comes before the call took effect (the store is not
there) or after it (the answer was lost).
"""

import asyncio
import itertools
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.faults.kit import LONG

from posthouse.core.delivery.blackbox import recover
from posthouse.core.delivery.delivery import Delivery
from posthouse.core.delivery.dispatcher import Dispatcher, DispatchSettings
from posthouse.core.delivery.fleet import Fleet
from posthouse.core.delivery.judge import Judge
from posthouse.core.delivery.leases import Leases
from posthouse.core.delivery.model import Claimed, ProviderRow, Settlement
from posthouse.core.delivery.outcomes import Accepted, Deferred, Outcome, Unknown
from posthouse.core.delivery.ports import Flight
from posthouse.core.delivery.retry import RetryPolicy
from posthouse.core.kernel.clock import SystemClock
from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.committer import GroupCommitter
from posthouse.core.messages.model import Channel, Lane, NewMessage, Replayed
from posthouse.core.messages.pseudonyms import Pseudonyms
from posthouse.core.suppressions.sieve import Sieve
from posthouse.core.templates.catalogue import Catalogue
from posthouse.core.templates.model import UnknownPolicy
from posthouse.stores.blackbox import BlackBoxFile, remains_in
from posthouse.stores.postgres.migrate import migrate
from posthouse.stores.postgres.store import PostgresStore
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.fault_check import invariants
from posthouse.testing.postgres import WheelServer, create_database, empty_database, own_server
from posthouse.testing.store_kit import Kit, Store

LEASE = 300_000
CALLS = frozenset({"accept", "claim", "extend", "record", "append", "next_due", "providers", "routes", "generation"})
STORE_WAYS = ("before", "after", "defect", "away for longer than a lease")
PROVIDER_WAYS = ("raises before", "deferred", "silent", "hangs past the lease")
CLOCK = SystemClock()
OpenStore = Callable[[], Any]
Process = asyncio.Task[None]


class Fuse:
    """Burns at the Nth call. Once the process is dead nothing that it does has any effect."""

    def __init__(self, nth: int) -> None:
        self._left = nth
        self.burnt = False
        self.burnt_at = 0
        self.dead = False

    def burns(self) -> bool:
        self._left -= 1
        if self._left == 0:
            self.burnt = True
            self.burnt_at = CLOCK.monotonic()
            return True
        return False

    def glows(self) -> bool:
        """Whether it burnt a short while ago."""
        return self.burnt and CLOCK.monotonic() - self.burnt_at < 2.5 * LEASE


class FailingStore:
    """A store of which one call fails."""

    def __init__(self, store: Store, fuse: Fuse, way: str) -> None:
        self._store = store
        self._fuse = fuse
        self._fails = way in STORE_WAYS
        self._after = way == "after"
        self._error = RuntimeError if way == "defect" else UnavailableError
        self._away = way == "away for longer than a lease"

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._store, name)
        if name not in CALLS and name != "wake":
            return real

        async def call(*args: Any, **kwargs: Any) -> Any:
            if self._fuse.dead:
                raise UnavailableError("the dead reach no store")
            fails = self._fails and name in CALLS and (self._fuse.burns() or (self._away and self._fuse.glows()))
            if fails and not self._after:
                raise self._error(f"{name} failed before it took effect")
            answer = await real(*args, **kwargs)
            if fails:
                raise self._error(f"{name} took effect, its answer was lost")
            return answer

        return call


class FailingProvider:
    """A provider of which one send fails, in one of several ways."""

    concurrency = 4
    loopback = True

    def __init__(self, row: ProviderRow, fuse: Fuse, way: str, wire: Counter[Id]) -> None:
        self.row = row
        self._fuse = fuse
        self._way = way
        self._wire = wire

    async def send(self, outbound: Any, flight: Flight) -> Outcome:
        if not flight.may_begin():
            return Deferred(0, "4.4.5", "lease lost")
        await asyncio.sleep(0.002)
        fails = self._way if self._way and self._fuse.burns() else ""
        if fails == "raises before":
            raise ValueError("a defect before anything left")
        if fails == "deferred":
            return Deferred(450, "4.2.0", "busy")
        if fails == "hangs past the lease":
            await asyncio.sleep(2.5 * LEASE / 1e6)
        if self._fuse.dead or not flight.may_begin():
            return Deferred(0, "4.4.5", "lease lost")
        flight.committed()
        self._wire[outbound.id] += 1
        if fails == "silent" or self._fuse.dead:
            return Unknown("no answer")
        await asyncio.sleep(0.002)
        return Accepted("r", 250, "2.0.0", "Ok")

    async def close(self) -> None:
        """Nothing to let go of."""


class MortalBox(BlackBoxFile):
    """A black box in which nothing changes after death."""

    def __init__(self, path: Path, fuse: Fuse) -> None:
        super().__init__(path, 100, "s")
        self._fuse = fuse

    def settled(self, settlement: Settlement) -> None:
        if not self._fuse.dead:
            super().settled(settlement)

    def done(self, settlements: Sequence[Settlement]) -> None:
        if not self._fuse.dead:
            super().done(settlements)


class Parcel:
    def __init__(self, message: Claimed) -> None:
        self.id = message.id
        self.size = 1
        self.left_out = ()
        self.subject = "Parcel"


class PlainBuilder:
    async def build(self, message: Claimed) -> Parcel:
        return Parcel(message)


class NoSecrets:
    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        return sealed


class Silent:
    def claimed(self, messages: Sequence[Claimed]) -> None: ...
    def recorded(self, settlements: Sequence[Settlement], took_effect: Sequence[bool], seconds: float) -> None: ...
    def trouble(self, what: str, error: Exception) -> None: ...


class Scene:
    """One run: six messages are accepted and dispatched while one call fails."""

    def __init__(self, store: Store, folder: Path, nth: int, *, way: str, policy: UnknownPolicy, crash: bool) -> None:
        self.real = store
        self.folder = folder
        self.kit = Kit(FakeClock(CLOCK.now()))
        self.fuse = Fuse(nth)
        self.policy = policy
        self.crash = crash
        self.wire: Counter[Id] = Counter()
        self.accepted: set[Id] = set()
        self.refused: set[Id] = set()
        self.store: Any = FailingStore(store, self.fuse, way)
        self.way = "" if way in STORE_WAYS else way
        self.killed = self.risen = self.stuck = False
        self._numbers = itertools.count()

    async def play(self) -> list[str]:
        row = ProviderRow(self.kit.ids(), self.kit.workspace, "relay", Channel.EMAIL, "smtp", {}, self.kit.clock.now())
        await self.real.add_provider(row)
        await self._life(self._accept_all)
        for _ in range(3):  # what a crash left is for the next process
            if await self._pending():
                await self._life(self._settle_down)
        if self.stuck:
            return ["a living process got stuck"]
        return await invariants(self.real, self.kit.workspace, self.accepted, self.wire) + [
            "what was refused is there" for id_ in self.refused if await self._knows(id_)
        ]

    async def _life(self, work: Callable[[Process], Any]) -> None:
        """One process: its dispatcher, its black box, its end."""
        self.fuse.dead = False
        for _, remains in remains_in(self.folder, "s"):
            await recover(remains, self.real, self.real, CLOCK.now())
        path = self.folder / f"{next(self._numbers)}.box"
        box = MortalBox(path, self.fuse)
        leases = Leases(CLOCK, LEASE, margin=50_000)
        fleet = Fleet(self.store, self.store, self._provider, box=NoSecrets(), clock=CLOCK, random=lambda: 0.0)
        judge = Judge(RetryPolicy(first=20_000, critical_first=20_000), random.random)
        delivery = Delivery(
            {Channel.EMAIL: PlainBuilder()},
            fleet,
            judge,
            suppressions=Sieve(self.store, Pseudonyms(bytes(32)), CLOCK),
            releases=Catalogue(self.store, self.store, CLOCK),
            leases=leases,
            box=box,
            clock=CLOCK,
            after_defect=20_000,
        )
        dispatcher = Dispatcher(
            self.store, self.store, delivery, leases=leases, box=box, clock=CLOCK,
            tokens=lambda: random.getrandbits(63),
            settings=DispatchSettings(prefetch=4, concurrency=3, critical_slots=1, lease=LEASE, grace=0.05 if self.crash else 2.0),
            watch=Silent(),
        )  # fmt: skip
        running = asyncio.ensure_future(dispatcher.run())
        try:
            await work(running)
        finally:
            crashed = (self.killed and not self.risen) or running.done()
            self.fuse.dead = self.killed and not self.risen
            self.risen = self.killed
            dispatcher.stop()
            await asyncio.gather(running, return_exceptions=True)
            if box.empty and not crashed:
                path.unlink()
            box.close()
            await fleet.close()

    def _provider(self, row: ProviderRow, _secret: dict[str, Any]) -> FailingProvider:
        return FailingProvider(row, self.fuse, self.way, self.wire)

    async def _accept_all(self, process: Process) -> None:
        """Two requests of three messages, asked again under their keys until they are answered; one without a key, asked once."""
        committer = GroupCommitter(self.store.accept)
        for turn in range(2):
            await self._until_kept(committer, turn)
            await asyncio.sleep(0.01)
        lonely = self.kit.new(created_at=CLOCK.now(), due_at=CLOCK.now(), policy=self.policy)
        try:
            await committer.commit([lonely])
        except (UnavailableError, RuntimeError) as error:
            if "before" in str(error):
                self.refused.add(lonely.id)
        else:
            self.accepted.add(lonely.id)
        await self._settle_down(process)

    async def _until_kept(self, committer: GroupCommitter, turn: int) -> None:
        while True:
            messages = [self._message(f"{turn}-{n}") for n in range(3)]
            try:
                results = await committer.commit(messages)
            except (UnavailableError, RuntimeError):
                await asyncio.sleep(0.01)
                continue
            answers = [
                r.answer if isinstance(r, Replayed) else m.answer for m, r in zip(messages, results, strict=True)
            ]
            self.accepted.update(bytes.fromhex(json.loads(answer)["id"]) for answer in answers)
            return

    def _message(self, key: str) -> NewMessage:
        lane = Lane.CRITICAL if key.endswith("0") else Lane.NORMAL
        return self.kit.keyed(key, created_at=CLOCK.now(), due_at=CLOCK.now(), policy=self.policy, lane=lane)

    async def _settle_down(self, process: Process) -> None:
        """Until all is done, or the process is dead, or it is time for it to die."""
        end = CLOCK.now() + 8_000_000
        while await self._pending() and CLOCK.now() < end and not process.done():
            if self.crash and self.fuse.burnt and not self.killed:
                self.killed = True
                return
            await asyncio.sleep(0.005)
        self.stuck |= CLOCK.now() >= end

    async def _pending(self) -> bool:
        depths = await self.real.depth(CLOCK.now())
        return any(lane.ready or lane.later for lane in depths)

    async def _knows(self, message_id: Id) -> bool:
        return await self.real.message(self.kit.workspace, message_id, CLOCK.now()) is not None


@pytest.fixture(scope="module")
def server() -> Iterator[WheelServer]:
    with own_server() as server:
        yield server


@pytest.fixture
async def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    """Opens an empty store of each kind, again and again."""
    numbers = itertools.count()
    url = ""
    if request.param == "postgres":
        url = await create_database(request.getfixturevalue("server"), f"nth_{abs(hash(request.node.name)) % 10**9}")
        await migrate(url, now=CLOCK.now())

    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[Store, Path]]:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        if url:
            await empty_database(url)
        store: Any = PostgresStore(url, clock=CLOCK) if url else SqliteStore(folder, clock=CLOCK)
        await store.open()
        try:
            yield store, folder
        finally:
            await store.close()

    return opened


SHORT = {
    ("sqlite", "resend", "after", "dies"),
    ("sqlite", "hold", "silent", "lives"),
    ("sqlite", "resend", "away for longer than a lease", "lives"),
    ("sqlite", "resend", "hangs past the lease", "dies"),
    ("postgres", "hold", "after", "lives"),
}
EVERYTHING = itertools.product(
    ("sqlite", "postgres"), ("resend", "hold"), STORE_WAYS + PROVIDER_WAYS, ("lives", "dies")
)


@pytest.mark.parametrize(
    ("fresh", "policy", "way", "end"), [case for case in EVERYTHING if LONG or case in SHORT], indirect=["fresh"]
)
async def test_every_call_may_fail(fresh: OpenStore, policy: str, way: str, end: str) -> None:
    """Whatever call fails, and however, and if the process dies of it: nothing is lost, nothing sent twice without a doubt."""
    for nth in itertools.count(1, 1 if LONG else 4):
        async with fresh() as (store, folder):
            scene = Scene(store, folder, nth, way=way, policy=UnknownPolicy(policy), crash=end == "dies")
            assert await scene.play() == [], f"call {nth} failed: {way}"
            if not scene.fuse.burnt:
                break
    assert nth > 5
