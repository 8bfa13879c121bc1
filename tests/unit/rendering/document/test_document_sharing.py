"""Blocks of the library in a document, whatever they are."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.unit.rendering.document.kit import sound_documents, wild_documents

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.library.content import read_item
from posthouse.core.templates.library.model import Held, ItemKind, Library, Use
from posthouse.core.templates.library.uses import uses_of
from posthouse.core.templates.model import TemplateSource, VariantSource
from posthouse.rendering import engine
from posthouse.rendering.compiler import CompiledVariant, MinijinjaCompiler

BOUNDED = {"deadline": None, "suppress_health_check": list(HealthCheck)}
SHARED = {"type": "shared", "id": "s", "key": "k"}


def programs(raw: Any, blocks: Any = None) -> dict[str, str]:
    """What a document becomes, with a library that holds one block."""
    return compiled(raw, blocks).programs


def compiled(raw: Any, blocks: Any = None) -> CompiledVariant:
    """The same with its links."""
    held = () if blocks is None else ((Use(ItemKind.BLOCK, "k"), Held("k", 1, {"blocks": blocks})),)
    variant = VariantSource("email", "en", document=raw)
    source = TemplateSource("t", "T", (variant,))
    return MinijinjaCompiler().compile(source, variant, Library(held, ("k",), ()))


def renamed(blocks: list[Any]) -> list[Any]:
    """The blocks with the identifiers that they get where they are named."""
    found = []
    for block in blocks:
        mine = {**block, "id": f"s-{block['id']}"}
        if "columns" in block and block["type"] == "columns":
            mine["columns"] = [{**column, "blocks": renamed(column.get("blocks", []))} for column in block["columns"]]
        found.append(mine)
    return found


@settings(max_examples=40, **BOUNDED)
@given(sound_documents())
def test_named_or_written_in_place_is_the_same(raw: Any) -> None:
    """A block of the library gives the very programs that its blocks give where they stand."""
    assert programs({**raw, "blocks": [SHARED]}, raw["blocks"]) == programs({**raw, "blocks": renamed(raw["blocks"])})


@settings(max_examples=80, **BOUNDED)
@given(wild_documents())
def test_any_block_is_kept_or_refused_and_compiled_or_refused(raw: Any) -> None:
    """What can be kept is compiled, or refused at the place in the document that names it. It never crashes."""
    blocks = raw.get("blocks") if isinstance(raw, dict) else None
    document = {"version": 1, "subject": {"en": "Hello"}, "blocks": [SHARED]}
    try:
        read_item(ItemKind.BLOCK, "k", {"name": "K", "blocks": blocks})
        told = [] if "html" in programs(document, blocks) else ["nothing came of it"]
    except ValidationError as error:
        told = [found.pointer for found in error.fields] or ["refused without a place"]
    assert not [place for place in told if place and not place.startswith(("/blocks", "/variants/0/"))]


def test_a_slot_that_nothing_fills_shows_its_block_of_the_library() -> None:
    """Marketing fills it by publishing that block; a message that brings something of its own goes first."""
    button = {"type": "button", "id": "b", "label": {"en": "See"}, "url": "https://shop.example/sale"}
    offer = [{"type": "text", "id": "t", "text": {"en": "The library's offer"}}, button]
    slot = {"type": "slot", "id": "s", "name": "promo", "block": "k"}
    raw = {
        "version": 1,
        "subject": {"en": "Hi"},
        "blocks": [slot, {"type": "text", "id": "rest", "text": {"en": "Rest"}}],
    }
    page = programs(raw, offer)["html"]
    shown = engine.environment()
    shown.add_template("page.html", page)

    def seen(**variables: Any) -> str:
        return engine.run(shown, "page.html", variables)

    assert all("The library&#x27;s offer" in one or "The library's offer" in one for one in (seen(), seen(slots={})))
    filled = seen(slots={"promo": {"heading": "From the message"}})
    assert "From the message" in filled
    assert "offer" not in filled
    assert [(link.url, link.slot) for link in compiled(raw, offer).links if not link.dynamic] == [
        ("https://shop.example/sale", "promo")
    ]
    source = TemplateSource("t", "T", (VariantSource("email", "en", document=raw),))
    assert Use(ItemKind.BLOCK, "k") in uses_of(source)
    with pytest.raises(ValidationError, match="'k'"):
        programs(raw)
    with pytest.raises(ValidationError):
        read_item(ItemKind.BLOCK, "x", {"name": "X", "blocks": [slot]})
