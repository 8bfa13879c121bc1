"""The library as files beside template folders."""

import msgspec
import pytest
from tests.unit.library.kit import WORKSPACE, Shop

from posthouse.core.templates.folder import read_tree
from posthouse.core.templates.library.errors import ItemProblemsError
from posthouse.core.templates.library.folder import library_of, read_library, written_item
from posthouse.core.templates.library.model import ItemKind, Use
from posthouse.core.templates.library.pushing import push_library

FOOTER = {
    "name": "Footer",
    "blocks": [{"type": "text", "id": "t", "text": {"en": "{{ city }}"}}],
    "sample": {"city": "Lyon"},
}
THEME = {"name": "Brand", "default": True, "tokens": {"width": 640}}
DOCUMENT = {
    "version": 1,
    "subject": {"en": "Welcome to our shop"},
    "blocks": [{"type": "shared", "id": "end", "key": "footer"}],
}


def tree(**changed: object) -> dict[str, bytes]:
    files = {
        "blocks/footer.json": FOOTER,
        "themes/brand.json": THEME,
        "welcome/email.json": DOCUMENT,
        "welcome/sample.json": {"city": "Paris"},
    }
    return {name: msgspec.json.encode(held) for name, held in (files | changed).items()}


def test_themes_come_first_and_come_back_as_they_were() -> None:
    """Read in the order they are published in; written again they are the same."""
    read = read_library(tree())
    assert [(one.kind, one.key) for one in read] == [(ItemKind.THEME, "brand"), (ItemKind.BLOCK, "footer")]
    written = dict(written_item(one) for one in read)
    assert set(written) == {"blocks/footer.json", "themes/brand.json"}
    assert read_library(written) == read
    assert [source.key for source in read_tree(tree())] == ["welcome"]


def test_a_library_alone_is_a_tree_too() -> None:
    """Nothing but blocks may be pushed."""
    assert read_tree({"blocks/footer.json": msgspec.json.encode(FOOTER)}) == []


@pytest.mark.parametrize(
    ("held", "pointer"),
    [
        ({**FOOTER, "blocks": []}, "/blocks/footer.json/blocks"),
        ({**FOOTER, "colour": 1}, "/blocks/footer.json/colour"),
        ({**FOOTER, "blocks": [{**FOOTER["blocks"][0], "show_if": "("}]}, "/blocks/footer.json/blocks/0/show_if"),  # type: ignore[index]
        ([], "/blocks/footer.json"),
    ],
)
def test_problems_name_file_and_place(held: object, pointer: str) -> None:
    """Whoever pushes many files is told which one, and where in it."""
    with pytest.raises(ItemProblemsError) as refused:
        read_library(tree(**{"blocks/footer.json": held}))
    assert [one.pointer for one in refused.value.fields] == [pointer]
    assert refused.value.fields[0].detail.startswith("blocks/footer.json: ")


def test_what_a_folder_gives_the_lint() -> None:
    """Without a store the versions that are there stand for all, the default theme included."""
    library = library_of(read_library(tree()), [Use(ItemKind.BLOCK, "footer", 7), Use(ItemKind.THEME, "")])
    assert [held.key for _, held in library.held] == ["footer", "brand"]


async def test_pushing_twice_changes_nothing(shop: Shop) -> None:
    """The first push publishes library and template, the second finds everything as it is."""
    for changed in (True, False):
        items = await push_library(shop.library, shop.publisher, WORKSPACE, read_library(tree()), publish=True)
        assert [one.changed for one in items] == [changed, changed]
        (source,) = read_tree(tree())
        assert (await shop.templates.push(WORKSPACE, source, publish=True)).changed is changed
    html = await shop.html()
    assert "Paris" in html
    assert "640px" in html


async def test_a_push_that_would_break_a_template(shop: Shop) -> None:
    """It is refused with the template's name, and the library stays as it was."""
    await push_library(shop.library, shop.publisher, WORKSPACE, read_library(tree()), publish=True)
    (source,) = read_tree(tree())
    await shop.templates.push(WORKSPACE, source, publish=True)
    block = {
        **FOOTER,
        "blocks": [{"type": "text", "id": "t", "text": {"en": "{{ street }}"}}],
        "sample": {"street": "x"},
    }
    broken = read_library(tree(**{"blocks/footer.json": block}))
    with pytest.raises(ItemProblemsError, match="would break in 1 of its templates: welcome: "):
        await push_library(shop.library, shop.publisher, WORKSPACE, broken, publish=True)
    assert "Paris" in await shop.html()
