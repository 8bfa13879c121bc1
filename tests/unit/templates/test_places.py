"""Problems have the place that people look for: the field, the file and the line, once for all languages."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.templates.fakes import MemoryStore

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.json_places import line_of
from posthouse.core.templates.document_reading import read_document
from posthouse.core.templates.library.content import read_item
from posthouse.core.templates.library.folder import read_shelf
from posthouse.core.templates.library.model import ItemKind
from posthouse.core.templates.pushing import proved, read_all
from posthouse.core.templates.service import TemplateService

W = b"w" * 16
ALL = {locale: f"words {locale}" for locale in ("en", "fr", "es")}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=4), part, max_size=3),
    max_leaves=8,
)


class NoLibrary:
    """A workspace without blocks and themes."""

    async def save_source(self, *_: Any, **__: Any) -> None:
        """Nothing is wrong with what is kept."""


def document(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "subject": ALL, "blocks": list(blocks)}


@pytest.mark.parametrize(
    ("block", "pointer", "told"),
    [
        ({"type": "headng", "id": "a"}, "/blocks/0/type", "did you mean 'heading'?"),
        ({"type": "heading", "id": "a", "texte": ALL}, "/blocks/0/texte", "did you mean 'text'?"),
        ({"type": "heading", "id": "a"}, "/blocks/0/text", "missing required field"),
        ({"type": "text", "id": "a", "text": ALL, "size": "larg"}, "/blocks/0/size", "did you mean 'large'?"),
        ({"type": "text", "id": "a", "text": ALL, "size": "xx"}, "/blocks/0/size", "one of large, normal, small"),
        ({"type": "text", "id": "a", "text": ALL, "style": {"algin": "end"}}, "/blocks/0/style/algin", "'align'"),
    ],
)
def test_a_document_says_the_field_and_what_was_meant(block: dict[str, Any], pointer: str, told: str) -> None:
    """Fields, kinds of blocks and words of a list, however deep; blocks of the library alike."""
    with pytest.raises(ValidationError) as refused:
        read_document(document(block))
    assert (refused.value.fields[0].pointer, told in refused.value.fields[0].detail) == (pointer, True)
    with pytest.raises(ValidationError) as refused:
        read_item(ItemKind.BLOCK, "a", {"name": "A", "blocks": [block]})
    assert (refused.value.fields[0].pointer, told in refused.value.fields[0].detail) == (pointer, True)


def test_a_theme_says_so_too() -> None:
    """Its tokens have names, and colours are explained in words."""
    with pytest.raises(ValidationError) as refused:
        read_item(ItemKind.THEME, "brand", {"name": "B", "tokens": {"light": {"primary": "#12345"}}})
    assert refused.value.fields[0].detail.endswith("; six hexadecimal digits, such as #1f5a43")
    with pytest.raises(ValidationError) as refused:
        read_item(ItemKind.THEME, "brand", {"name": "B", "tokens": {"light": {"primry": "#ffffff"}}})
    assert refused.value.fields[0].pointer == "/tokens/light/primry"
    assert "did you mean 'primary'?" in refused.value.fields[0].detail


async def test_a_fault_is_told_once_with_its_languages_file_and_line(
    service: TemplateService, store: MemoryStore
) -> None:
    """In a document, in the sample, and of a message test in the test's own file; a theme that cannot be read hides no block."""
    shared = {"type": "shared", "id": "end", "key": "footer"}
    broken = {"type": "button", "id": "a", "label": ALL, "url": "javascript:x"}
    case = {"expect": {"contains": ["words en", "nowhere"]}}
    files = {
        "a/email.json": json.dumps(document(broken, shared), indent=1),
        "b/email.json": json.dumps({**document({"type": "text", "id": "a", "text": ALL}), "theme": {"key": "brand"}}),
        "c/email.json": json.dumps(document({"type": "text", "id": "a", "text": ALL}), indent=1),
        "c/tests/said.json": json.dumps(case, indent=1),
        "blocks/footer.json": json.dumps({"name": "F", "blocks": [{"type": "text", "id": "f", "text": ALL}]}),
        "themes/brand.json": '{\n "name": "B",\n "tokens": {\n  "lights": {}\n }\n}',
    }
    tree = read_all({name: text.encode() for name, text in files.items()})
    tree = await proved(service, NoLibrary(), W, tree)  # type: ignore[arg-type]  # says yes to all
    told = {one.name: one.troubles for one in tree.refused}
    (document_fault,) = told["a"]
    assert (document_fault.file, document_fault.line) == ("email.json", 17)
    assert document_fault.detail.endswith("(3 languages: en, es, fr)")
    (blamed,) = told["b"]
    assert blamed.detail.startswith("the theme 'brand' cannot be read; mend themes/brand.json")
    assert {(one.file, one.line) for one in told["c"]} == {("tests/said.json", 5)}
    assert all("'nowhere' is not seen" in one.detail for one in told["c"])
    (theme,) = told["library"]
    assert (theme.file, theme.line, theme.pointer) == ("themes/brand.json", 4, "/themes/brand.json/tokens/lights")
    assert not store.kept


def test_one_item_that_cannot_be_read_does_not_hide_the_others() -> None:
    """Its problem is told, the others are there."""
    good = json.dumps({"name": "F", "blocks": [{"type": "divider", "id": "a"}]}).encode()
    shelf = read_shelf({"blocks/a.json": good, "themes/b.json": b"{", "blocks/c.json": b"{}"})
    assert [one.key for one in shelf.sources] == ["a"]
    assert shelf.broken == {(ItemKind.THEME, "b"), (ItemKind.BLOCK, "c")}


@given(JSON, st.sampled_from([None, 1]))
def test_a_pointer_leads_to_its_line(value: Any, indent: int | None) -> None:
    """Every value of every text; of what is not there, the last that is."""
    text = json.dumps(value, indent=indent)

    def look(part: Any, pointer: str) -> None:
        line = line_of(text, pointer)
        assert 1 <= line <= text.count("\n") + 1
        children = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        for name, child in children:
            step = str(name).replace("~", "~0").replace("/", "~1")
            below = line_of(text, f"{pointer}/{step}")
            assert below > line if indent else below == line
            look(child, f"{pointer}/{step}")
        assert line_of(text, f"{pointer}/not there/at all") == line

    look(value, "")


@pytest.mark.parametrize("text", ["", "{", '{"a": [1, {"b"', "}}", '{"a" "b"', '"', "[" * 5000])
def test_what_is_no_json_has_lines_too(text: str) -> None:
    """As far as it can be read; never an error."""
    assert line_of(text, "/a/1/b") == (1 if text.strip('"') else 0)
