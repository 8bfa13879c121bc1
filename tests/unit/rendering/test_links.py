"""The links of a body: found at publish, numbered, and written anew when the mail is built."""

import quopri
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.rendering.conftest import release_of

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.model import Link, Release, Scale, TemplateSource, VariantSource
from posthouse.rendering.renderer import MinijinjaRenderer

HTML = """<html><body><h1>Hello {{ name }}</h1>
{% for line in lines %}<a href="https://shop.example/p/{{ line.id }}?a=1&amp;b=2">{{ line.id }}</a>
{% endfor %}<a class="x" href='https://shop.example/?q=1&amp;r=2#top'>all</a> <a href="mailto:ann@shop.example">m</a>
<a href="{{ url }}">one</a><area href="http://shop.example/map"><a data-track="off" href="https://off.example/">o</a>
<a href="/relative">r</a><a href="#anchor">a</a><a href="posthouse:unsubscribe">bye</a></body></html>"""
VARIABLES: dict[str, Any] = {
    "name": "Ann",
    "url": "https://dyn.example/?a=1&b=2",
    "lines": [{"id": "x1"}, {"id": "y 2"}],
}


class Numbering:
    """Writes every mark as what it is."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def write(self, marks: Sequence[str]) -> list[str]:
        self.seen += marks
        return [f"[{mark.replace(chr(4), '>')}]" for mark in marks]


def compiled(html: str = HTML, text: str | None = "bye: posthouse:unsubscribe", **more: Any) -> Release:
    source = TemplateSource("k", "K", (VariantSource("email", "en", "Hi", html=html, text=text),), **more)
    return release_of(source)


def test_the_table_of_links() -> None:
    """Web addresses in the order of the source: known ones as the reader's browser would see them, others as programs."""
    assert compiled().links == (
        Link("https://shop.example/p/{{ line.id }}?a=1&amp;b=2", dynamic=True),
        Link("https://shop.example/?q=1&r=2#top"),
        Link("{{ url }}", dynamic=True),
        Link("http://shop.example/map"),
    )


def test_what_stands_in_for_a_promotion_belongs_to_its_place() -> None:
    """A link that is shown only while the message leaves a slot empty is the slot's; branches, loops and lookalikes are not mixed up."""
    html = """<a href="https://a.example/">a</a>
    {% if slots is not defined or not slots.hero %}{% for x in y %}<a href="https://b.example/">b</a>{% else %}
    <a href="https://c.example/">c</a>{% endfor %}{% if z %}<a href="https://{{ h }}/">d</a>{% endif %}{% else %}<a href="{{ slots.hero.url }}">e</a>
    {% endif %}{% if not slots.hero.image %}<a href="https://f.example/">f</a>
    {% elif (z) and (not slots.foot) %}<a href="https://g.example/">g</a>{% endif %}
    <a href="https://i.example/">i</a>"""
    assert [link.slot for link in compiled(html).links] == [None, "hero", "hero", "hero", "hero", None, "foot", None]


def test_marks_are_written_and_nothing_else_changes() -> None:
    """Known links print their number only, unknown ones their address too; the rest is the same to the letter."""
    renderer, release, numbering = MinijinjaRenderer(), compiled(), Numbering()
    html = renderer.plain(release, VARIABLES, links=numbering).html
    assert html is not None
    assert numbering.seen[:6] == [
        "0\x04https://shop.example/p/x1?a=1&amp;b=2",
        "0\x04https://shop.example/p/y 2?a=1&amp;b=2",
        "1",
        "2\x04https://dyn.example/?a=1&amp;b=2",
        "3",
        "u",
    ]
    assert '<a class="x" href=\'[1]\'>all</a> <a href="mailto:ann@shop.example">m</a>' in html
    assert '<a data-track="off" href="https://off.example/">' in html
    assert html.rstrip().endswith("[h][o]</body></html>")
    assert renderer.printed_links(release, VARIABLES)[1] == (0, "https://shop.example/p/y 2?a=1&amp;b=2")


def test_without_a_writer_nothing_is_different() -> None:
    """Who writes no links gets what there was before links were known."""
    renderer, release = MinijinjaRenderer(), compiled()
    bare = msgspec.structs.replace(release, programs={n: s for n, s in release.programs.items() if "links" not in n})
    assert renderer.wire(release, VARIABLES) == renderer.wire(bare, VARIABLES)
    assert renderer.plain(bare, VARIABLES, links=Numbering()) == renderer.plain(bare, VARIABLES)
    assert renderer.printed_links(bare, VARIABLES) == []


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.text(max_size=200), st.lists(st.text(max_size=10), max_size=4))
def test_the_wire_form_is_the_plain_form(name: str, url: str, identifiers: list[str]) -> None:
    """Decoded, the wire form with links is the plain form with links, whatever the variables hold (marks among it)."""
    renderer, release = MinijinjaRenderer(), RELEASE
    variables = {"name": name, "url": url, "lines": [{"id": one} for one in identifiers]}
    wire = renderer.wire(release, variables, links=Numbering())
    plain = renderer.plain(release, variables, links=Numbering())
    assert wire.html is not None
    assert quopri.decodestring(wire.html).decode().replace("\r\n", "\n") == plain.html
    assert quopri.decodestring(wire.text).decode().replace("\r\n", "\n") == plain.text
    assert max(map(len, wire.html.split(b"\r\n"))) <= 76


RELEASE = compiled()


class Long:
    """Writes what is too long for a line of quoted-printable, or has characters that must be encoded."""

    def write(self, marks: Sequence[str]) -> list[str]:
        return [f'https://links.example/{"x" * 80}?a=1" é' for _ in marks]


def test_long_addresses_are_folded() -> None:
    """Lines of 76 octets at most, whatever the host is called."""
    renderer = MinijinjaRenderer()
    wire, plain = (make(RELEASE, VARIABLES, links=Long()) for make in (renderer.wire, renderer.plain))
    assert wire.html is not None
    assert quopri.decodestring(wire.html).decode().replace("\r\n", "\n") == plain.html
    assert max(map(len, wire.html.split(b"\r\n"))) <= 76


def test_a_template_without_wire_form_has_links_too() -> None:
    """A macro rules out the wire form, not the links."""
    html = '<body>{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{{ m(name) }}<a href="https://shop.example/">s</a></body>'
    release, renderer = compiled(html), MinijinjaRenderer()
    assert "wire.links.html" not in release.programs
    wire = renderer.wire(release, VARIABLES, links=Numbering())
    assert wire.html is not None
    assert b'<b>Ann</b><a href=3D"[0]">s</a>[h][o]</body>' in wire.html


def test_a_missing_variable_is_missing_in_a_link_too() -> None:
    """As strict as without links."""
    with pytest.raises(ValidationError, match="url"):
        MinijinjaRenderer().wire(RELEASE, {"name": "A", "lines": []}, links=Numbering())


@pytest.mark.parametrize(
    "href",
    ["{% if a %}https://x.example{% else %}https://y.example{% endif %}", "mailto:{{ a }}", "javascript:x", "", "tel:1",
     '{{ a }}{% if a %}"{% endif %}', "posthouse:unknown", "//x.example/", "data:text/html,x", "https:relative"],
)  # fmt: skip
def test_what_is_left_alone(href: str) -> None:
    """Other schemes, relative addresses, addresses chosen by tags: they stay as they were written."""
    assert compiled(f'<body>{{{{ a }}}}<a href="{href}">x</a></body>').links == ()


def test_ratings_have_a_scale() -> None:
    """A rating is known by its name and scale; each score is a mark of its own."""
    html = "".join([f'<a href="posthouse:rating/q1/1-5/{score}">{score}</a>' for score in range(1, 6)])
    html += '<a href="posthouse:rating/nps/0-10/10">10</a>'
    release, numbering = compiled(f"<body>{html}</body>"), Numbering()
    assert release.ratings == (Scale("q1", 1, 5), Scale("nps", 0, 10))
    MinijinjaRenderer().plain(release, {}, links=numbering)
    assert numbering.seen[:6] == ["r0.1", "r0.2", "r0.3", "r0.4", "r0.5", "r1.10"]


def test_parameters_are_added_at_publish() -> None:
    """To known and to unknown addresses, but not where they are excluded, signed, ours, or there already."""
    html = """<body><a href="https://shop.example/a?x=1#f">1</a><a href="{{ url }}">2</a>
    <a href="https://www.pay.example/">3</a><a href="https://shop.example/?UTM_source=theirs">4</a>
    <a href="https://cdn.example/f?X-Amz-Signature=1">5</a><a href="posthouse:view">6</a><a href="tel:1">7</a></body>"""
    parameters = {"utm_source": "the shop", "utm_term": "{{ name }}&co"}
    release = compiled(html, link_parameters=parameters, link_parameters_exclude=("*.pay.example",))
    numbering = Numbering()
    shown = MinijinjaRenderer().plain(release, VARIABLES | {"name": "é"}, links=numbering)
    tail = "utm_source=the%20shop&amp;utm_term=%C3%A9%26co"
    assert [mark.partition("\x04")[2] for mark in numbering.seen[:2]] == [
        f"https://shop.example/a?x=1&amp;{tail}#f",
        f"https://dyn.example/?a=1&amp;b=2&amp;{tail}",
    ]
    assert [link.fallback for link in release.links][:2] == ["https://shop.example/a?x=1#f", ""]
    plain = MinijinjaRenderer().plain(release, VARIABLES | {"name": "é"}).html
    assert plain is not None
    assert shown.html is not None
    for kept in ("https://www.pay.example/", "https://cdn.example/f?X-Amz-Signature=1", "tel:1"):
        assert f'href="{kept}"' in plain
    assert "?UTM_source=theirs&amp;utm_term=" in plain
