"""Posthouse as the demo drives it: from outside, with the commands that everybody types."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import httpx

from posthouse.core.kernel.errors import PosthouseError

WORKSPACE: Final = "shop"
DOMAIN: Final = "shop.example"

_READY_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.05
_LOOKS: Final = 100
_ENDS: Final = {"message.sent", "message.delivered", "message.bounced", "message.failed"}


class House:
    """A Posthouse of its own in a data folder.

    Args:
        data: the folder; empty or not there yet.
        port: where it will listen on loopback.
        tell: told of each command.
        serving: further words for ``posthouse serve``.
    """

    def __init__(self, data: Path, port: int, tell: Callable[[str], None], serving: Sequence[str] = ()) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{port}"
        self.key = ""
        self.records: list[dict[str, Any]] = []
        """DNS records of the sending domain, DKIM keys among them."""
        self._port = port
        self._tell = tell
        self._serving = serving
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Of the supervisor, while it serves."""
        assert self._process is not None  # noqa: S101 - it was opened
        return self._process.pid

    async def furnish(self, smtp_port: int, templates: Path, *, database: str = "") -> None:
        """Workspace and keys, sending domain, the way out, templates."""
        store = ["--database", database] if database else []
        made = await self._posthouse("init", "--workspace", WORKSPACE, *store, "--json")
        self.key = made["live_key"]
        added = await self._posthouse("domains", "add", DOMAIN, "--verified", "--json")
        self.records = added["records"]
        relay = ["--name", "mailbox", "--host", "127.0.0.1", "--port", str(smtp_port), "--tls", "none"]
        await self._posthouse("providers", "add", "smtp", *relay, "--json")
        await self._posthouse("templates", "push", str(templates), "--publish", "--json")

    async def open(self) -> None:
        """Starts serving and waits until it is ready. PosthouseError with the end of its log when it does not get there."""
        log = self.data / "serve.log"
        line = ["serve", "--data", str(self.data), "--port", str(self._port), *self._serving]
        self._tell(f"$ posthouse {' '.join(line)}")
        with log.open("wb") as file:
            self._process = await asyncio.create_subprocess_exec(
                *_command(line), stdout=file, stderr=file, env=_environment(), start_new_session=True
            )
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _READY_SECONDS
        async with httpx.AsyncClient(base_url=self.url, timeout=2) as client:
            while loop.time() < deadline and self._process.returncode is None:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get("/readyz")).status_code == 200:
                        return
                await asyncio.sleep(_POLL_SECONDS)
        tail = log.read_text("utf-8", "replace")[-2000:]
        raise PosthouseError(f"posthouse serve did not become ready; its log {log} ends with:\n{tail}")

    async def timeline(self, message_id: str) -> list[dict[str, Any]]:
        """What happened to a message, as the API tells it; waits a little for the end, which follows the mail closely."""
        events: list[dict[str, Any]] = []
        async with httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}) as client:
            for _ in range(_LOOKS):
                answer = await client.get(f"/v1/messages/{message_id}/timeline")
                events = answer.raise_for_status().json()["events"]
                if any(event["type"] in _ENDS for event in events):
                    break
                await asyncio.sleep(_POLL_SECONDS)
        return events

    async def ended(self) -> None:
        """Comes back when it has stopped by itself."""
        if self._process is not None:
            await self._process.wait()

    async def close(self) -> int | None:
        """Stops it as a service manager would; its exit code, None when it never ran."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            self._tell(f"it did not stop within {_STOP_SECONDS:g} s and was killed")
            os.killpg(process.pid, signal.SIGKILL)
            return await process.wait()

    async def _posthouse(self, *words: str) -> Any:
        line = [*words, "--data", str(self.data)]
        self._tell(f"$ posthouse {' '.join(word for word in line if word != '--json')}")
        process = await asyncio.create_subprocess_exec(
            *_command(line), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=_environment()
        )
        out, err = await process.communicate()
        if process.returncode != 0:
            raise PosthouseError(f"posthouse {' '.join(words[:3])} failed: {_why(out, err)}")
        try:
            return json.loads(out)
        except ValueError:
            said = out.decode("utf-8", "replace")
            raise PosthouseError(f"posthouse {' '.join(words[:3])} printed something else than JSON: {said}") from None


def free_port(port: int = 0) -> int:
    """That port when it is free on loopback, otherwise any free one."""
    for candidate in (port, 0):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", candidate)) as listener:
            return int(listener.getsockname()[1])
    raise PosthouseError("no port is free on 127.0.0.1")


def _why(out: bytes, err: bytes) -> str:
    """What a command that failed had to say: the detail of its document, or all that it printed."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(json.loads(out)["detail"])
    return (err + b"\n" + out).decode("utf-8", "replace").strip()


def _command(line: list[str]) -> list[str]:
    return [sys.executable, "-m", "posthouse", *line]


def _environment() -> dict[str, str]:
    """The demo is itself, whatever settings the caller's environment holds for another installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("POSTHOUSE_")}
