"""Rows as the past would have left them: copies of one real message, made in SQL."""

import asyncio
import contextlib
import os
import sqlite3
import time

import asyncpg

from bench.kit.house import House
from posthouse.core.kernel.clock import DAY, MINUTE
from posthouse.core.messages.model import EventType, Lane, Status

_CHUNK = 100_000
_COPIED = """key_id, workspace_id, flow, live, channel, {lane}, template_id, release_id, locale, recipient, recipient_name,
    variables, {at}, {at}, expires_at, policy, extras, tags, correlation, supersedes"""
_MESSAGE = (
    "INSERT INTO messages (id, key_id, workspace_id, flow, live, channel, lane, template_id, release_id, locale, recipient,"
    " recipient_name, variables, created_at, due_at, expires_at, policy, extras, tags, correlation, supersedes)"
    " SELECT {id}, " + _COPIED + " FROM one, numbers"
)
_QUEUE = (
    "INSERT INTO queue (message_id, workspace_id, lane, flow, available_at, attempts, held)"
    " SELECT {id}, workspace_id, {lane}, flow, {due}, 0, 0 FROM one, numbers"
)
_STATE = (
    "INSERT INTO states (message_id, workspace_id, status, ended_at, attempts)"
    f" SELECT {{id}}, workspace_id, {int(Status.SENT)}, {{at}}, 1 FROM one, numbers"
)
_EVENT = (
    "INSERT INTO events (message_id, type, key, workspace_id, at)"
    " SELECT {id}, {type}, '', workspace_id, {at} FROM one, numbers"
)
_NUMBERS = {
    "sqlite": "WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {end}),"
    " one AS (SELECT * FROM messages ORDER BY id DESC LIMIT 1) ",
    "postgres": "WITH numbers AS (SELECT generate_series({first}, {end} - 1) AS n),"
    " one AS (SELECT * FROM messages ORDER BY id DESC LIMIT 1) ",
}
_ID = {
    "sqlite": "make_id({ms}, n)",
    "postgres": "(lpad(to_hex({ms} + n / 4096), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid",
}


def fill(
    house: House, count: int, *, ended: bool, lane: Lane = Lane.NORMAL, due_now: bool = False, series: int = 0
) -> float:
    """Adds ``count`` copies of the newest message, ended (history) or queued for tomorrow (or now); seconds it took.

    ``series`` keeps the identifiers of several fillings apart.
    """
    began = time.monotonic()
    now = time.time_ns() // 1000
    at = now - (series + 1) * 10 * MINUTE
    kind = "postgres" if house.database else "sqlite"
    statements = [_MESSAGE, *([_STATE] if ended else [_QUEUE])]
    values = {
        "id": _ID[kind].format(ms=at // 1000), "lane": int(lane), "at": at, "due": now if due_now else now + DAY,
    }  # fmt: skip
    texts = [statement.format(**values) for statement in statements]
    texts += [
        _EVENT.format(type=int(type_), **values)
        for type_ in ((EventType.ACCEPTED, EventType.SENT) if ended else (EventType.ACCEPTED,))
    ]
    for first in range(0, count, _CHUNK):
        head = _NUMBERS[kind].format(first=first, end=min(count, first + _CHUNK))
        chunk = [_placed(head, text) for text in texts]
        if house.database:
            asyncio.run(_postgres(house.database, chunk))
        else:
            _sqlite(house, chunk)
    seconds = time.monotonic() - began
    if not house.database:
        _settle(house)
    return seconds


def _placed(head: str, text: str) -> str:
    """The numbers stand between INSERT and SELECT in both dialects."""
    insert, select, rest = text.partition(" SELECT ")
    return f"{insert} {head}{select.strip()} {rest}"


def _sqlite(house: House, statements: list[str]) -> None:
    with contextlib.closing(sqlite3.connect(house.data / "posthouse.db", isolation_level=None, timeout=60)) as raw:
        raw.create_function("make_id", 2, _make_id)
        raw.execute("PRAGMA synchronous=OFF")
        raw.execute("BEGIN IMMEDIATE")
        for statement in statements:
            raw.execute(statement)
        raw.execute("COMMIT")


def _settle(house: House) -> None:
    """What was written without waiting goes to the disk now, and out of the log: else the commits that are measured wait for it."""
    with contextlib.closing(sqlite3.connect(house.data / "posthouse.db", isolation_level=None, timeout=60)) as raw:
        raw.execute("PRAGMA wal_checkpoint(PASSIVE)")
    os.sync()


def _make_id(milliseconds: int, number: int) -> bytes:
    high = ((milliseconds + number // 4096) << 16) | 0x7000 | (number % 4096)
    return (high << 64 | 0x8000_0000_0000_0000 | number).to_bytes(16, "big")


async def _postgres(url: str, statements: list[str]) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            for statement in statements:
                await connection.execute(statement)
    finally:
        await connection.close()


async def analyse(url: str) -> None:
    """What autovacuum would do in its own time."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
