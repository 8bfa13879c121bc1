"""No address that a variable gives runs anything when it is followed, in whatever way it is written."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.core.templates.model import TemplateSource, VariantSource
from posthouse.rendering import engine
from posthouse.rendering.addresses import as_address, unguarded
from posthouse.rendering.compiler import MinijinjaCompiler
from posthouse.rendering.guarding import guarded

ENGINE = engine.environment()
RUNS = [
    "javascript:alert(1)",
    " \t\x01javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscr\nipt:alert(1)",
    "\ufeffjavascript:x",
    "vbscript:x",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "file:///etc/passwd",
]
LEADS = [
    "https://shop.org/?a=1&b=2#c",
    "http://shop.org/",
    "mailto:care@shop.org",
    "tel:+331",
    "shop://orders/1",
    "/orders/javascript:x",
    "?next=javascript:x",
    "data:image/png;base64,AAAA",
    "",
]
PLACES = [
    '<a href="{{ u }}">x</a>',
    "<a class='b' href='{{ u }}'>x</a>",
    '<img alt="" src=" {{ u }}">',
    "<img src={{ u }} alt=x>",
    "<img src={{ u }}>",
    '<td background="{{ u }}">x</td>',
    '<form action="{{ u|trim }}">x</form>',
    '<a href="{% if true %}{{ u }}{% endif %}">x</a>',
    '<a href="{{ u[:4] }}{{ u[4:] }}">x</a>',
    '<a href="{{- u -}}">x</a>',
    '<a HREF = "{{ u|safe }}">x</a>',
]
_VALUE = re.compile(r"(?:href|src|background|action)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)


def printed(source: str, **variables: str) -> str:
    """The address as a browser reads it."""
    ENGINE.add_template("tried.html", guarded(source))
    found = _VALUE.search(engine.run(ENGINE, "tried.html", variables))
    assert found is not None
    return html.unescape(found[1] if found[1] is not None else found[2]).strip()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("address", RUNS)
def test_what_runs_something_is_not_printed(place: str, address: str) -> None:
    """Whatever attribute, quotes, filters and conditions it stands in."""
    assert printed(place, u=address) == "#"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("address", LEADS)
def test_what_leads_somewhere_is_printed_as_it_is(place: str, address: str) -> None:
    """The web, mails, calls, applications, and pictures of points."""
    assert printed(place, u=address) == address


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ('<a href="{{ a }}:{{ b }}">x</a>', {"a": "javascript", "b": "alert(1)"}),
        ('<a href="{{ a }}script:x">x</a>', {"a": "java"}),
        ('<a href="{{ a }}://x/%0aalert(1)">x</a>', {"a": "javascript"}),
        ('<a href="{{ a|safe }}">x</a>', {"a": "javascript&colon;alert(1)"}),
        ('<a href="{{ a|safe }}">x</a>', {"a": "&#106;avascript:alert(1)"}),
    ],
)
def test_a_scheme_in_pieces_is_seen_whole(source: str, values: dict[str, str]) -> None:
    """What the pieces say together counts."""
    assert not printed(source, **values).lower().startswith("javascript")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([*"javscript:J \t\n\x00\x01/&;#", "javascript", "data:", "\u00a0"]), max_size=24).map(
        "".join
    )
)
def test_no_writing_of_it_gets_through(address: str) -> None:
    """Read as the URL standard reads it: without blanks at the ends, tabs and line breaks."""
    read = re.sub(r"[\t\n\r]", "", re.sub(r"^[\x00-\x20]+", "", as_address(address)))
    assert re.match(r"(?:javascript|data):", read, re.IGNORECASE) is None


@pytest.mark.parametrize(
    "source",
    [
        '<a href="https://shop.org/{{ u }}">x</a>',
        "<p>{{ u }}</p>",
        '<p title="{{ u }}">x</p>',
        '<a data-href="{{ u }}">x</a>',
    ],
)
def test_what_is_no_address_stays_as_it_is(source: str) -> None:
    """The author wrote the scheme, or it is followed by nobody."""
    assert guarded(source) == source


def test_reports_show_what_the_author_wrote() -> None:
    """Links are told apart by their expressions."""
    for value in ("{{ order.url }}", "{{ a }}/x?y={{ b }}", "{{ a }}{{ b }}", "https://shop.org/{{ a }}"):
        assert unguarded(guarded(f'<a href="{value}">')[len('<a href="') : -2]) == value
    variant = VariantSource("email", "en", "Hi", html='<a href="{{ order.url }}">x</a>', text="x")
    compiled = MinijinjaCompiler().compile(TemplateSource("a", "A", (variant,)), variant)
    assert [link.url for link in compiled.links] == ["{{ order.url }}"]
    assert all(
        "as_address" in compiled.programs[name] for name in ("html", "wire.html", "links.html", "wire.links.html")
    )


def test_a_variable_that_is_missing_is_still_told() -> None:
    """The filter does not print what is not there."""
    with pytest.raises(Exception, match="'u'"):
        printed('<a href="{{ u }}">x</a>')
