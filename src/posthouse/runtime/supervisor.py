"""The supervisor: starts the processes of the house, starts again what dies, and ends them in order.

It does no work itself, holds no store, and so has little to die of.
"""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from posthouse.config import Settings
from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.kernel.waiting import either
from posthouse.runtime.logs import configure
from posthouse.runtime.metrics import clean_folder
from posthouse.runtime.spec import ROLES, ChildSpec

FIRST_WAIT: Final = 0.1
LONGEST_WAIT: Final = 10.0
HEALTHY_AFTER: Final = 10.0
GRACE_BEYOND: Final = 10.0
"""Seconds after a child's own grace at which it is killed."""

_log = structlog.get_logger("posthouse.supervisor")


class PortTakenError(PosthouseError):
    """The port cannot be listened on."""

    slug = "port-taken"


def run(settings: Settings, *, roles: Sequence[str] = ROLES) -> int:
    """Runs the house until SIGTERM or SIGINT; the exit code.

    Raises:
        PortTakenError: somebody else listens there, or the address is not ours.
    """
    configure(settings.log, role="supervisor")
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    clean_folder(settings.metrics_dir)
    listener = _listen(settings) if "api" in roles else None
    return asyncio.run(_Supervisor(settings, roles, listener).run())


def _listen(settings: Settings) -> socket.socket:
    http = settings.http
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((http.host, http.port))
    except OSError as error:
        raise PortTakenError(
            f"cannot listen on {http.host} port {http.port} ({error.strerror}): choose another with --port or [http] port"
        ) from None
    listener.listen(http.backlog)
    return listener


class _Supervisor:
    def __init__(self, settings: Settings, roles: Sequence[str], listener: socket.socket | None) -> None:
        self._settings = settings
        self._listener = listener
        self._stopping = asyncio.Event()
        self._specs = self._plan(roles)

    def _plan(self, roles: Sequence[str]) -> list[ChildSpec]:
        numbers = {
            "api": self._settings.http.processes,
            "dispatch": self._settings.dispatch.processes or os.cpu_count() or 1,
            "scheduler": 1,
            "returned": int(self._settings.returned.on),
        }
        wanted = [(role, index) for role in roles for index in range(numbers[role])]
        listen = self._listener.fileno() if self._listener else None
        return [
            ChildSpec(role, index, shard, self._settings, listen if role == "api" else None)
            for shard, (role, index) in enumerate(wanted)
        ]

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, number.name)
        if self._listener:
            address = self._listener.getsockname()
            _log.info("listening", host=address[0], port=address[1])
        await asyncio.gather(*(self._keep(spec) for spec in self._specs))
        _log.info("stopped")
        return 0

    def _stop(self, told: str) -> None:
        """The end begins; a second signal changes nothing."""
        if not self._stopping.is_set():
            _log.info("stopping", signal=told, seconds=self._settings.dispatch.stop_seconds)
            self._stopping.set()

    async def _keep(self, spec: ChildSpec) -> None:
        """Keeps one process running until the end."""
        wait = FIRST_WAIT
        while not self._stopping.is_set():
            started = time.monotonic()
            process = await self._start(spec)
            code = await self._watch(process)
            if self._stopping.is_set():
                return
            _log.error("process_ended", process=f"{spec.role}-{spec.index}", pid=process.pid, code=code)
            wait = FIRST_WAIT if time.monotonic() - started > HEALTHY_AFTER else min(LONGEST_WAIT, wait * 2)
            await either(self._stopping, wait)

    async def _start(self, spec: ChildSpec) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "posthouse.runtime.child",
            f"{spec.role}-{spec.index}",  # read by nobody: it names the process in ps
            stdin=asyncio.subprocess.PIPE,
            pass_fds=[spec.listen] if spec.listen is not None else [],
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then ends its children in order
        )
        assert process.stdin is not None  # noqa: S101 - it was asked for
        process.stdin.write(msgspec.json.encode(spec))
        process.stdin.close()
        _log.info("process_started", process=f"{spec.role}-{spec.index}", pid=process.pid)
        return process

    async def _watch(self, process: asyncio.subprocess.Process) -> int:
        """Waits for the end of a process, asks for it when it is time, and insists when it takes too long."""
        ended = asyncio.ensure_future(process.wait())
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            process.terminate()
            await asyncio.wait([ended], timeout=self._settings.dispatch.stop_seconds * 2 + GRACE_BEYOND)
            if not ended.done():
                _log.error("process_killed", pid=process.pid)
                process.kill()
        return await ended
