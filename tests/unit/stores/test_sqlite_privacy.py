"""The store's files are for their owner alone, whatever the umask and the folder say."""

import os
from pathlib import Path

from posthouse.stores.sqlite.files import backup
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock


async def test_no_file_of_the_store_can_be_read_by_others(tmp_path: Path) -> None:
    """The database, its companions while it is open, and a copy of it."""
    before = os.umask(0o000)
    try:
        folder = tmp_path / "data"
        folder.mkdir(mode=0o755)
        store = SqliteStore(folder, clock=FakeClock())
        await store.open()
        try:
            files = [path for path in folder.iterdir() if path.is_file()]
            modes = {path.name: path.stat().st_mode & 0o077 for path in files}
        finally:
            await store.close()
        backup(folder / "posthouse.db", tmp_path / "copy.db")
    finally:
        os.umask(before)
    assert "posthouse.db-wal" in modes
    assert set(modes.values()) == {0}
    assert (tmp_path / "copy.db").stat().st_mode & 0o077 == 0
