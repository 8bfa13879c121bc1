"""Documents are read strictly; folders that hold one become variants of one document."""

import json

import pytest
from tests.unit.rendering.document.kit import document, text

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.document_reading import locales_of, read_document, read_theme
from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.folder import read_folder, read_tree
from posthouse.core.templates.theme import DEFAULT_THEME, Palette

RAW = document({"type": "text", "text": text("Hello", fr="Bonjour")}, subject=text("Hi", fr="Salut"))


def files(raw, **more):
    return {"email.json": json.dumps(raw).encode(), **{name.replace("__", "."): value for name, value in more.items()}}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [({"version": 2}, "/version"), ({"blocks": []}, "/blocks"), ({"blocks": [{"type": "x"}]}, "/blocks/0/type"), ({"colour": 1}, "/colour"),
     ({"subject": {"EN": "x"}}, "/subject"), ({"subject": "x"}, "/subject"),
     ({"blocks": [{"type": "text", "id": "a b", "text": {}}]}, "/blocks/0/id")],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_pointer(change, pointer):
    """JSON pointer, RFC 6901."""
    with pytest.raises(ValidationError) as refused:
        read_document(RAW | change)
    assert refused.value.fields[0].pointer == pointer
    assert " - at " not in refused.value.fields[0].detail


def test_a_document_speaks_every_locale_that_stands_anywhere_in_it():
    """Also in a block inside a column."""
    inner = {"type": "columns", "columns": [{"blocks": [{"id": "i", "type": "code", "value": {"ru": "x"}}]}]}
    assert locales_of(document(inner)) == ("en", "ru")


def test_a_folder_with_a_document():
    """One variant for each locale, sharing the document; a text part may be written by hand."""
    source = read_folder(files(RAW, email__fr__txt=b"Bonjour", theme__json=b'{"name": "Fern"}'), "hello")
    assert [(one.locale, one.subject, one.text) for one in source.variants] == [
        ("en", "Hi", None),
        ("fr", "Salut", "Bonjour"),
    ]
    assert all(one.document == RAW and one.theme == {"name": "Fern"} for one in source.variants)


def test_a_theme_of_a_folder_above_is_taken():
    """One theme for a whole tree; a template's own goes before it."""
    tree = {"theme.json": b'{"name": "Brand"}', "a/email.json": files(RAW)["email.json"], "b/email.json": files(RAW)["email.json"],
            "b/theme.json": b"{}", "c/email.en.html": b"<p>x</p>", "c/subject.txt": b"x"}  # fmt: skip
    assert [one.variants[0].theme for one in read_tree(tree)] == [{"name": "Brand"}, {}, None]


@pytest.mark.parametrize(
    ("given", "place"),
    [(files({**RAW, "version": 2}), "/email.json/version"), ({"email.json": b"{"}, "/email.json"),
     (files(RAW, email__en__mjml=b"<mjml/>"), "/email.en.mjml"),
     (files(RAW, subject__en__txt=b"x"), "/email.json"), (files(RAW, email__de__txt=b"x"), "/email.de.txt"),
     (files(RAW, theme__json=b'{"light": {"page": "red"}}'), "/theme.json/light/page"), ({"theme.json": b"{}", "email.en.html": b"x"}, "/theme.json"),
     (files({**RAW, "subject": {}, "blocks": [{"type": "divider", "id": "a"}]}), "/email.json/subject")],
)  # fmt: skip
def test_folders_that_are_refused(given, place):
    """Each with the file and the place in it."""
    with pytest.raises(TemplateProblemsError) as refused:
        read_folder(given, "hello")
    assert [found.pointer for found in refused.value.fields] == [place]


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [DEFAULT_THEME.light, DEFAULT_THEME.dark], ids=["light", "dark"])
def test_the_built_in_theme_can_be_read_by_everybody(palette: Palette):
    """WCAG AA for text: 4.5 to 1, on every ground that it can stand on."""
    for ink in ("heading", "text", "muted", "link", "primary", "success", "warning", "danger"):
        for ground in ("page", "surface", "tint"):
            assert contrast(getattr(palette, ink), getattr(palette, ground)) >= 4.5, (ink, ground)
    assert contrast(palette.on_primary, palette.primary) >= 4.5


def test_what_a_theme_leaves_out_stays_dark_and_of_even_width():
    """One colour of its own for dark mode does not bring the light ones back, one font for codes not the letters of texts."""
    theme = read_theme({"dark": {"primary": "#f2a3bc"}, "fonts": {"code": {"family": "Fira Code"}}})
    assert theme.dark.primary == "#f2a3bc"
    assert (theme.dark.page, theme.dark.text) == (DEFAULT_THEME.dark.page, DEFAULT_THEME.dark.text)
    assert theme.fonts.code.fallbacks[-1] == "monospace"


def test_an_empty_theme_is_the_built_in_one():
    """And what is no token is refused."""
    assert read_theme({}) == DEFAULT_THEME
    with pytest.raises(ValidationError):
        read_theme({"fonts": {"text": {"family": "a'; x"}}})
