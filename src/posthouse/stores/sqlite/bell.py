"""Wakes whoever waits in any process of this machine: one datagram socket for each, in a folder.

A ring is a look into the folder and one datagram for each name: some ten microseconds, no polling anywhere.
The socket of a dead process refuses, and is swept away by whoever rings.
"""

import asyncio
import contextlib
import os
import secrets
import socket
import weakref
from pathlib import Path
from typing import Any

DISPATCH = ".wake"
"""For dispatchers."""
EVENTS = ".told"
"""For those who follow the stream of events."""


class Bell:
    """One for each open store and purpose. ``ring`` may be called from any thread, ``wait`` from any task.

    Args:
        folder: where the sockets of all processes are.
        purpose: how the names of those end that this bell is for.
    """

    def __init__(self, folder: Path, purpose: str = DISPATCH) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._sender = _datagram_socket()
        self._own: socket.socket | None = None
        self._purpose = purpose
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}{purpose}"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rings = 0
        self._heard: weakref.WeakKeyDictionary[asyncio.Task[Any], int] = weakref.WeakKeyDictionary()
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Wakes everybody."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # that loop was closed: nobody waits on it
                self._loop.call_soon_threadsafe(self._rang)
        for name in os.listdir(self._folder):  # noqa: PTH208 - by descriptor, names only
            if name.endswith(self._purpose) and name != self._name:
                self._send(name)

    async def wait(self, seconds: float) -> bool:
        """Whether it rang since this task last asked, waiting for it if need be.

        The first time answers True at once: nobody knows what happened before the ear was there.
        """
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        first = task not in self._heard
        self._listen()
        if not first and self._heard[task] == self._rings:
            await self._next_ring(seconds)
        rang = first or self._heard[task] != self._rings
        self._heard[task] = self._rings
        return rang

    def close(self) -> None:
        """Takes the socket away and lets everybody who waits go."""
        if self._own is not None and self._loop is not None:
            if not self._loop.is_closed():
                self._loop.remove_reader(self._own)
            self._own.close()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._name, dir_fd=self._folder)
            self._own = None
        self._rang()
        self._sender.close()
        os.close(self._folder)

    async def _next_ring(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(future)

    def _listen(self) -> None:
        """Puts the socket up, the first time that anybody waits."""
        if self._own is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._own = _datagram_socket()
        self._own.bind(self._path(self._name))
        self._loop.add_reader(self._own, self._read)

    def _read(self) -> None:
        if self._own is not None:
            with contextlib.suppress(BlockingIOError):
                while True:
                    self._own.recv(16)
        self._rang()

    def _rang(self) -> None:
        self._rings += 1
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    def _send(self, name: str) -> None:
        try:
            self._sender.sendto(b"!", self._path(name))
        except (ConnectionRefusedError, FileNotFoundError):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self._folder)
        except BlockingIOError:
            pass  # its ear is full of rings already

    def _path(self, name: str) -> str:
        """Through /proc, because a socket's path has at most 107 characters and a data folder's may have more."""
        return f"/proc/self/fd/{self._folder}/{name}"


def _datagram_socket() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made
