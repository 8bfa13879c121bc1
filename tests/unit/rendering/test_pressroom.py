"""Presses in processes of their own give what a press here gives, and end when they should."""

import asyncio
import itertools
import sys
from collections.abc import Sequence
from contextlib import aclosing

import msgspec
import psutil
import pytest
from tests.unit.library.kit import WORKSPACE, shared, template

from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.templates.library.model import Held, ItemKind, Library, Use
from posthouse.core.templates.model import Release
from posthouse.core.templates.press import Job, Order, Printed
from posthouse.rendering.press import make_press
from posthouse.rendering.pressroom import InlineRoom, ProcessRoom, press_command

FOOTER = {"blocks": [{"type": "text", "id": "words", "text": {"en": "The footer", "fr": "Le pied"}}]}
LIBRARY = Library(((Use(ItemKind.BLOCK, "footer"), Held("footer", 4, FOOTER)),), ("footer",), ())
BROKEN = (sys.executable, "-c", "import sys; sys.stdin.buffer.read(4)")


def jobs(count: int, *, show: bool = False) -> list[Job]:
    return [
        Job(
            template(f"t-{number}", shared(), words=f"Words {number}"),
            WORKSPACE,
            b"t" * 16,
            number + 1,
            LIBRARY,
            show=show,
        )
        for number in range(count)
    ]


def room(command: Sequence[str] = press_command(), few: int = 0) -> ProcessRoom:
    return ProcessRoom(command, InlineRoom(make_press), processes=2, few=few)


def ordered(job: Job) -> Order:
    """The job as the publisher hands it over: its source as the store keeps it."""
    raw = msgspec.Raw(msgspec.json.encode(job.source))
    rest = {name: getattr(job, name) for name in Job.__struct_fields__ if name != "source"}
    return Order(source=raw, variants=len(job.source.variants), **rest)


def told(printed: Printed) -> object:
    """What does not differ between two presses: all but identifiers and instants."""
    releases = [msgspec.structs.replace(one, id=b"", created_at=0) for one in printed.releases]
    return releases, printed.problems, printed.findings, printed.rendered


async def everything(where: ProcessRoom | InlineRoom, wanted: Sequence[Job]) -> list[Printed]:
    async with aclosing(where.print([ordered(one) for one in wanted])) as coming:
        found = {number: printed async for number, printed in coming}
    return [found[number] for number in range(len(wanted))]


def children() -> int:
    return len(psutil.Process().children(recursive=True))


async def test_processes_print_what_a_thread_prints() -> None:
    """Releases, findings and renderings are the same, each under its job's number; no process is left."""
    wanted = jobs(5, show=True)
    inline = await everything(InlineRoom(make_press), wanted)
    apart = await everything(room(), wanted)
    assert [told(one) for one in apart] == [told(one) for one in inline]
    assert [one.releases[0].version for one in apart] == [1, 2, 3, 4, 5]
    assert "The footer" in (apart[0].rendered[0].html or "")
    assert children() == 0


async def test_releases_come_ready_to_be_kept() -> None:
    """What nobody wants to look at is written by the press: under the identifiers and the instant of the order."""
    (job,) = jobs(1)
    given = msgspec.structs.replace(job, ids=(b"i" * 16, b"j" * 16), at=5_000_000)
    (printed,) = await everything(room(), [given])
    assert (printed.releases, printed.rendered, printed.problems) == ((), (), ())
    assert [one.id for one in printed.made] == list(given.ids)
    kept = msgspec.json.decode(printed.made[0].document, type=Release)
    assert (kept.id, kept.created_at, kept.version) == (b"i" * 16, 5_000_000, 1)
    assert (kept.channel, kept.locale) == (printed.made[0].channel, printed.made[0].locale)
    assert "The footer" in kept.programs["html"]


async def test_problems_come_back_too() -> None:
    """A template that cannot be compiled is no trouble for its press."""
    broken = Job(template("broken", shared("other")), WORKSPACE, b"t" * 16, 1, LIBRARY)
    printed = await everything(room(), [broken, *jobs(2)])
    assert [bool(one.problems) for one in printed] == [True, False, False]


async def test_few_variants_need_no_process() -> None:
    """Up to the given number they are printed here: a command that cannot start is never needed."""
    assert len(await everything(room(BROKEN, few=4), jobs(2))) == 2


async def test_a_press_that_breaks_down() -> None:
    """Whoever waits is told to try again, instead of waiting for ever."""
    with pytest.raises(UnavailableError, match="broke down"):
        await asyncio.wait_for(everything(room(BROKEN), jobs(3)), 30)
    with pytest.raises(UnavailableError, match="broke down"):
        await asyncio.wait_for(everything(room(("/nowhere/at/all",)), jobs(3)), 30)
    assert children() == 0


async def test_nobody_waits_any_more() -> None:
    """Leaving off early ends the processes."""
    async with aclosing(room().print([ordered(one) for one in jobs(30)])) as coming:
        async for _ in coming:
            assert children() > 0
            break
    assert children() == 0


async def test_the_loop_goes_on() -> None:
    """While presses work, the event loop comes round: nothing is compiled in it."""
    turns = itertools.count()

    async def turn() -> None:
        while True:
            next(turns)
            await asyncio.sleep(0.01)

    turning = asyncio.create_task(turn())
    await everything(room(), jobs(8))
    turning.cancel()
    assert next(turns) > 20
