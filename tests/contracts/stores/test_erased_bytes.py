"""Removing a person, proved from outside: not a byte of the address in the files of SQLite, nor in any row of PostgreSQL."""

from collections.abc import Iterable
from pathlib import Path

import asyncpg

from posthouse.stores.postgres.store import PostgresStore
from posthouse.stores.shared.erasure_tables import BY_HAND, EXEMPT, STRUCK, TABLES, words_of
from posthouse.stores.shared.schema import metadata
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.store_erasing import ANN, PHONE, remover, write_down
from posthouse.testing.store_keeping import unhurried
from posthouse.testing.stores import Kit, Store

NEEDLES = tuple(
    form.encode()
    for word in (ANN, "ann@xn--bcher-kva.example", PHONE)
    for form in (word, word.upper(), word.capitalize(), word.encode("unicode_escape").decode())
)


def named(dump: bytes) -> set[bytes]:
    """What of the person stands in a dump, joann not counted."""
    plain = dump.replace("joann@bücher.example".encode(), b"")
    return {needle for needle in NEEDLES if needle in plain}


async def remove(store: Store) -> None:
    """Ann goes."""
    kit = Kit(FakeClock())
    await write_down(store, kit)
    service = remover(store, kit)
    begun = await service.begin(kit.workspace, service.person(ANN, PHONE), "api", "")
    assert await service.work(unhurried) == 1
    assert (await service.get(kit.workspace, begun.id)).found == {}


async def test_no_byte_is_left_in_the_files_of_sqlite(tmp_path: Path) -> None:
    """Once the log is copied back: neither in rows, nor in what is left free in pages."""
    folder = tmp_path / "data"
    store = SqliteStore(folder, clock=FakeClock())
    await store.open()
    kit = Kit(FakeClock())
    await write_down(store, kit)
    service = remover(store, kit)
    dump = b"".join(path.read_bytes() for path in folder.glob("posthouse.db*"))
    assert ANN.encode() in dump, "it can be found while it is there"
    await service.begin(kit.workspace, service.person(ANN, PHONE), "api", "")
    assert await service.work(unhurried) == 1
    await store.close()
    left = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    assert named(left) == set()


async def test_no_row_of_postgres_names_the_person(postgres_url: str) -> None:
    """Every column of every table, read with nothing of ours."""
    store = PostgresStore(postgres_url, clock=FakeClock())
    await store.open()
    await remove(store)
    await store.close()
    connection = await asyncpg.connect(postgres_url)
    tables = [row[0] for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    dump = b"".join([_bytes(row) for table in tables for row in await connection.fetch(f'SELECT * FROM "{table}"')])
    await connection.close()
    assert len(dump) > 1_000
    assert named(dump) == set()


def test_every_table_with_words_is_looked_through_or_says_why_not() -> None:
    """Whoever adds a table adds a place where a person may stand."""
    worded = {table.name for table in metadata.tables.values() if words_of(table)}
    assert worded == set(TABLES) | (EXEMPT.keys() & worded)
    assert EXEMPT.keys() <= metadata.tables.keys()
    assert not set(STRUCK) & set(BY_HAND)


def _bytes(row: Iterable[object]) -> bytes:
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
