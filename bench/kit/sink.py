"""Postfix's smtp-sink: takes mail as fast as anything can, and counts it."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

_COUNTS = re.compile(rb"mesg=\s*(\d+)")


def free_port() -> int:
    """A port of loopback that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for_port(port: int, seconds: float = 20) -> None:
    """Until somebody listens."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise SystemExit(f"nobody listens on port {port}")


def need(program: str, package: str) -> str:
    """Where a program is."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise SystemExit(f"the benchmark needs {program}: apt install {package}")
    return found


class Sink:
    """A running smtp-sink."""

    def __init__(self, port: int, process: subprocess.Popen, counts: Path) -> None:
        self.port = port
        self.process = process
        self._counts = counts

    def messages(self) -> int:
        """How many it took so far."""
        with self._counts.open("rb") as file:
            file.seek(max(0, self._counts.stat().st_size - 200))
            found = _COUNTS.findall(file.read())
        return int(found[-1]) if found else 0

    def connections(self) -> int:
        """How many are open now."""
        return sum(one.status == psutil.CONN_ESTABLISHED for one in psutil.Process(self.process.pid).net_connections())


@contextlib.contextmanager
def smtp_sink(dump: Path | None = None) -> Iterator[Sink]:
    """A sink on a free port; with ``dump`` it writes every message there (slow: for a look at one)."""
    port = free_port()
    command = [need("smtp-sink", "postfix"), "-c"]
    if os.geteuid() == 0:
        command += ["-u", "nobody"]
    if dump is not None:
        command += ["-D", str(dump / "%M.")]
    with tempfile.NamedTemporaryFile(prefix="posthouse-sink-") as counts:
        process = subprocess.Popen([*command, f"127.0.0.1:{port}", "1024"], stdout=counts, stderr=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            yield Sink(port, process, Path(counts.name))
        finally:
            process.terminate()
            process.wait()
