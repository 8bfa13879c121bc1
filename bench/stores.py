"""How fast a store accepts, claims and records, and whether that changes with what it holds already.

    python bench/stores.py --store sqlite [--queued 1000000] [--history 10000000] [--messages 30000]
    python bench/stores.py --store postgres [--database URL]

Each figure is also given as a ratio to a limit measured in the same run: the same bytes inserted by bare sqlite3 into one
narrow table, in batches of the same size, as durably.
"""

import argparse
import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from posthouse.core.delivery.model import Claimed, Settlement
from posthouse.core.kernel.clock import DAY, SECOND, SystemClock
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.core.messages.model import Channel, Event, EventType, Lane, MessageQuery, NewMessage, Status

BATCH = 256
CLAIM = 500
CLOCK = SystemClock()
IDS = Uuid7Source(CLOCK.now)
WORKSPACE, TEMPLATE, RELEASE = IDS(), IDS(), IDS()
VARIABLES = (
    b'{"order":{"number":"A-10293","total":"149.00"},"lines":[' + b'{"name":"Blue mug","price":"12.00"},' * 33
)[:1290] + b"]}      "
ANSWER = b'{"id":"msg_01jd0000000000000000000000","status":"queued"}'


def message() -> NewMessage:
    now = CLOCK.now()
    token = os.urandom(8).hex()
    return NewMessage(
        id=IDS(),
        workspace_id=WORKSPACE,
        key_id=None,
        flow=7,
        live=True,
        channel=Channel.EMAIL,
        lane=Lane.NORMAL,
        template_id=TEMPLATE,
        release_id=RELEASE,
        locale="en",
        recipient=f"user-{token}@example.net",
        recipient_name="Ann Example",
        variables=VARIABLES,
        created_at=now,
        due_at=now,
        correlation=f"order-{token}",
        idempotency_key=token,
        idempotency_hash=os.urandom(32),
        answer=ANSWER,
    )


def settlement(one: Claimed, now: int) -> Settlement:
    data = {
        "provider": "relay",
        "remote": "mx.example.net",
        "code": 250,
        "text": "2.0.0 Ok: queued as 4F1D",
        "attempt": 1,
    }
    event = Event(one.id, one.workspace_id, EventType.SENT, now, f"{one.lease}", data)
    return Settlement(one.id, one.workspace_id, one.lease, Status.SENT, now, 1, (event,), template_id=one.template_id)


def bare_limit(folder: Path, messages: int) -> float:
    """Messages a second into one narrow table of bare sqlite3."""
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute("CREATE TABLE narrow (id BLOB PRIMARY KEY, content BLOB)")
        rows = [(IDS(), VARIABLES + os.urandom(200)) for _ in range(messages)]
        began = time.perf_counter()
        for start in range(0, messages, BATCH):
            raw.execute("BEGIN IMMEDIATE")
            raw.executemany("INSERT INTO narrow VALUES (?, ?)", rows[start : start + BATCH])
            raw.execute("COMMIT")
        return messages / (time.perf_counter() - began)


async def accept_rate(store: Any, messages: int) -> float:
    batches = [[message() for _ in range(BATCH)] for _ in range(messages // BATCH)]
    began = time.perf_counter()
    for batch in batches:
        await store.accept(batch)
    return len(batches) * BATCH / (time.perf_counter() - began)


async def drain_rate(store: Any, messages: int) -> float:
    done, began = 0, time.perf_counter()
    while done < messages:
        now = CLOCK.now()
        lease = int.from_bytes(os.urandom(7), "big")
        claimed = await store.claim([(Lane.NORMAL, CLAIM)], now=now, until=now + 30 * SECOND, lease=lease)
        if not claimed:
            break
        assert all(await store.record([settlement(one, now) for one in claimed]))
        done += len(claimed)
    return done / (time.perf_counter() - began)


async def quiet_costs(store: Any) -> str:
    """Milliseconds of what runs beside the hot doors."""
    now, costs = CLOCK.now(), []
    for name, call in (
        ("depth", lambda: store.depth(now)),
        ("next_due", lambda: store.next_due(now)),
        ("generation", store.generation),
        ("search by status", lambda: store.search(MessageQuery(WORKSPACE, status=Status.QUEUED), now)),
        ("search by recipient", lambda: store.search(MessageQuery(WORKSPACE, recipient="nobody@example.net"), now)),
        ("claim of nothing", lambda: store.claim([(Lane.CRITICAL, 10)], now=now, until=now + 1, lease=1)),
    ):
        await call()
        began = time.perf_counter()
        await call()
        costs.append(f"{name} {(time.perf_counter() - began) * 1000:.2f}")
    return ", ".join(costs) + " ms"


def fill_sqlite(path: Path, queued: int, history: int) -> None:
    """Rows as messages of the past would have left them, without waiting for the disk."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        raw.execute("PRAGMA cache_size=-1000000")
        for ids, pending in _past(queued, history):
            raw.execute("BEGIN IMMEDIATE")
            raw.executemany(
                "INSERT INTO messages (id, workspace_id, flow, live, channel, lane, template_id, release_id, locale,"
                " recipient, recipient_name, variables, created_at, due_at, policy, correlation)"
                " VALUES (?, ?, 7, 1, 1, 1, ?, ?, 'en', ?, 'Ann', ?, ?, ?, 0, ?)",
                [
                    (
                        one,
                        WORKSPACE,
                        TEMPLATE,
                        RELEASE,
                        f"user-{one[8:].hex()}@example.net",
                        b'{"order":{}}',
                        at,
                        at,
                        "o",
                    )
                    for one, at in ids
                ],
            )
            if pending:
                raw.executemany(
                    "INSERT INTO queue (message_id, workspace_id, lane, flow, available_at) VALUES (?, ?, 1, 7, ?)",
                    [(one, WORKSPACE, at) for one, at in ids],
                )
            else:
                raw.executemany(
                    "INSERT INTO states (message_id, workspace_id, status, ended_at, attempts) VALUES (?, ?, 50, ?, 1)",
                    [(one, WORKSPACE, at) for one, at in ids],
                )
            for kind in (1,) if pending else (1, 10):
                raw.executemany(
                    "INSERT INTO events (message_id, type, key, workspace_id, at) VALUES (?, ?, '', ?, ?)",
                    [(one, kind, WORKSPACE, at) for one, at in ids],
                )
            raw.executemany(
                "INSERT INTO idempotency (workspace_id, key, body_hash, message_id, generation, answer) VALUES (?, ?, ?, ?, 0, ?)",
                [(WORKSPACE, os.urandom(8).hex(), one * 2, one, ANSWER) for one, _ in ids[: len(ids) // 5]],
            )
            raw.execute("COMMIT")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.sync()


def _past(queued: int, history: int) -> Iterator[tuple[list[tuple[bytes, int]], bool]]:
    """(identifier, instant) of past messages in chunks, oldest first, and whether they are pending."""
    at = CLOCK.now() - DAY
    ticks = count(at)
    ids = Uuid7Source(lambda: next(ticks))
    for number, pending in ((history, False), (queued, True)):
        for start in range(0, number, 50_000):
            yield [(ids(), at) for _ in range(min(50_000, number - start))], pending


async def measure(store: Any, label: str, limit: float, messages: int) -> None:
    accepted = await accept_rate(store, messages)
    drained = await drain_rate(store, messages)
    print(
        f"{label:<34} accept {accepted:>7,.0f}/s ({1e6 / accepted:5.1f} µs, {accepted / limit:4.0%} of the limit)   "
        f"claim+record {drained:>7,.0f}/s ({1e6 / drained:5.1f} µs, {drained / limit:4.0%})"
    )
    print(f"{'':<34} {await quiet_costs(store)}")


async def sqlite(folder: Path, options: argparse.Namespace, limit: float) -> None:
    from posthouse.stores.sqlite.store import FILE, SqliteStore

    for queued, history in sorted({(0, 0), (options.queued, 0), (options.queued, options.history)}):
        data = folder / f"{queued}-{history}"
        store = SqliteStore(data, clock=CLOCK)
        await store.open()
        await asyncio.to_thread(fill_sqlite, data / FILE, queued, history)
        await measure(store, f"{queued:,} queued, {history:,} history", limit, options.messages)
        await store.close()


async def fill_postgres(url: str, queued: int, history: int) -> None:
    """Rows as messages of the past would have left them. History has no message rows: nothing hot ever reads them."""
    import asyncpg

    connection = await asyncpg.connect(url)
    await connection.execute("SET synchronous_commit = off")
    for start in range(0, history, 500_000):
        await connection.execute(
            f"""WITH past AS (
                INSERT INTO states (message_id, workspace_id, status, ended_at, attempts)
                SELECT uuidv7(), '{WORKSPACE.hex()}', 50, n, 1 FROM generate_series({start}, {start} + 499999) AS n
                RETURNING message_id)
            INSERT INTO events (message_id, type, key, workspace_id, at)
            SELECT message_id, 10, '1', '{WORKSPACE.hex()}', 0 FROM past"""
        )
    await connection.execute(
        f"""WITH past AS (
            INSERT INTO messages (id, workspace_id, flow, live, channel, lane, template_id, release_id, locale, recipient,
                recipient_name, variables, created_at, due_at, policy)
            SELECT uuidv7(), '{WORKSPACE.hex()}', 7, true, 1, 1, '{TEMPLATE.hex()}', '{RELEASE.hex()}', 'en',
                'user-' || n || '@example.net', 'Ann', '{{}}', n, n, 0
            FROM generate_series(1, {queued}) AS n
            RETURNING id, workspace_id, lane, flow, due_at)
        INSERT INTO queue (message_id, workspace_id, lane, flow, available_at) SELECT * FROM past"""
    )
    await connection.execute("VACUUM ANALYZE")
    await connection.execute("CHECKPOINT")
    await connection.close()


async def postgres(folder: Path, options: argparse.Namespace, limit: float) -> None:
    """Over the database given (as it stands), or over a server of its own that is filled step by step."""
    from posthouse.stores.postgres.migrate import migrate
    from posthouse.stores.postgres.store import PostgresStore
    from posthouse.testing.postgres import create_database, own_server

    async def over(url: str, label: str) -> None:
        store = PostgresStore(url, clock=CLOCK)
        await store.open()
        await measure(store, label, limit, options.messages)
        await store.close()

    if options.database:
        await over(options.database, "as it stands")
        return
    with own_server() as server:
        for queued, history in sorted({(0, 0), (options.queued, 0), (options.queued, options.history)}):
            url = await create_database(server, f"bench_{queued}_{history}")
            await migrate(url, now=CLOCK.now())
            await fill_postgres(url, queued, history)
            await over(url, f"{queued:,} queued, {history:,} history")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument(
        "--database", default="", help="URL of a migrated PostgreSQL database (default: a server of its own)"
    )
    parser.add_argument("--messages", type=int, default=30_000)
    parser.add_argument("--queued", type=int, default=1_000_000)
    parser.add_argument("--history", type=int, default=0)
    parser.add_argument(
        "--folder", type=Path, default=None, help="where to put the files (default: a temporary folder)"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        limit = bare_limit(Path(folder), options.messages)
        print(f"limit: bare sqlite3, one narrow table  {limit:,.0f}/s ({1e6 / limit:.1f} µs)")
        run = sqlite if options.store == "sqlite" else postgres
        asyncio.run(run(Path(folder), options, limit))


if __name__ == "__main__":
    main()
