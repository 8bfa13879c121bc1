"""Milliseconds to publish and microseconds to render an order confirmation as a document, against MJML written by hand.

    python bench/document.py

The peer is examples/templates/order-confirmation: the same kind of mail, with three order lines too. Its amounts and dates
are ready texts, while the document writes numbers in the reader's language: the third row shows what that costs, by the same
document given texts.
"""

import itertools
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from posthouse.core.templates.document_reading import read_document, read_theme
from posthouse.core.templates.folder import read_tree
from posthouse.core.templates.model import Category, Release, TemplateSource, UnknownPolicy
from posthouse.rendering.compiler import MinijinjaCompiler
from posthouse.rendering.document import build
from posthouse.rendering.lint.linter import MarkupLinter
from posthouse.rendering.renderer import MinijinjaRenderer

EXAMPLES = Path(__file__).parents[1] / "examples"
COMPILER = MinijinjaCompiler()
NUMBERS = itertools.count(1)


def source_in(folder: str) -> TemplateSource:
    """The order confirmation of one folder of examples."""
    root = EXAMPLES / folder
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return next(source for source in read_tree(files) if source.key == "order-confirmation")


def english(source: TemplateSource) -> Release:
    """Its release in English."""
    compiled = COMPILER.compile(source, next(one for one in source.variants if one.locale == "en"))
    return Release(
        id=next(NUMBERS).to_bytes(16, "big"),
        workspace_id=b"w" * 16,
        template_id=b"t" * 16,
        template_key=source.key,
        version=1,
        channel="email",
        locale="en",
        category=Category.TRANSACTIONAL,
        lane="normal",
        default_channel="email",
        default_locale="en",
        unknown_policy=UnknownPolicy.RESEND,
        programs=compiled.programs,
        variables=compiled.variables,
        schema=compiled.schema,
        created_at=0,
    )


def without_formats(source: TemplateSource) -> TemplateSource:
    """The same document that prints its values as they are given."""
    text = msgspec.json.encode(source.variants[0].document).decode()
    plain = msgspec.json.decode(text.replace("|money(order.currency)", "").replace("|date", ""))
    variants = tuple(msgspec.structs.replace(variant, document=plain) for variant in source.variants)
    return msgspec.structs.replace(source, variants=variants)


def measured(call: Callable[[], object], number: int) -> float:
    """Microseconds, the best of many rounds: other work on the machine only ever adds."""
    return min(timeit.repeat(call, number=number, repeat=30)) / number * 1e6


def publish(source: TemplateSource) -> Callable[[], Any]:
    """Compiling its English variant."""
    variant = next(one for one in source.variants if one.locale == "en")
    return lambda: COMPILER.compile(source, variant)


def main() -> None:
    """Prints the table."""
    document, by_hand = source_in("templates-as-documents"), source_in("templates")
    by_hand.sample["order"]["lines"] = by_hand.sample["order"]["lines"][:3]
    theirs, ours, bare = english(by_hand), english(document), english(without_formats(document))
    raw, theme = document.variants[0].document, read_theme(document.variants[0].theme)
    renderer = MinijinjaRenderer()
    sizes = [
        len(renderer.plain(one, source.sample).html or "") for one, source in ((ours, document), (theirs, by_hand))
    ]
    print(f"HTML of the document {sizes[0]:,} characters, written by hand {sizes[1]:,}")
    writing = measured(lambda: build(read_document(raw), theme, "en", "en"), 3)
    print(f"document → MJML             {writing / 1e3:7.2f} ms (a part of the next)")
    rows = [
        ("publish one locale, ms", measured(publish(document), 2) / 1e3, measured(publish(by_hand), 2) / 1e3),
        ("render plain, µs", measured(lambda: renderer.plain(ours, document.sample), 30),
         measured(lambda: renderer.plain(theirs, by_hand.sample), 30)),
        ("the same without formats, µs", measured(lambda: renderer.plain(bare, document.sample), 30),
         measured(lambda: renderer.plain(theirs, by_hand.sample), 30)),
        ("render wire, µs", measured(lambda: renderer.wire(ours, document.sample), 30),
         measured(lambda: renderer.wire(theirs, by_hand.sample), 30)),
    ]  # fmt: skip
    looks = [
        measured(lambda source=source, one=one: MarkupLinter().look(source.variants[0], one.programs, 0), 3) / 1e3
        for source, one in ((document, ours), (by_hand, theirs))
    ]
    rows.append(("lint of its markup, ms", looks[0], looks[1]))
    for name, own, other in rows:
        print(f"{name:30}{own:8.2f}   by hand {other:8.2f}   ratio {own / other:5.2f}")


if __name__ == "__main__":
    main()
