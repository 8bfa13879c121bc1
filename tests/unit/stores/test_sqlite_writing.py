"""One writer at a time, over threads and processes; what fails is undone alone; a full disk is a pause."""

import asyncio
import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from posthouse.core.kernel.errors import ConflictError, UnavailableError
from posthouse.core.messages.model import Stored
from posthouse.core.workspaces.model import Workspace
from posthouse.stores.sqlite.checkpoint import Checkpointer
from posthouse.stores.sqlite.connection import Handle, explained
from posthouse.stores.sqlite.store import FILE, SqliteStore
from posthouse.stores.sqlite.threads import Job
from posthouse.stores.sqlite.ticket import WriteTicket
from posthouse.testing.clock import FakeClock
from posthouse.testing.stores import Kit, check_invariants

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(tmp_path / "data", clock=FakeClock())
    await made.open()
    yield made
    await made.close()


def test_tickets_are_handed_over_fairly(tmp_path: Path) -> None:
    """Two writers that always want the ticket take turns: neither gets it three times in a row once both wait."""
    turns: list[int] = []

    def want(number: int) -> None:
        ticket = WriteTicket(tmp_path)
        for _ in range(60):
            with ticket:
                turns.append(number)
                time.sleep(0.0005)
        ticket.close()

    threads = [threading.Thread(target=want, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    both = turns[10 : turns.index(turns[-1], 60) if turns[-1] in turns[60:] else None][:90]
    repeats = sum(one == two == three for one, two, three in zip(both, both[1:], both[2:], strict=False))
    assert repeats <= 5, turns


def hold_for_ever(folder: Path, holding: "multiprocessing.synchronize.Event") -> None:  # type: ignore[name-defined]
    """A process that takes the ticket and never gives it back."""
    with WriteTicket(folder):
        holding.set()
        time.sleep(60)


async def test_a_killed_holder_lets_go(store: SqliteStore, tmp_path: Path) -> None:
    """While another process holds the ticket nothing is written; the moment it is killed the work goes on."""
    holding = SPAWN.Event()
    process = SPAWN.Process(target=hold_for_ever, args=(tmp_path / "data", holding))
    process.start()
    await asyncio.to_thread(holding.wait, 20)
    writing = asyncio.create_task(store.ping())
    await asyncio.sleep(0.1)
    assert not writing.done()
    os.kill(process.pid or 0, signal.SIGKILL)
    await asyncio.wait_for(writing, 2)
    process.join()


async def test_work_that_fails_is_undone_alone(store: SqliteStore) -> None:
    """Pieces of work that share a commit: the one that fails leaves nothing, the others are kept."""
    shops = [Workspace(bytes([n]) * 16, f"shop-{n % 10}", n) for n in range(20)]
    results = await asyncio.gather(*(store.add_workspace(one) for one in shops), return_exceptions=True)
    assert sum(isinstance(one, ConflictError) for one in results) == 10
    assert sorted(one.name for one in await store.workspaces()) == sorted(f"shop-{n}" for n in range(10))
    assert await store.generation() == 10


async def test_what_arrives_together_shares_a_commit(store: SqliteStore) -> None:
    """Fifty accepts at once need far fewer transactions than fifty."""
    kit, commits = Kit(), 0

    def seen(statement: str) -> None:
        nonlocal commits
        commits += statement == "COMMIT"

    store._writer.handle.raw.set_trace_callback(seen)
    await asyncio.gather(*(store.accept([kit.new()]) for _ in range(50)))
    store._writer.handle.raw.set_trace_callback(None)
    assert 1 <= commits <= 10


async def test_full_disk_is_a_pause(store: SqliteStore) -> None:
    """Without space nothing at all of a batch is kept, the error says try again, and with space it works again."""
    kit = Kit()
    await store.accept([kit.new()])
    raw = store._writer.handle.raw
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count={pages + 5}")
    big = [kit.new(variables=b'"' + b"x" * 5_000 + b'"') for _ in range(100)]
    answers = await asyncio.gather(store.accept(big[:50]), store.accept(big[50:]), return_exceptions=True)
    assert all(isinstance(answer, UnavailableError) for answer in answers)
    assert await store.message(kit.workspace, big[0].id, kit.clock.now()) is None
    await check_invariants(store)
    raw.execute("PRAGMA max_page_count=1000000")
    assert await store.accept(big) == [Stored()] * 100
    await check_invariants(store)


async def test_patience_ends_only_for_what_was_not_begun() -> None:
    """Work that nobody could begin is given up and never done; work that was begun is waited for."""
    stuck, slow = Job(lambda _: 1, patience=0.01), Job(lambda _: 2, patience=0.01)
    assert slow.begin()
    with pytest.raises(UnavailableError, match="write ticket"):
        await stuck.result()
    assert not stuck.begin()
    slow.value = 2
    slow.done()
    assert await slow.result() == 2


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    """Work for a closed store is refused, not forgotten."""
    made = SqliteStore(tmp_path, clock=FakeClock())
    await made.open()
    await made.close()
    with pytest.raises(UnavailableError, match="closed"):
        await made.ping()


async def test_checkpoints_keep_the_log_short(tmp_path: Path) -> None:
    """After a checkpoint the next write begins the log anew, though another connection reads all the time."""
    made = SqliteStore(tmp_path, clock=FakeClock())
    await made.open()
    kit = Kit()
    for _ in range(6):
        await made.accept([kit.new(variables=b"x" * 3_000) for _ in range(200)])
    size = (tmp_path / (FILE + "-wal")).stat().st_size
    worker = Checkpointer(tmp_path / FILE, unsafe=False)
    worker._checkpoint()
    for _ in range(6):
        await made.accept([kit.new(variables=b"x" * 3_000) for _ in range(200)])
        worker._checkpoint()
    assert (tmp_path / (FILE + "-wal")).stat().st_size <= size * 1.2
    worker.start()
    worker.stop()
    worker.join()
    await made.close()


async def test_a_log_that_grew_long_is_given_back_in_steps(tmp_path: Path) -> None:
    """And never by a writer, whose commit would wait until all of it is freed."""
    made = SqliteStore(tmp_path, clock=FakeClock())
    await made.open()
    kit, log = Kit(), tmp_path / (FILE + "-wal")
    for _ in range(6):
        await made.accept([kit.new(variables=b"x" * 3_000) for _ in range(200)])
    grown, longest, step = log.stat().st_size, 256 << 10, 1 << 20
    assert grown > longest + 2 * step
    sizes = []
    worker = Checkpointer(tmp_path / FILE, unsafe=False, longest=longest, step=step)
    for _ in range(8):
        worker._checkpoint()
        sizes.append(log.stat().st_size)
        await made.accept([kit.new()])
        assert log.stat().st_size == sizes[-1]
    assert sizes[:2] == [grown - step, grown - 2 * step]
    assert sizes[-1] <= longest
    worker.start()
    worker.stop()
    worker.join()
    await made.close()


async def test_a_long_log_is_given_back_while_nothing_happens(tmp_path: Path) -> None:
    """One checkpoint after a rush is enough to begin with it."""
    made = SqliteStore(tmp_path, clock=FakeClock())
    await made.open()
    kit, log = Kit(), tmp_path / (FILE + "-wal")
    for _ in range(6):
        await made.accept([kit.new(variables=b"x" * 3_000) for _ in range(200)])
    worker = Checkpointer(tmp_path / FILE, unsafe=False, longest=256 << 10, step=1 << 20, rest=0.01)
    worker.start()
    worker.changed(1_000_000)
    for _ in range(1_000):
        if log.stat().st_size <= 256 << 10:
            break
        await asyncio.sleep(0.01)
    assert log.stat().st_size <= 256 << 10
    worker.stop()
    worker.join()
    await made.close()


def test_only_what_passes_by_itself_is_unavailable() -> None:
    """A defect of ours is not dressed up as a passing trouble."""
    raw = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError) as caught:
        raw.execute("SELECT * FROM nothing")
    assert explained(caught.value) is caught.value
    handle = Handle(raw)
    handle.close()
