"""A Posthouse of its own, as an operator runs it, whose processes can be found one by one to do them harm."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from posthouse.testing.fault_load import hang_up

READY_SECONDS: Final = 40.0
DOMAIN: Final = "shop.example"
_RUN: Final = """
import json, sys
from posthouse.cli.app import build
app = build()
for words in json.load(sys.stdin):
    if code := app(words, standalone_mode=False):
        sys.exit(code)
"""


class FaultHouse:
    """Set up with the commands that everybody types, and served by real processes.

    Args:
        data: data folder.
        database: URL of PostgreSQL, empty for SQLite.
        settings: ``POSTHOUSE_*`` variables without the prefix, such as ``DISPATCH_LEASE_SECONDS``.
    """

    def __init__(self, data: Path, database: str = "", settings: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.database = database
        self.port = free_port()
        self.key = ""
        self.workspace = ""
        self.supervisors: list[subprocess.Popen[bytes]] = []
        self._last: tuple[str, ...] = ()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("POSTHOUSE_")}
        self._environment = kept | {f"POSTHOUSE_{name}": value for name, value in (settings or {}).items()}

    def command(self, *words: str) -> Any:
        """Runs one command and reads what it prints. RuntimeError with its words when it fails."""
        (told,) = self.commands([words])
        return told

    def commands(self, lines: Sequence[Sequence[str]]) -> list[Any]:
        """Runs commands one after the other in one process, which starts once, and reads what each prints.

        Raises:
            RuntimeError: with its words when one fails.
        """
        asked = json.dumps([[*words, "--data", str(self.data), "--json"] for words in lines]).encode()
        line = [sys.executable, "-c", _RUN]
        done = subprocess.run(line, input=asked, capture_output=True, env=self._environment, timeout=60, check=False)  # noqa: S603
        if done.returncode:
            raise RuntimeError(f"posthouse {lines}: {(done.stderr + done.stdout).decode()}")
        return list(_documents(done.stdout.decode()))

    def furnish(self, smtp_port: int, *, connections: int = 10, relay_settings: Sequence[str] = ()) -> None:
        """Workspace, key, sending domain and the way out (``relay_settings``: ``name=value``)."""
        relay = ["--host", "127.0.0.1", "--port", str(smtp_port), "--tls", "none"]
        more = [word for one in (f"max_connections={connections}", *relay_settings) for word in ("--set", one)]
        database = ["--database", self.database] if self.database else []
        made, *_ = self.commands(
            [
                ["init", *database],
                ["domains", "add", DOMAIN, "--verified"],
                ["providers", "add", "smtp", "--name", "relay", *relay, *more],
            ]
        )
        self.key, self.workspace = made["live_key"], made["workspace_id"]

    def start(self, *words: str, environment: Mapping[str, str] | None = None) -> None:
        """Starts ``posthouse serve`` (or what ``words`` begin with), its log beside the data."""
        what = words if words and words[0] in {"serve", "worker"} else ("serve", *words)
        port = ["--port", str(self.port)] if what[0] == "serve" else []
        line = [sys.executable, "-m", "posthouse", *what, *port, "--data", str(self.data)]
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command
                line, stdout=log, stderr=log, env={**self._environment, **(environment or {})}, start_new_session=True
            )
        self.supervisors.append(process)
        self._last = words

    @property
    def log(self) -> Path:
        """What the processes said."""
        return self.data.with_name(f"{self.data.name}.log")

    async def ready(self, seconds: float = READY_SECONDS) -> None:
        """Waits until ``/readyz`` answers 200; starts serve again where it could not begin (its port was not free yet)."""
        deadline = time.monotonic() + seconds
        while await self.status() != 200:
            if self.supervisors and self.supervisors[-1].poll() is not None:
                self.start(*self._last)
            if time.monotonic() > deadline:
                raise TimeoutError(f"not ready within {seconds} s; {self.log} ends with:\n{self.tail()}")
            await asyncio.sleep(0.1)

    async def status(self, path: str = "/readyz") -> int:
        """The HTTP status of a page, 0 when nobody answers."""
        with contextlib.suppress(OSError, TimeoutError, EOFError):
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                try:
                    line = await reader.readline()
                finally:
                    await hang_up(writer)
                return int(line.split()[1]) if line else 0
        return 0

    def tail(self) -> str:
        """The end of the log."""
        return self.log.read_text("utf-8", "replace")[-3000:]

    def children(self) -> dict[str, int]:
        """The processes that do the work, by name (``api-0``, ``dispatch-1``…)."""
        mine = {process.pid for process in self.supervisors if process.poll() is None}
        return {name: pid for name, pid, parent in _processes() if parent in mine}

    def kill_everything(self) -> None:
        """Ends supervisors and children at once, as the end of the machine would."""
        for pid in [*self.children().values(), *(process.pid for process in self.supervisors)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self.supervisors:
            process.wait()
        self.supervisors.clear()

    async def stop(self, seconds: float = 60.0) -> float:
        """SIGTERM, as a service manager sends it; how long it took. TimeoutError when it takes too long."""
        began = time.monotonic()
        for process in self.supervisors:
            process.send_signal(signal.SIGTERM)
        while any(process.poll() is None for process in self.supervisors):
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"serve did not stop within {seconds} s:\n{self.tail()}")
            await asyncio.sleep(0.02)
        self.supervisors.clear()
        return time.monotonic() - began


def free_port() -> int:
    """A TCP port of loopback that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _documents(printed: str) -> Iterator[Any]:
    """The JSON documents that stand one after the other."""
    decoder = json.JSONDecoder()
    while printed := printed.lstrip():
        document, end = decoder.raw_decode(printed)
        yield document
        printed = printed[end:]


def _processes() -> Iterator[tuple[str, int, int]]:
    """Name, process id and parent of every child process of any Posthouse on this machine."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if b"posthouse.runtime.child" in words:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                yield words[words.index(b"posthouse.runtime.child") + 1].decode(), int(folder.name), parent
