"""Sources that end a process by overflowing the stack of a Rust library, or hold it up for a minute: refused before they get there."""

import time
from collections.abc import Callable

import pytest
from tests.unit.rendering.conftest import release_of

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.folder import read_tree
from posthouse.core.templates.model import Release, TemplateSource, VariantSource
from posthouse.rendering import mrml

MANY = 20_000
TAGS = {
    "not": "{{ " + "not " * MANY + "x }}",
    "minus": "{{ " + "-" * MANY + "1 }}",
    "plus": "{{ 1" + "+1" * MANY + " }}",
    "and": "{{ x" + " and x" * MANY + " }}",
    "filters": "{{ x" + "|upper" * MANY + " }}",
    "dots": "{{ x" + ".a" * MANY + " }}",
    "calls": "{% if x" + "()" * MANY + " %}{% endif %}",
    "choices": "{{ " + "1 if 1 else " * MANY + "1 }}",
    "elif": "{% if x %}" + "{% elif y %}" * MANY + "{% endif %}",
}


def mjml(inside: str) -> str:
    return f"<mjml><mj-body><mj-section><mj-column>{inside}</mj-column></mj-section></mj-body></mjml>"


def compiled(source: str) -> Release:
    variant = VariantSource("email", "en", "Hi", mjml=source)
    return release_of(TemplateSource(key="a", name="A", variants=(variant,)))


@pytest.mark.parametrize("tag", TAGS.values(), ids=list(TAGS))
@pytest.mark.parametrize("part", ["subject", "html", "text"])
def test_a_tag_of_thousands_of_operators_is_refused(make: Callable[..., Release], tag: str, part: str) -> None:
    """The engine reads and frees expressions by recursion: each of these was a segmentation fault."""
    sources = {"html": "<p>x</p>", "subject": "Hi"} | {part: tag}
    with pytest.raises(ValidationError, match=r"over [13],000"):
        make(**sources)


def test_long_words_in_a_tag_are_fine(make: Callable[..., Release]) -> None:
    """Only code is counted: a text in two forms may be long."""
    assert make(html="<p>{{ '" + "a" * 10_000 + "' }}</p>")


@pytest.mark.parametrize("inside", ["<mj-raw>" + "<td>" * MANY, "<mj-text>" + "<b>x" * MANY, "<mj-wrapper>" * MANY])
@pytest.mark.parametrize("closed", [True, False])
def test_elements_thousands_deep_are_refused(inside: str, *, closed: bool) -> None:
    """mrml reads by recursion too; a comment or a value cannot hide them."""
    hidden = "<!-- </td></b> --><mj-text a='</td>' />" if closed else ""
    with pytest.raises(ValidationError, match=r"over 300 elements|no XML"):
        compiled(mjml(inside + hidden))
    with pytest.raises(ValueError, match="no XML"):
        mrml.to_html("<mjml>" + "<td a='<'>" * MANY)


def test_a_panic_is_an_error() -> None:
    """mrml panics at marked sections; a panic is no Exception and ended more than the request."""
    with pytest.raises(ValidationError, match="gives up"):
        compiled(mjml("<mj-raw><![endif]</mj-raw>"))


HOSTILE = ["<!--", "<br '\"", "<mj-x '\"", "<mj-text '", "<mj-raw>", "<body '\"", "<p '\"", "<mjml '"]


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.parametrize("file", ["email.en.mjml", "email.en.html"])
def test_no_markup_takes_long(unit: str, file: str) -> None:
    """60 KB that were read again from every place took half a minute of the whole API."""
    body = unit * (60_000 // len(unit))
    began = time.process_time()
    for text in (body, mjml(body), f"<mjml><mj-body><mj-raw>{body}</mj-raw></mj-body></mjml>"):
        (source,) = read_tree({"a/template.toml": b'name = "A"\nsubject = "x"\n', f"a/{file}": text.encode()})
        try:
            release_of(source)
        except ValidationError:
            continue
    assert time.process_time() - began < 15


def test_an_endless_sender_is_refused_at_once() -> None:
    """Blanks in it were matched with each other."""
    settings = b'name = "A"\nsubject = "x"\nfrom = "' + b" " * 100_000 + b'"\n'
    began = time.process_time()
    with pytest.raises(ValidationError, match="must be an address"):
        read_tree({"a/template.toml": settings, "a/email.en.html": b"<p>x</p>"})
    assert time.process_time() - began < 5
