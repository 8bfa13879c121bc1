"""Whatever a variable says, it stays where its author put it: no element, attribute, address or style comes out of a value."""

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.model import TemplateSource, VariantSource
from posthouse.rendering import engine
from posthouse.rendering.compiler import MinijinjaCompiler
from posthouse.rendering.guarding import guarded

ENGINE = engine.environment()
PLACES = (
    '<td style="background:#fff url({{ u }}) top">x</td>',
    "<td style=\"background-image: url('{{ u }}')\">x</td>",
    '<td style="color:{{ u }};width:10px">x</td>',
    "<td style={{ u }}>x</td>",
    '<style>.a { background: url( "{{ u }}" ) } .b { color: {{ u }} }</style>',
    "<a href={{ u }} class={{ u }}>x</a>",
    "<a title={{ u }}x href=/{{ u }}>x</a>",
    '<img srcset="{{ u }} 1x, https://shop.org/{{ u }} 2x" alt="">',
    '<img srcset={{ u }} alt="">',
    '<form action="{{ u }}"><button formaction={{ u }}>x</button></form>',
    '<svg><a xlink:href="{{ u }}">x</a></svg>',
    '<body background="{{ u }}"><video poster={{ u }}></video></body>',
    '<a {% if true %}href="{{ u }}"{% endif %} ping="{{ u }}">x</a>',
    '<!--[if mso]><v:fill src="{{ u }}" color={{ u }} /><![endif]--><p {{ "hidden" if true }}>{{ u }}</p>',
)
HOSTILE = st.lists(
    st.sampled_from(
        ["javascript:", "JaVa\tScRiPt:", "data:text/html,", "vbscript:", "alert(1)", '"', "'", ">", "<", "<b>", " onerror=x",
         " ", ")", "(", ";", "}", "{",
         "\\", "/*", "*/", "url(", "u/**/rl(", "expression(", "@import", "&#106;", "&quot;", "\n", "\x0c", "=", "/", ",", "a", "é"]
    ),
    max_size=6,
).map("".join)  # fmt: skip
URLS = frozenset({"href", "src", "action", "formaction", "background", "poster", "xlink:href", "srcset", "ping"})
RUNS = re.compile(r"(?:javascript|vbscript|data|file):")

RUNS_IN_STYLE = re.compile(r"url\(\s*[\"']?\s*(?:javascript|vbscript|data|file):|expression\(")


class Seen(HTMLParser):
    """What a browser makes of a page: elements with the names of their attributes; addresses and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.built: list[tuple[str, tuple[str, ...]]] = []
        self.addresses: list[str] = []
        self.styles: list[str] = []
        self._style = False
        self.feed(page.replace("<!--[if mso]>", "").replace("<![endif]-->", ""))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.built.append((tag, tuple(name for name, _ in attrs)))
        for name, value in attrs:
            if name in URLS:
                self.addresses += (value or "").split(",") if name == "srcset" else [value or ""]
        self.styles += [value or "" for name, value in attrs if name == "style"]
        self._style = tag == "style"

    def handle_data(self, data: str) -> None:
        if self._style:
            self.styles.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.built.append((f"/{tag}", ()))
        self._style = False


def seen(source: str, value: str) -> Seen:
    ENGINE.add_template("tried.html", guarded(source))
    return Seen(engine.run(ENGINE, "tried.html", {"u": value}))


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=60, deadline=None)
@given(HOSTILE)
@example("javascript:alert(1)")
@example("x) ; background: url(javascript:alert(1))")
@example('" onmouseover=alert(1) x="')
@example("a onmouseover=alert(1)")
@example("red}</style><script>alert(1)</script>")
@example("u/**/rl(https://spy.example/)")
@example("https://a.example/1.png 1x, javascript:alert(1) 2x")
def test_a_value_stays_in_its_place(place: str, value: str) -> None:
    """The same elements and attributes as with a harmless value; no address that runs, and in styles none but the author's."""
    harmless, tried = seen(place, "a"), seen(place, value)
    assert tried.built == harmless.built
    for address in tried.addresses:
        read = re.sub(r"[\t\n\r]", "", re.sub(r"^[\x00-\x20]+", "", address)).lower()
        assert RUNS.match(read) is None
    for before, style in zip(harmless.styles, tried.styles, strict=True):
        read = re.sub(r"/\*.*?\*/", "", style).lower()
        assert read.count("url(") == before.count("url(")
        assert RUNS_IN_STYLE.search(re.sub(r"[\t\n\r]", "", read)) is None
        assert (read.count("{"), read.count("}")) == (before.count("{"), before.count("}"))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("<p>a</p>\n<a onclick=\"open('{{ u }}')\">x</a>", "a variable in onclick would be a script"),
        ('<p>a</p>\n<iframe srcdoc="{{ u }}"></iframe>', "srcdoc"),
        ('<p>a</p>\n<meta http-equiv="refresh" content="0;url={{ u }}">', "refresh"),
        ("<p>a</p>\n<meta content={{ u }} http-equiv=Refresh>", "refresh"),
        ("<p>a</p>\n<td {{ u }}>x</td>", "stands between attributes"),
        ("<p>a</p>\n<a {{ name }}='x'>x</a>", "stands between attributes"),
        ("<p>a</p>\n<{{ u }}>x</p>", "names an element"),
        ("<p>a</p>\n<b>x</{{ u }}>", "names an element"),
    ],
)
def test_where_nothing_keeps_a_value_in_its_place_publishing_refuses_it(source: str, told: str) -> None:
    """With the line, and what to do."""
    variant = VariantSource("email", "en", "Hi", html=source, text="x")
    with pytest.raises(ValidationError) as caught:
        MinijinjaCompiler().compile(TemplateSource("a", "A", (variant,)), variant)
    (problem,) = caught.value.fields
    assert problem.pointer == "/variants/0/html"
    assert problem.detail.startswith("line 2: ")
    assert told in problem.detail


@pytest.mark.parametrize(
    "value", ["#1a2b3c", "rgb(1, 2, 3)", "12px", "50%", "'Helvetica Neue', Arial", "color:red;font-weight:bold"]
)
def test_styles_that_load_nothing_are_printed_as_they_are(value: str) -> None:
    """Colours, lengths, fonts, and several declarations."""
    assert seen('<p style="color:{{ u }}">x</p>', value).styles == [f"color:{value}"]
    address = "https://shop.org/a_b.png?x=1&y=2"
    assert html.unescape(seen('<p style="background:url({{ u }})">x</p>', address).styles[0]).endswith(
        f"url({address})"
    )
