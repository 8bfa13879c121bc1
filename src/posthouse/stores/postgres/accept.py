"""Accepting a group of messages: one statement, one round trip, one fsync."""

import json
from collections.abc import Sequence
from typing import Final

from posthouse.core.kernel.ids import MESSAGE, Id, show
from posthouse.core.messages.model import AcceptResult, KeyReused, NewMessage, Replayed, Stored
from posthouse.stores.postgres.pool import SLOTS, Connection, Database
from posthouse.stores.postgres.statements import (
    ACCEPT,
    ACCEPT_PLAIN,
    KEEP_BLOBS,
    LOCK_SUPERSEDES,
    SUPERSEDE,
    SUPPRESS,
    TAKEN_KEYS,
    USE_BLOBS,
)
from posthouse.stores.shared.messages import POLICIES

_KEYLESS: Final[list[list[object]]] = [[] for _ in range(5)]
_UNTAGGED: Final[list[list[object]]] = [[] for _ in range(3)]
_POLICY_NUMBER: Final = {policy: number for number, policy in enumerate(POLICIES)}

Slot = tuple[Id, str]
"""A workspace and an idempotency key."""


async def accept(database: Database, shard: int, batch: Sequence[NewMessage]) -> list[AcceptResult]:
    """Keeps messages durably; see MessageStore.accept.

    Raises:
        UnavailableError: the server was not there. When it went away during the commit nobody knows whether the messages were kept; the
            client's next try under the same idempotency key tells.
    """
    results: dict[Id, AcceptResult] = {}
    waiting = list(batch)
    while waiting:
        first, later = _first_of_each_key(waiting)
        stored, lost = await _keep(database, shard, first)
        results.update(stored)
        answered = await _answers(database, [*lost, *later]) if lost or later else {}
        results.update(answered)
        # A key that was taken a moment ago and has gone since (it expired, or its owner rolled back) is tried again.
        waiting = [message for message in (*lost, *later) if message.id not in answered]
    return [results[message.id] for message in batch]


def _first_of_each_key(batch: Sequence[NewMessage]) -> tuple[list[NewMessage], list[NewMessage]]:
    """Splits off the messages that repeat a key of the same group."""
    seen: set[Slot] = set()
    first: list[NewMessage] = []
    later: list[NewMessage] = []
    for message in batch:
        if message.idempotency_key is not None:
            key = (message.workspace_id, message.idempotency_key)
            if key in seen:
                later.append(message)
                continue
            seen.add(key)
        first.append(message)
    return first, later


async def _keep(
    database: Database, shard: int, batch: list[NewMessage]
) -> tuple[dict[Id, AcceptResult], list[NewMessage]]:
    """One transaction; what was stored, and the messages whose key was taken."""
    rows = _rows(batch)
    keys_and_tags = _keys_and_tags(batch)
    statement = ACCEPT if keys_and_tags else ACCEPT_PLAIN
    alone = not any(
        message.supersedes is not None or message.blobs or message.uses or message.suppressed for message in batch
    )

    async def keep(connection: Connection, counter_shard: int) -> set[Id]:
        return {row[0] for row in await connection.fetch(statement, *rows, counter_shard, *keys_and_tags)}

    async def work(connection: Connection, slot: int) -> tuple[set[Id], dict[Id, int]]:
        counter_shard = shard * SLOTS + slot
        if alone:
            return await keep(connection, counter_shard), {}
        async with connection.transaction():
            await _lock(connection, batch)
            lost = await keep(connection, counter_shard)
            kept = [message for message in batch if message.id not in lost]
            await _keep_blobs(connection, kept)
            await _suppress(connection, counter_shard, kept)
            return lost, await _supersede(connection, counter_shard, kept)

    lost, superseded = await database.run(work)
    stored: dict[Id, AcceptResult] = {
        message.id: Stored(superseded.get(message.id, 0)) for message in batch if message.id not in lost
    }
    return stored, [message for message in batch if message.id in lost]


async def _answers(database: Database, losers: list[NewMessage]) -> dict[Id, AcceptResult]:
    """What each loser's key was answered with before; a key that is free again is left out."""
    keys = [(message.id, message.workspace_id, message.idempotency_key) for message in losers]
    columns = list(zip(*keys, strict=True))

    async def work(connection: Connection, _slot: int) -> dict[Id, tuple[bytes, bytes]]:
        return {row[0]: (row[1], row[2]) for row in await connection.fetch(TAKEN_KEYS, *columns)}

    taken = await database.run(work)
    hashes = {message.id: message.idempotency_hash for message in losers}
    return {
        loser: Replayed(answer) if body_hash == hashes[loser] else KeyReused()
        for loser, (body_hash, answer) in taken.items()
    }


def _rows(batch: list[NewMessage]) -> list[Sequence[object]]:
    """The columns of ACCEPT before its shard."""
    rows = [
        (
            m.id, m.workspace_id, m.key_id, m.flow, m.live, m.channel, m.lane, m.template_id, m.release_id, m.locale,
            m.recipient, m.recipient_name, m.variables, m.created_at, m.due_at, m.expires_at, _POLICY_NUMBER[m.policy],
            m.extras, json.dumps(m.tags, ensure_ascii=False) if m.tags else None, m.correlation, m.supersedes,
        )
        for m in batch
    ]  # fmt: skip
    return [*zip(*rows, strict=True)]


def _keys_and_tags(batch: list[NewMessage]) -> list[Sequence[object]]:
    """The columns of ACCEPT after its shard, nothing when no message has a key or a tag."""
    keys = [
        (m.id, m.workspace_id, m.idempotency_key, m.idempotency_hash, m.answer)
        for m in batch
        if m.idempotency_key is not None
    ]
    tags = [(m.id, m.workspace_id, tag) for m in batch if m.tags for tag in m.tags]
    if not keys and not tags:
        return []
    return [*(zip(*keys, strict=True) if keys else _KEYLESS), *(zip(*tags, strict=True) if tags else _UNTAGGED)]


async def _lock(connection: Connection, batch: list[NewMessage]) -> None:
    replacing = [(m.workspace_id, m.supersedes) for m in batch if m.supersedes is not None]
    if replacing:
        await connection.execute(LOCK_SUPERSEDES, *zip(*replacing, strict=True))


async def _keep_blobs(connection: Connection, kept: list[NewMessage]) -> None:
    blobs = {(m.workspace_id, digest): (m.created_at, data) for m in kept for digest, data in m.blobs}
    if blobs:
        rows = [(*key, *value) for key, value in blobs.items()]
        await connection.execute(KEEP_BLOBS, *zip(*rows, strict=True))
    uses = sorted({(m.workspace_id, digest, m.due_at) for m in kept for digest in m.uses})
    if uses:
        await connection.execute(USE_BLOBS, *zip(*uses, strict=True))


async def _suppress(connection: Connection, shard: int, kept: list[NewMessage]) -> None:
    """Ends those that must not be written to, before anybody can have claimed them."""
    stopped = [(m.id, m.created_at, json.dumps(m.suppressed).encode()) for m in kept if m.suppressed is not None]
    if stopped:
        await connection.execute(SUPPRESS, *zip(*stopped, strict=True), shard)


async def _supersede(connection: Connection, shard: int, kept: list[NewMessage]) -> dict[Id, int]:
    """Withdraws what the messages replace, those of the same group one after the other; the count by message."""
    left = [message for message in kept if message.supersedes is not None]
    counts: dict[Id, int] = {}
    while left:
        turn: dict[tuple[Id, str, bool], NewMessage] = {}
        later = [m for m in left if turn.setdefault((m.workspace_id, m.supersedes or "", m.live), m) is not m]
        rows = [(*key, m.id, m.created_at, _replaced_by(m), live) for (*key, live), m in turn.items()]
        found = await connection.fetch(SUPERSEDE, *zip(*rows, strict=True), [m.id for m in later], shard)
        counts.update((row[0], row[1]) for row in found)
        left = later
    return counts


def _replaced_by(message: NewMessage) -> bytes:
    return json.dumps({"message": show(MESSAGE, message.id)}).encode()
