"""Presses in processes of their own: compiling many templates uses every core and never holds up who waits for other things."""

import asyncio
import contextlib
import gc
import os
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from typing import Any, BinaryIO, Final

import msgspec

from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.templates.press import Job, Order, Press, Printed

_HEAD: Final = 4
"""Octets of a frame's length, big-endian."""
_ENCODER: Final = msgspec.json.Encoder()
_JOBS: Final = msgspec.json.Decoder(Job)
_PRINTS: Final = msgspec.json.Decoder(Printed)
_GARBAGE: Final = 50_000
"""Objects made between two looks of the garbage collector; each look takes longer than it is worth to a press."""
_BUFFER: Final = 1 << 21
"""Octets that wait to be read before a press has to: more than what it prints of most templates."""
_NICE: Final = 5
"""Presses give way to those who answer and send."""


class InlineRoom:
    """One press in a thread, for a handful of templates: starting a process would take longer.

    Args:
        make_press: makes the press, which is used by that thread alone.
    """

    def __init__(self, make_press: Callable[[], Press]) -> None:
        self._make_press = make_press
        self._press: Press | None = None
        self._lock = asyncio.Lock()

    async def print(self, jobs: Sequence[Order]) -> AsyncGenerator[tuple[int, Printed], None]:
        """See PressRoom."""
        for number, job in enumerate(jobs):
            async with self._lock:
                printed = await asyncio.to_thread(self._print, job)
            yield number, printed

    def _print(self, order: Order) -> Printed:
        if self._press is None:
            self._press = self._make_press()
        return self._press.print(_JOBS.decode(_ENCODER.encode(order)))


class ProcessRoom:
    """As many presses as there are cores, started when there is much to do and gone when it is done.

    Args:
        command: starts a process that runs :func:`press_forever`.
        inline: takes what is not worth a process.
        processes: how many; None for one a core.
        few: up to this many variants go to ``inline``.
    """

    def __init__(self, command: Sequence[str], inline: InlineRoom, processes: int | None = None, few: int = 24) -> None:
        self._command = tuple(command)
        self._inline = inline
        self._processes = processes or os.cpu_count() or 1
        self._few = few

    async def print(self, jobs: Sequence[Order]) -> AsyncGenerator[tuple[int, Printed], None]:
        """See PressRoom."""
        if sum(job.variants for job in jobs) <= self._few:
            async for one in self._inline.print(jobs):
                yield one
            return
        waiting = list(enumerate(jobs))[::-1]
        done: asyncio.Queue[tuple[int, Printed] | BaseException] = asyncio.Queue(maxsize=2 * self._processes)
        presses = [asyncio.create_task(self._run(waiting, done)) for _ in range(min(self._processes, len(jobs)))]
        try:
            for _ in jobs:
                came = await done.get()
                if isinstance(came, BaseException):
                    raise UnavailableError("a press broke down; nothing was changed, try again") from came
                yield came
        finally:
            for press in presses:
                press.cancel()
            await asyncio.gather(*presses, return_exceptions=True)

    async def _run(
        self, waiting: list[tuple[int, Order]], done: "asyncio.Queue[tuple[int, Printed] | BaseException]"
    ) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_BUFFER
            )
            assert process.stdin is not None  # noqa: S101 - told to the type checker
            assert process.stdout is not None  # noqa: S101 - as above
            try:
                while waiting:
                    number, job = waiting.pop()
                    _put(process.stdin, job)
                    await process.stdin.drain()
                    await done.put((number, _PRINTS.decode(await _frame(process.stdout))))
            finally:
                await _to_the_end(_end(process))
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            await done.put(error)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    with contextlib.suppress(OSError):
        await process.communicate()  # what is left in its pipes would keep them open


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Does it whatever happens: a cancellation in the midst would leave a process behind. It takes a moment only."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    task.result()


def press_forever(press: Press, jobs: BinaryIO, prints: BinaryIO) -> None:
    """The life of a process of the room: prints what comes in until nothing more can come."""
    os.nice(_NICE)
    gc.freeze()
    gc.set_threshold(_GARBAGE)  # what a template leaves behind is gone with its last reference: there are few cycles
    while head := jobs.read(_HEAD):
        body = jobs.read(int.from_bytes(head, "big"))
        printed = _ENCODER.encode(press.print(_JOBS.decode(body)))
        prints.write(len(printed).to_bytes(_HEAD, "big") + printed)
        prints.flush()


def press_command() -> tuple[str, ...]:
    """How to start such a process with the press of this house."""
    return sys.executable, "-c", "from posthouse.rendering.press import run_press; run_press()"


def _put(pipe: asyncio.StreamWriter, job: Order) -> None:
    body = _ENCODER.encode(job)
    pipe.write(len(body).to_bytes(_HEAD, "big") + body)


async def _frame(pipe: asyncio.StreamReader) -> bytes:
    head = await pipe.readexactly(_HEAD)  # IncompleteReadError is an EOFError
    return await pipe.readexactly(int.from_bytes(head, "big"))
