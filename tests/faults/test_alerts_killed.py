"""Whoever judges and tells is killed with SIGKILL between the two, and between telling and noting it: nothing is lost, nothing is another."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Final

from posthouse.core.alerts.model import AlertSettings, Notice, Target, TargetKind
from posthouse.core.alerts.notifying import Notifier
from posthouse.core.workspaces.model import Workspace
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock

WORKSPACE: Final = b"w" * 16
CHILD: Final = """
import asyncio, os, signal, sys
from pathlib import Path
from posthouse.core.alerts.measuring import LevelService
from posthouse.core.alerts.notifying import Notifier
from posthouse.core.alerts.things import Certificate
from posthouse.core.alerts.watch import AlertWatch, Means
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock

class Door:
    async def tell(self, target, notice):
        Path(sys.argv[2]).write_bytes(notice.id)
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    clock = FakeClock()
    store = SqliteStore(Path(sys.argv[1]), clock=clock)
    await store.open()
    means = Means(
        store, LevelService(store, store, store, clock), None, lambda: [Certificate("mail.pem", clock.now())], clock,
        Uuid7Source(clock.now),
    )
    await AlertWatch(means, 1).minute()
    if len(sys.argv) > 2:
        await Notifier(store, Door(), clock, print).turn()
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


class Ears:
    """Takes everything."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    async def tell(self, target: Target, notice: Notice) -> str:
        self.heard.append(notice.id)
        return ""


async def killed(*words: str) -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, *words)
    assert await child.wait() == -signal.SIGKILL


async def test_killed_between_deciding_telling_and_noting(tmp_path: Path) -> None:
    """The alert is open once; its notice comes from whoever is next, with the identifier that was told before."""
    clock, told = FakeClock(), tmp_path / "told"
    store = SqliteStore(tmp_path / "data", clock=clock)
    await store.open()
    await store.add_workspace(Workspace(WORKSPACE, "shop", clock.now()))
    said = AlertSettings(targets=(Target("ops", TargetKind.EMAIL, "ops@shop.example"),))
    await store.save_alert_settings(WORKSPACE, AlertSettings(), said)
    await killed(str(tmp_path / "data"))
    assert len(await store.open_alerts()) == 1
    await killed(str(tmp_path / "data"), str(told))
    await killed(str(tmp_path / "data"))
    assert len(await store.open_alerts()) == 1
    ears = Ears()
    notifier = Notifier(store, ears, clock, lambda *_: None)
    while await notifier.turn():
        pass
    assert ears.heard == [told.read_bytes()]
    await store.close()
