"""The measurement itself: furnish, open, warm up, load, listen."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from posthouse import __version__
from posthouse.cli.bench.scratch import scratch
from posthouse.cli.demo.house import House, free_port
from posthouse.cli.demo.shop import examples
from posthouse.cli.frame import Desk
from posthouse.core.kernel.errors import PosthouseError
from posthouse.testing.load import NUMBER, Load, Wanted, percentile
from posthouse.testing.machine import Memory, family_memory, rsa_floor
from posthouse.testing.smtp_sink import SinkMessage, SinkServer

TEMPLATE: Final = "order-confirmation"
QUIET_RATE: Final = 20.0
"""Messages a second when the time of a single one is measured."""
_QUIET_MOST: Final = 100
_WARM: Final = 300
_LOOK_EVERY: Final = 0.05
_SLOWEST: Final = 20
"""Messages a second under which the measurement is given up."""


class Found(msgspec.Struct, kw_only=True):
    """What the machine can do; rates a second, times in milliseconds, memory in MiB."""

    posthouse: str
    store: str
    where: str
    cores: int
    messages: int
    clients: int
    message_bytes: int
    """Of one mail on the wire."""
    accepted_per_second: float
    answer_p50: float
    answer_p99: float
    sent_per_second: float
    """From the first request until the last mail is at the receiver."""
    quiet_p50: float
    """From a request to its mail at the receiver, at 20 requests a second."""
    quiet_p99: float
    rsa_per_second: float
    """RSA-2048 signatures and nothing else, on all cores."""
    share_of_limit: float
    memory: dict[str, Memory]


async def measure(desk: Desk, messages: int, clients: int, dispatchers: int | None) -> Found:
    """Runs everything in a place of its own.

    Raises:
        PosthouseError: it does not start, refuses messages, or is slower than anything worth measuring.
    """
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    patience = 60 + messages / _SLOWEST
    try:
        async with asyncio.timeout(patience):
            return await _measure(desk, messages, clients, ["--dispatchers", str(dispatchers)] if dispatchers else [])
    except TimeoutError:
        raise PosthouseError(f"not done within {patience:.0f} s; try fewer --messages") from None


async def _measure(desk: Desk, messages: int, clients: int, serving: list[str]) -> Found:
    out, arrivals = desk.out, _Arrivals()
    out.note("The limit: RSA-2048 signatures on every core …")
    floor = await asyncio.to_thread(rsa_floor, 1.5)
    async with scratch(desk) as (folder, database), SinkServer(keep=False, on_message=arrivals.take) as sink:
        out.note(f"An installation to measure in {folder}{', in a database of its own' if database else ''} …")
        house = House(folder / "data", free_port(), lambda _: None, serving)
        try:
            await house.furnish(sink.port, examples() / "templates" / TEMPLATE, database=database)
            await house.open()
            runner = _Runner(house, sink, arrivals, out.progress)
            await runner.send(_WARM, clients, first=0, label="warming up")
            loaded, seconds = await runner.send(messages, clients, first=_WARM, label="as fast as it goes")
            quiet = await _quiet(runner, arrivals, min(_QUIET_MOST, messages // 10), first=_WARM + messages)
            memory = family_memory(house.pid)
        finally:
            await house.close()
    sent = messages / seconds
    return Found(
        posthouse=__version__,
        store="PostgreSQL" if database else "SQLite",
        where=str(folder.parent),
        cores=os.cpu_count() or 1,
        messages=messages,
        clients=clients,
        message_bytes=arrivals.size,
        accepted_per_second=round(loaded.rate, 1),
        answer_p50=round(loaded.p50, 2),
        answer_p99=round(loaded.p99, 2),
        sent_per_second=round(sent, 1),
        quiet_p50=round(percentile(quiet, 0.5) * 1e3, 2),
        quiet_p99=round(percentile(quiet, 0.99) * 1e3, 2),
        rsa_per_second=round(floor.per_second, 1),
        share_of_limit=round(sent / floor.per_second, 3),
        memory=memory,
    )


async def _quiet(runner: "_Runner", arrivals: "_Arrivals", count: int, first: int) -> list[float]:
    """Seconds from a request to its mail at the receiver while there is little to do, in order of length."""
    loaded, _ = await runner.send(count, 16, first=first, label="one by one", rate=QUIET_RATE)
    return sorted(arrivals.at[first + number] - start for number, start in enumerate(loaded.starts))


class _Arrivals:
    """When which mail came."""

    def __init__(self) -> None:
        self.at: dict[int, float] = {}
        self.last = 0.0
        self.size = 0

    def take(self, message: SinkMessage) -> None:
        """Notes a mail by the number in its recipient's address."""
        self.last = time.monotonic()
        self.at.setdefault(int(message.recipients[0].split("@")[0]), self.last)
        self.size = len(message.content)


class _Runner:
    """Sends loads into a running house and waits until every mail has come."""

    def __init__(
        self, house: House, sink: SinkServer, arrivals: _Arrivals, progress: Callable[[str, int], Any]
    ) -> None:
        self._house = house
        self._arrivals = arrivals
        self._sink = sink
        self._progress = progress
        self._body = _body(examples() / "templates" / TEMPLATE)

    async def send(self, count: int, clients: int, *, first: int, label: str, rate: float = 0.0) -> tuple[Load, float]:
        """The load, and seconds from the first request until the last mail."""
        before = self._sink.count
        wanted = Wanted(
            port=int(self._house.url.rpartition(":")[2]),
            key=self._house.key,
            body=self._body,
            count=count,
            connections=clients,
            rate=rate,
            first=first,
            starts=rate > 0,
        )
        generator = await _start(wanted)
        try:
            loading = asyncio.ensure_future(generator.communicate())
            await self._follow(before, count, label, loading)
            out, err = await loading
        finally:
            with contextlib.suppress(ProcessLookupError):
                generator.kill()
        if generator.returncode:
            raise PosthouseError(err.decode("utf-8", "replace").strip())
        loaded = msgspec.json.decode(out, type=Load)
        if self._sink.count > before + count:
            raise PosthouseError(f"{self._sink.count - before} mails came instead of {count}: please report it")
        return loaded, self._arrivals.last - loaded.first_at

    async def _follow(
        self, before: int, count: int, label: str, loading: "asyncio.Future[tuple[bytes, bytes]]"
    ) -> None:
        """Moves the bar until every mail has come, or until the load ended with a refusal."""
        come = 0
        with self._progress(label, count) as advance:
            while come < count:
                await asyncio.sleep(_LOOK_EVERY if count - come > 500 else _LOOK_EVERY / 10)
                advance(self._sink.count - before - come)
                come = self._sink.count - before
                if loading.done():
                    _refused(loading.result())


def _refused(told: tuple[bytes, bytes]) -> None:
    """Ends the measurement when something was refused: the mails that are waited for will not all come."""
    if told[1]:
        raise PosthouseError(f"a request was refused: {told[1].decode('utf-8', 'replace').strip()}")


async def _start(wanted: Wanted) -> asyncio.subprocess.Process:
    line = [sys.executable, "-m", "posthouse.testing.load", msgspec.json.encode(wanted).decode()]
    return await asyncio.create_subprocess_exec(
        *line, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, start_new_session=True
    )


def _body(template: Path) -> str:
    """One request: the template's own sample, to an address that names the request."""
    variables = json.loads((template / "sample.json").read_text("utf-8"))
    body = {"template": TEMPLATE, "to": {"email": f"{NUMBER}@customers.example", "name": "Ann"}, "variables": variables}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
