"""The migrations, the schema and the file as a whole."""

import asyncio
import re
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Row, create_engine, inspect, text

from posthouse.core.kernel.errors import ConflictError
from posthouse.stores.shared import maintenance, messages, migrate, schema
from posthouse.stores.shared.errors import StoreRefusedError
from posthouse.stores.sqlite.connection import check_durable, connect_writer
from posthouse.stores.sqlite.files import prepare
from posthouse.stores.sqlite.store import FILE, SqliteStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.stores import Kit


def _described(connection: Connection) -> set[tuple[str, str, str]]:
    """Every table and index as SQLite was told to make it."""
    rows = connection.execute(text("SELECT type, name, sql FROM sqlite_master"))
    return {(kind, name, re.sub(r"\s+", " ", sql or "")) for kind, name, sql in rows}


def _rows(connection: Connection, table: str) -> list[Row[Any]]:
    return list(connection.execute(text(f'SELECT * FROM "{table}"')))


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_migrations_make_exactly_the_schema() -> None:
    """A database made at once is the migrated one to the letter, and the last step is the one this version expects."""
    migrated, made = create_engine("sqlite://"), create_engine("sqlite://")
    with migrated.connect() as one, made.connect() as other:
        migrate.upgrade(one)
        migrate.make(other)
        assert _described(one) == _described(other)
        context = MigrationContext.configure(one)
        assert compare_metadata(context, schema.metadata_for("sqlite")) == []
        assert migrate.current(one) == migrate.current(other) == migrate.HEAD == migrate.head()
        assert not [name for name in inspect(one).get_table_names() if _rows(one, name) != _rows(other, name)]
    migrated.dispose()
    made.dispose()


def test_keys_outlive_the_step_that_puts_them_in_order() -> None:
    """0003 on SQLite: every key is found as before, those that came first stand first, and go first."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        migrate.upgrade(connection, "0002")
        for place, (key, generation) in enumerate([("b", 2), ("a", 1), ("c", 3)]):
            row = {"w": b"w" * 16, "k": key, "h": b"h", "m": bytes([place]) * 16, "g": generation, "a": key.encode()}
            connection.execute(text("INSERT INTO idempotency VALUES (:w, :k, :h, :m, :g, :a)"), row)
        migrate.upgrade(connection)
        assert messages.kept_answer(connection, b"w" * 16, "b") == (b"h", b"b")
        rows = connection.execute(text("SELECT key, generation FROM idempotency ORDER BY seq")).all()
        assert [tuple(row) for row in rows] == [("a", 1), ("b", 2), ("c", 3)]
        assert maintenance.purge_idempotency(connection, 3) == 2
        assert maintenance.purge_idempotency(connection, 3) == 0
        assert messages.kept_answer(connection, b"w" * 16, "c") == (b"h", b"c")
    engine.dispose()


def test_what_was_answered_before_is_kept() -> None:
    """0017: of each message and rating the last answer, with its words; facts of other kinds and half ones are passed over."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        migrate.upgrade(connection, "0016")
        for n in (1, 2, 3):
            _insert(
                connection, "messages", id=bytes([n]) * 16, workspace_id=b"w" * 16, template_id=b"t" * 16, live=n != 2
            )
            _insert(connection, "engagements", message_id=bytes([n]) * 16, type=34 if n < 3 else 32)
        said = {"rating": "delivery", "score": 4, "lowest": 1, "highest": 5}
        facts = [
            (1, 34, 20, {**said, "score": 5, "comment": "late"}),
            (1, 34, 10, {**said, "comment": "first"}),
            (1, 34, 15, {**said, "rating": "food"}),
            (1, 34, 30, {"score": 1}),
            (1, 32, 40, said),
            (2, 34, 10, {**said, "comment": ""}),
            (3, 34, 10, said),
        ]
        for seq, (n, kind, at, data) in enumerate(facts):
            row = {
                "message_id": bytes([n]) * 16,
                "type": kind,
                "key": str(seq),
                "at": at,
                "data": msgspec.json.encode(data),
            }
            _insert(connection, "events", seq=seq + 1, workspace_id=b"w" * 16, **row)
        migrate.upgrade(connection)
        kept = {
            (row["message_id"][0], row["rating"]): (
                row["score"],
                row["at"],
                row["comment"],
                row["live"],
                row["template_id"],
            )
            for row in connection.execute(text("SELECT * FROM rating_answers")).mappings()
        }
        assert kept == {
            (1, "delivery"): (5, 20, "late", 1, b"t" * 16), (1, "food"): (4, 15, None, 1, b"t" * 16),
            (2, "delivery"): (4, 10, None, 0, b"t" * 16),
        }  # fmt: skip
    engine.dispose()


def _insert(connection: Connection, table: str, **values: object) -> None:
    """A row; what is not given and must be there is empty."""
    row = dict(values)
    for column in connection.execute(text(f"PRAGMA table_info({table})")).mappings():
        if column["notnull"] and column["name"] not in row:
            row[column["name"]] = "" if column["type"] == "TEXT" else b"" if column["type"] == "BLOB" else 0
    names = ", ".join(row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in row)})"), row)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A file that a newer Posthouse migrated is left alone, with words that say what to do."""
    path = tmp_path / FILE
    prepare(path, FakeClock(), unsafe=False)
    raw = sqlite3.connect(path)
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    with pytest.raises(StoreRefusedError, match="9999, which a newer Posthouse made"):
        prepare(path, FakeClock(), unsafe=False)


async def test_several_start_together(tmp_path: Path) -> None:
    """Five that open a new data folder at once all succeed: one of them makes the file."""
    stores = [SqliteStore(tmp_path / "new" / "data", clock=FakeClock(), shard=n) for n in range(5)]
    await asyncio.gather(*(store.open() for store in stores))
    kit = Kit()
    await stores[0].accept([kit.new()])
    assert len(await kit.claim(stores[4])) == 1
    for store in stores:
        await store.close()
        await store.close()


def test_less_than_full_durability_is_refused(tmp_path: Path) -> None:
    """NORMAL is refused unless it was asked for loudly; a file that cannot have a WAL is refused always."""
    normal = connect_writer(tmp_path / "a.db", unsafe=True)
    with pytest.raises(StoreRefusedError, match="power cut"):
        check_durable(normal, unsafe=False)
    check_durable(normal, unsafe=True)
    normal.execute("PRAGMA journal_mode=DELETE")
    with pytest.raises(StoreRefusedError, match="local disk"):
        check_durable(normal, unsafe=True)
    normal.close()
    full = connect_writer(tmp_path / "b.db", unsafe=False)
    check_durable(full, unsafe=False)
    full.close()


async def test_unsafe_is_what_the_control_arm_gets(tmp_path: Path) -> None:
    """The store commits with FULL, and with NORMAL only when made unsafe."""
    levels = []
    for unsafe in (False, True):
        store = SqliteStore(tmp_path / str(unsafe), clock=FakeClock(), unsafe=unsafe)
        await store.open()
        await store.check_durability()
        levels.append(store._writer.handle.raw.execute("PRAGMA synchronous").fetchone()[0])
        await store.close()
    assert levels == [2, 1]


async def test_backup_while_writing(tmp_path: Path) -> None:
    """A copy made under writes is a whole store of its own; an existing file is never overwritten."""
    kit = Kit()
    store = SqliteStore(tmp_path / "data", clock=kit.clock)
    await store.open()
    before = [kit.new() for _ in range(50)]
    await store.accept(before)
    (tmp_path / "copy").mkdir()
    more = [kit.new() for _ in range(500)]
    await asyncio.gather(store.accept(more), store.backup(tmp_path / "copy" / FILE))
    with pytest.raises(ConflictError, match="exists already"):
        await store.backup(tmp_path / "copy" / FILE)
    await store.close()
    restored = SqliteStore(tmp_path / "copy", clock=kit.clock)
    await restored.open()
    assert await restored.misplaced() == 0
    assert await restored.message(kit.workspace, before[-1].id, kit.clock.now()) is not None
    await restored.close()
