"""Posthouse as a user starts it: init, a domain, a provider, templates, ``posthouse serve``; and what its processes cost."""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncpg
import msgspec
import psutil

from bench.kit import orders
from bench.kit.sink import free_port
from posthouse.bootstrap import open_house
from posthouse.config import load
from posthouse.core.messages.model import Status
from posthouse.testing.postgres import create_database, own_server

POSTHOUSE = (sys.executable, "-m", "posthouse")
STORES = ("sqlite", "postgres")
DOMAIN = "shop.example"
_SENT = f"SELECT count(*) FROM states WHERE status = {int(Status.SENT)}"


class House:
    """One installation on one store."""

    def __init__(self, data: Path, database: str) -> None:
        self.data = data
        self.database = database
        self.key = ""
        self.port = 0
        self.process: subprocess.Popen | None = None

    # -- setting up

    def command(self, *words: str) -> dict:
        """Runs a command of the command line, as an operator would."""
        store = ["--database", self.database] if self.database else []
        command = [*POSTHOUSE, *words, "--data", str(self.data), *store, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def set_up(self, sink_port: int, *, both_keys: bool = False, settings: Sequence[str] = ()) -> None:
        """Workspace, domain (RSA alone unless ``both_keys``), relay and template."""
        self.key = self.command("init")["live_key"]
        self.command("domains", "add", DOMAIN, "--verified")
        relay = ["--name", "relay", "--host", "127.0.0.1", "--port", str(sink_port), "--tls", "none"]
        more = [word for setting in settings for word in ("--set", setting)]
        self.command("providers", "add", "smtp", *relay, *more)
        self.command("templates", "push", str(orders.TEMPLATE), "--publish")
        if not both_keys:
            asyncio.run(self._leave_rsa_alone())

    async def _leave_rsa_alone(self) -> None:
        """Takes the Ed25519 key away: the peers sign once."""
        async with open_house(load(data=self.data).settings, role="cli") as house:
            for workspace in await house.workspaces.list():
                for domain in await house.domains.list(workspace.id):
                    rsa = tuple(key for key in domain.keys if key.algorithm == "rsa-sha256")
                    await house.store.update_domain(domain, msgspec.structs.replace(domain, keys=rsa))

    # -- running

    @contextlib.contextmanager
    def serve(self, *words: str, **environment: str) -> Iterator["House"]:
        """``posthouse serve``, until the block ends."""
        self.port = free_port()
        with (self.data / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*POSTHOUSE, "serve", "--data", str(self.data), "--port", str(self.port), *words],
                stdout=log, stderr=log, env={**os.environ, **environment},
            )  # fmt: skip
        try:
            self._wait_until_ready(api="api" in words or "--role" not in words)
            yield self
        finally:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)

    def _wait_until_ready(self, *, api: bool) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if api:
                    urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2).close()
                if len(self.processes()) > 1:
                    return
            time.sleep(0.05)
        raise SystemExit(f"Posthouse did not become ready:\n{(self.data / 'serve.log').read_text()[-3000:]}")

    def processes(self) -> dict[str, psutil.Process]:
        """The processes of the house by name: ``supervisor``, ``api-0``, ``dispatch-0``, …"""
        assert self.process is not None
        supervisor = psutil.Process(self.process.pid)
        return {"supervisor": supervisor} | {child.cmdline()[-1]: child for child in supervisor.children()}

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU used so far, by process, the database's included."""
        used = {name: _cpu(process) for name, process in self.processes().items()}
        if self.database:
            used["postgres"] = sum(_cpu(process) for process in _postgres(self.database))
        return used

    def sent(self) -> int:
        """Messages in the state ``sent``."""
        if self.database:
            return asyncio.run(self._fetch(_SENT))
        with contextlib.closing(sqlite3.connect(self.data / "posthouse.db")) as raw:
            return raw.execute(_SENT).fetchone()[0]

    async def _fetch(self, statement: str) -> int:
        connection = await asyncpg.connect(self.database)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    def wait_sent(self, count: int, seconds: float = 300) -> float:
        """Waits until so many are sent; the time.monotonic() at which they were."""
        until = time.monotonic() + seconds
        while (sent := self.sent()) < count:
            if time.monotonic() > until:
                raise SystemExit(f"only {sent} of {count} were sent in {seconds:.0f} s; see {self.data}/serve.log")
            time.sleep(0.3 if count - sent > 2_000 else 0.03)
        return time.monotonic()


@contextlib.contextmanager
def house(store: str) -> Iterator[House]:
    """An empty installation on ``sqlite`` or ``postgres`` (a server of its own), removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="posthouse-bench-", ignore_cleanup_errors=True) as folder:
        if store == "sqlite":
            yield House(Path(folder) / "data", "")
            return
        with own_server() as server:
            yield House(Path(folder) / "data", asyncio.run(create_database(server, "bench")))


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


def _postgres(url: str) -> list[psutil.Process]:
    """The server's processes, found by the folder of its socket."""
    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        words = process.info["cmdline"] or []
        if process.info["name"] == "postgres" and "-D" in words and words[words.index("-D") + 1] in _decoded(url):
            found = [process, *process.children()]
    return found


def _decoded(url: str) -> str:
    from urllib.parse import unquote

    return unquote(url)
