"""Waking other processes."""

import asyncio
import socket
from pathlib import Path

from posthouse.stores.sqlite.bell import Bell


async def _quiet(bell: Bell) -> None:
    while await bell.wait(0.01):
        pass


def _names(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


async def test_sockets_of_the_dead_are_swept_away(tmp_path: Path) -> None:
    """A socket file whose process is gone disappears with the next ring; the living are still heard."""
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    dead.bind(str(tmp_path / "1-dead.wake"))
    dead.close()
    ear, hand = Bell(tmp_path), Bell(tmp_path)
    await _quiet(ear)
    hand.ring()
    assert await ear.wait(2) is True
    assert _names(tmp_path) == [ear._name]
    ear.close()
    hand.close()
    assert _names(tmp_path) == []


async def test_every_task_hears_it(tmp_path: Path) -> None:
    """Several tasks that wait on one store all hear one ring, each once."""
    bell = Bell(tmp_path)

    async def listen() -> list[bool]:
        await _quiet(bell)
        return [await bell.wait(2), await bell.wait(0.05)]

    listening = [asyncio.create_task(listen()) for _ in range(3)]
    await asyncio.sleep(0.1)
    bell.ring()
    assert await asyncio.gather(*listening) == [[True, False]] * 3
    bell.close()


async def test_a_deep_folder_and_a_full_ear(tmp_path: Path) -> None:
    """A path longer than a socket address may be works, and a thousand unheard rings block nobody."""
    folder = tmp_path / ("deep" * 30) / ("deeper" * 20)
    ear, hand = Bell(folder), Bell(folder)
    await _quiet(ear)
    for _ in range(1_000):
        hand.ring()
    assert await ear.wait(2) is True
    ear.close()
    hand.close()
