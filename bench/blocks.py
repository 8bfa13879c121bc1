"""Seconds to change a footer in 500 templates of four languages, against compiling them one by one.

    python bench/blocks.py [--templates 500] [--one-by-one 40]

The templates are the order confirmation of examples/templates-as-documents (English, French, Spanish, Russian) under other keys,
each with words of its own and the footer below it. The peer is what there is without the library: each template pushed and published by itself,
measured on some of them. While the footer is published, the event loop's longest pause is measured, and how long accepting takes its turn
(the longest wait for a small write).
"""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from posthouse.core.kernel.clock import SystemClock
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.core.templates.folder import read_tree
from posthouse.core.templates.library.model import ItemKind
from posthouse.core.templates.library.publication import State
from posthouse.core.templates.library.publisher import LibraryPublisher
from posthouse.core.templates.library.service import LibraryService
from posthouse.core.templates.library.uses import uses_of
from posthouse.core.templates.model import Template, TemplateSource
from posthouse.core.templates.press import Job
from posthouse.core.templates.service import TemplateService, source_hash
from posthouse.rendering.checker import SchemaChecker
from posthouse.rendering.press import make_press
from posthouse.rendering.pressroom import InlineRoom, ProcessRoom, press_command
from posthouse.rendering.renderer import MinijinjaRenderer
from posthouse.stores.sqlite.store import SqliteStore

EXAMPLES = Path(__file__).parents[1] / "examples" / "templates-as-documents"
WORKSPACE = b"w" * 16
SHARED = {"type": "shared", "id": "end", "key": "footer"}


def source_under(key: str, words: str = "") -> TemplateSource:
    """The order confirmation with a footer."""
    files = {path.relative_to(EXAMPLES).as_posix(): path.read_bytes() for path in EXAMPLES.rglob("*") if path.is_file()}
    source = next(one for one in read_tree(files) if one.key == "order-confirmation")
    document = msgspec.json.decode(msgspec.json.encode(source.variants[0].document))
    document["blocks"].append(SHARED)
    document["blocks"][0]["id"] = key  # no two templates are built alike: what one is compiled to is no use to the next
    for block in document["blocks"]:
        if block["type"] in {"heading", "text"}:
            block["text"] = {locale: f"{said} {key}{words}" for locale, said in block["text"].items()}
    variants = tuple(msgspec.structs.replace(variant, document=document) for variant in source.variants)
    return msgspec.structs.replace(source, key=key, name=key, variants=variants)


def footer(words: str) -> dict[str, Any]:
    """A footer in one language for all."""
    return {"name": "Footer", "blocks": [{"type": "text", "id": "words", "size": "small", "text": {"en": words}}]}


async def watch(pauses: list[float]) -> None:
    """Notes how much later than wanted the loop comes round."""
    while True:
        start = time.perf_counter()
        await asyncio.sleep(0.005)
        pauses.append(time.perf_counter() - start - 0.005)


async def write(store: SqliteStore, waits: list[float]) -> None:
    """Notes how long a small durable write takes beside it."""
    while True:
        start = time.perf_counter()
        await store.set_epoch(1)
        waits.append(time.perf_counter() - start)
        await asyncio.sleep(0.02)


async def fill(store: SqliteStore, library: LibraryService, count: int) -> None:
    """Templates that follow the footer, without compiling each: their first releases are not what is measured."""
    source, ids, press = source_under("template"), Uuid7Source(SystemClock().now), make_press()
    shelf = library._shelf  # noqa: SLF001 - the benchmark stands in for the service's push
    held = await shelf.library(WORKSPACE, uses_of(source))
    printed = press.print(Job(source, WORKSPACE, b"t" * 16, 1, held, show=True))
    assert not printed.problems, printed.problems
    for number in range(count):
        own = source_under(f"template-{number:04}")
        template = Template(
            id=ids(), workspace_id=WORKSPACE, key=own.key, name=own.name, description="", kind="", category=own.category,
            version=1, latest=1, created_at=1, updated_at=1, draft=own, source_hash=source_hash(own), published_hash=source_hash(own),
            compiled=held.compiled(uses_of(own)),
        )  # fmt: skip
        releases = [
            msgspec.structs.replace(one, id=ids(), template_id=template.id, template_key=own.key)
            for one in printed.releases
        ]
        await store.publish(template, releases, own)


async def main(templates: int, one_by_one: int) -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as folder:
        clock = SystemClock()
        store = SqliteStore(Path(folder), clock=clock)
        await store.open()
        press, ids = make_press(), Uuid7Source(clock.now)
        library = LibraryService(store, press, ids, clock)
        room = ProcessRoom(press_command(), InlineRoom(make_press))
        publisher = LibraryPublisher(store, library, room, ids, clock)
        service = TemplateService(store, press, SchemaChecker(), MinijinjaRenderer(), ids, clock)
        await library.save(WORKSPACE, ItemKind.BLOCK, "footer", footer("Old words"))
        begun = await publisher.begin(WORKSPACE, ItemKind.BLOCK, "footer")
        assert begun is not None
        await publisher.run(begun)
        await fill(store, library, templates)
        await library.save(WORKSPACE, ItemKind.BLOCK, "footer", footer("New words"))
        pauses: list[float] = []
        waits: list[float] = []
        beside = [asyncio.create_task(watch(pauses)), asyncio.create_task(write(store, waits))]
        before, start = os.times(), time.perf_counter()
        begun = await publisher.begin(WORKSPACE, ItemKind.BLOCK, "footer")
        assert begun is not None
        ended = await publisher.run(begun)
        taken, after = time.perf_counter() - start, os.times()
        for task in beside:
            task.cancel()
        assert ended.state is State.DONE, ended.troubles
        assert ended.releases == 4 * templates
        own = after.user + after.system - before.user - before.system
        theirs = after.children_user + after.children_system - before.children_user - before.children_system
        start = time.perf_counter()
        await publisher.undo(WORKSPACE, ended.id)
        undone = time.perf_counter() - start
        start = time.perf_counter()
        spent = time.process_time()
        for number in range(one_by_one):
            await service.push(WORKSPACE, source_under(f"template-{number:04}", f" {number}"), publish=True)
        each = (time.perf_counter() - start) / max(1, one_by_one)
        spent = (time.process_time() - spent) / max(1, one_by_one)
        await store.close()
    print(f"{templates} templates in 4 languages on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(
        f"published in {taken:.1f} s; processor {own:.1f} s here, {theirs:.1f} s in the presses; undone in {undone:.2f} s"
    )
    print(
        f"longest pause of the event loop {max(pauses) * 1e3:.0f} ms, longest wait of a small write {max(waits) * 1e3:.0f} ms"
    )
    print(
        f"processor time of one release {theirs / templates / 4 * 1e3:.1f} ms in the presses, {spent / 4 * 1e3:.1f} ms one by one"
    )
    print(f"one by one {each * templates:.1f} s ({each * 1e3:.0f} ms a template); ratio {each * templates / taken:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--templates", type=int, default=500)
    parser.add_argument("--one-by-one", type=int, default=40)
    given = parser.parse_args()
    asyncio.run(main(given.templates, given.one_by_one))
