"""Whoever removes a person, or holds a workspace to its retention rules, is killed in the middle, again and again: it is ended, and proved."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from posthouse.core.keeping.erasure import Phase
from posthouse.core.keeping.settings import Rule
from posthouse.core.kernel.clock import DAY, MINUTE
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import NewMessage
from posthouse.stores.postgres.store import PostgresStore
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.store_erasing import ANN, BOB, remover, write_down
from posthouse.testing.store_keeping import EXTRAS, followed, keeper, ruled, unhurried
from posthouse.testing.store_kit import check_invariants
from posthouse.testing.stores import Kit, Store

MANY: Final = 250
KILLS: Final = ("rest 2", "after 0.02", "rest 3")
"""Right after so many transactions, and so many seconds after the beginning, wherever it is then."""
UNKILLED: Final = {"messages": 7, "contacts": 2, "suppressions": 1, "sandbox": 1, "blobs": 1, "conversions": 1}
"""What a removal counts of what `write_down` wrote when nobody is killed."""
CHILD: Final = """
import asyncio, os, signal, sys, threading
from pathlib import Path
from posthouse.testing.clock import FakeClock
from posthouse.testing.store_erasing import remover
from posthouse.testing.store_keeping import keeper
from posthouse.testing.stores import Kit

where, what, how, token, now = sys.argv[1:]
kind, number = how.split()
done = 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

async def rest(seconds):
    global done
    done += 1
    if kind == "rest" and done == int(number):
        die()

async def main():
    clock = FakeClock(int(now))
    if where.startswith("postgresql"):
        from posthouse.stores.postgres.store import PostgresStore
        store = PostgresStore(where, clock=clock, shard=7)
    else:
        from posthouse.stores.sqlite.store import SqliteStore
        store = SqliteStore(Path(where), clock=clock, shard=7)
    await store.open()
    kit = Kit(clock)
    if kind == "after":
        threading.Timer(float(number), die).start()
    if what == "person":
        await remover(store, kit, token=int(token)).work(rest)
    else:
        await keeper(store, kit).sweep(rest)
    await store.close()
    die()

asyncio.run(main())
"""


Place = tuple[Store, Kit, str]
"""An open store, and where it is."""


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[Place]:
    clock = FakeClock()
    store = SqliteStore(tmp_path / "data", clock=clock)
    await store.open()
    yield store, Kit(clock), str(tmp_path / "data")
    await store.close()


@pytest.fixture
async def on_postgres(postgres_url: str) -> AsyncIterator[Place]:
    clock = FakeClock()
    store = PostgresStore(postgres_url, clock=clock)
    await store.open()
    yield store, Kit(clock), postgres_url
    await store.close()


async def killed(kit: Kit, where: str, what: str, number: int) -> None:
    """One process that is killed. The minute for which it held the work is over when the next one comes."""
    words = (where, what, KILLS[number], str(100 + number), str(kit.clock.advance(2 * MINUTE)))
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, *words)
    async with asyncio.timeout(60):
        assert await child.wait() == -signal.SIGKILL


async def to_many(store: Store, kit: Kit, recipient: str, many: int = MANY) -> list[NewMessage]:
    """Messages that were sent to somebody."""
    batch = [kit.new(recipient=recipient, extras=EXTRAS) for _ in range(many)]
    await store.accept(batch)
    while claimed := await kit.claim(store, many):
        await store.record([kit.settle(one) for one in claimed])
    await followed(store)
    return batch


async def test_a_removal_that_is_killed_on_sqlite(on_sqlite: Place) -> None:
    """Three processes die; the fourth ends it and proves it."""
    await removal(on_sqlite)


async def test_a_removal_that_is_killed_on_postgres(on_postgres: Place) -> None:
    """Likewise."""
    await removal(on_postgres)


async def test_a_sweep_that_is_killed_on_sqlite(on_sqlite: Place) -> None:
    """The rules of retention are kept all the same."""
    await sweep(on_sqlite)


async def test_a_sweep_that_is_killed_on_postgres(on_postgres: Place) -> None:
    """Likewise."""
    await sweep(on_postgres)


async def removal(place: Place) -> None:
    """Three processes die; the fourth ends it. The receipt counts each message once and finds nothing, nor does anybody else; others keep theirs."""
    store, kit, where = place
    made = await write_down(store, kit)
    hers, bobs = await to_many(store, kit, ANN), await to_many(store, kit, BOB, 20)
    service = remover(store, kit)
    person = service.person(ANN, None)
    begun = await service.begin(kit.workspace, person, "api", "key")

    for number in range(len(KILLS)):
        await killed(kit, where, "person", number)
    kit.clock.advance(2 * MINUTE)
    await service.work(unhurried)
    done = await service.get(kit.workspace, begun.id)
    assert (done.phase, done.found, done.sealed) == (Phase.DONE, {}, b"")
    assert {name: done.counts[name] for name in UNKILLED} == {**UNKILLED, "messages": MANY + UNKILLED["messages"]}
    assert await service.outlook(kit.workspace, person, unhurried) == {}
    assert await recipients(store, kit, [*hers, made["sent"]]) == {""}
    assert await recipients(store, kit, bobs) == {BOB}
    await check_invariants(store)


async def sweep(place: Place) -> None:
    """Content goes once; nothing is skipped."""
    store, kit, where = place
    await ruled(store, kit, Rule(content_days=1, addresses="erase"))
    old = await to_many(store, kit, ANN)
    kit.clock.advance(2 * DAY)
    young = await to_many(store, kit, BOB, 20)
    for number in range(len(KILLS)):
        await killed(kit, where, "rules", number)
    await keeper(store, kit).sweep(unhurried)
    assert await recipients(store, kit, old) == {""}
    assert await recipients(store, kit, young) == {BOB}
    found = [await store.message(kit.workspace, one.id, kit.clock.now()) for one in old]
    assert {one.variables for one in found if one is not None} == {b""}
    assert (await keeper(store, kit).sweep(unhurried)).messages == 0
    await check_invariants(store)


async def recipients(store: Store, kit: Kit, some: list[NewMessage]) -> set[str]:
    """To whom messages say that they went."""
    ids: list[Id] = [one.id for one in some]
    found = [await store.message(kit.workspace, one, kit.clock.now()) for one in ids]
    return {one.recipient for one in found if one is not None}
