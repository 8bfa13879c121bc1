"""Short ways through compiling give what the long ways give."""

import re
import subprocess
import sys
from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st

from posthouse.core.templates.model import Release
from posthouse.rendering import quoted, scanning, tags
from posthouse.rendering.checker import SchemaChecker
from posthouse.rendering.controls import without_controls
from posthouse.rendering.guard import Walker
from posthouse.rendering.remembering import remembered
from posthouse.rendering.scanning import scan

LINES = st.lists(st.sampled_from(["x" * 72, "x" * 30, "=20", "=C3=A9", ".", "a", " "]), min_size=1, max_size=40).map(
    "".join
)
MARKUP = st.lists(
    st.sampled_from(
        ["<a ", "<mj-text", "</a>", '"', "'", ">", "/>", "/", "=", ' b="c>d"', " x", "<!--", "-->", "<br/>"]
    ),
    max_size=14,
).map("".join)

TAGS = st.tuples(
    st.sampled_from(["{{", "{%"]),
    st.lists(st.sampled_from([" a", "'", '"', "\\", "(", ")", "[", "]", "}", "%", "}}", "%}", "raw"]), max_size=9),
    st.sampled_from(["}}", "%}"]),
).map(lambda parts: f"x {parts[0]}{''.join(parts[1])}{parts[2]} {{{{ y }}}}")


class Heard:
    """Notes what a scan tells, and where."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, int]] = []

    def text(self, data: str, at: int) -> None:
        self.told.append(("text", data, at))

    def raw(self, data: str, at: int) -> None:
        self.told.append(("raw", data, at))

    def opened(self, tag: str, rest: str, at: int) -> None:
        self.told.append((tag, rest, at))

    def closed(self, tag: str) -> None:
        self.told.append(("/", tag, 0))

    def comment(self, data: str) -> None:
        self.told.append(("!", data, 0))


def one_by_one(html: str) -> list[tuple[str, str, int]]:
    """What a scan tells that reads each tag by itself."""
    heard, outlook, at = Heard(), scanning._OutlookEnds(html), 0
    while at >= 0 and (sign := html.find("<", at)) >= 0:
        if sign > at:
            heard.text(html[at:sign], at)
        at = scanning._past_one(html, sign, outlook, heard)
    if 0 <= at < len(html):
        heard.text(html[at:], at)
    return heard.told


@given(LINES)
def test_long_lines_are_cut_at_the_same_places(line: str) -> None:
    """One expression cuts as the loop does, never within an escape; no line is too long, none begins with a dot."""
    folded = quoted._fold(line)
    assert folded == quoted._fold_with_dots(line)
    assert all(len(cut) <= 76 and not cut.startswith(".") for cut in folded.split("\r\n"))
    assert folded.replace("=\r\n", "").replace("=2E", ".") == line


@given(MARKUP)
def test_a_tag_is_read_as_a_whole_or_sign_by_sign(markup: str) -> None:
    """Where a tag stands after some markup does not depend on how that came: in one piece or letter by letter."""
    whole, letters = Walker(), Walker()
    whole.feed(markup)
    for sign in re.findall(r"<!--|-->|</?[A-Za-z][\w-]*|/?>|.", markup, re.DOTALL):
        letters.feed(sign)
    assert (whole.place, whole.stack) == (letters.place, letters.stack)


def test_a_sign_in_quotes_ends_no_tag() -> None:
    """The first > is not the end where it stands in a value, whichever quotes stand before it."""
    heard = Heard()
    scan("""<a x='"' y=">b">in</a><p title='a>b'>t</p><i " x=">..">u</i>""", heard)
    assert [told[1] for told in heard.told if told[0] == "text"] == ["in", "t", "u"]


@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "<td a='x > y'>",
                "</td>",
                "<br/>",
                "<",
                ">",
                " ",
                "word",
                "<!-- ",
                "-->",
                "<!--[if mso]>",
                "<![endif]-->",
                "<!x>",
                "<style>",
                "</style>",
                '<a b="',
                '"',
                "'",
            ]
        ),
        max_size=12,
    ).map("".join)
)
@example("<p><!--[if mso]><!-- -->words<![endif]--></p>")
def test_markup_between_words_is_told_at_once_as_tag_by_tag(html: str) -> None:
    """A run of tags that was read before says the same again, at its new place."""
    for source in (html, f"more {html}"):
        heard = Heard()
        scan(source, heard)
        assert heard.told == one_by_one(source)


def test_a_tag_that_looks_simple_is_read_right() -> None:
    """Raw blocks, trim signs, modulo and the longest tag that is allowed."""
    source = "{%- raw -%}{{ a }}{%- endraw -%}{{- b -}}{{ c % 2 }}{% if d %}"
    kinds = [(piece.kind, piece.code) for piece in tags.pieces(source)]
    expression, block = tags.Kind.EXPRESSION, tags.Kind.BLOCK
    assert kinds == [(tags.Kind.RAW, "{{ a }}"), (expression, "b"), (expression, "c % 2"), (block, "if d")]
    longest = "{{ " + "a" * (tags.MAX_CODE - 4) + " }}"
    assert tags.pieces(longest)[0].code == longest[3:-3]


def test_only_short_texts_are_remembered() -> None:
    """What somebody sends cannot fill the memory."""
    asked: list[int] = []

    @remembered(4)
    def length(text: str) -> int:
        asked.append(len(text))
        return len(text)

    assert [length(text) for text in ("a", "a", "b" * 4_000, "b" * 4_000)] == [1, 1, 4_000, 4_000]
    assert asked == [1, 4_000, 4_000]


def test_one_schema_is_compiled_once_and_kept_apart_from_others(make: Callable[..., Release]) -> None:
    """Releases with the same schema answer alike; another schema answers for itself."""
    checker, releases = SchemaChecker(), [make(html=html) for html in ("{{ a }}", "<p>{{ a }}</p>", "{{ b }}")]
    assert [bool(checker.problems(one, {"a": "x"})) for one in releases] == [False, False, True]


@given(TAGS)
@example(r"{{ '\'}}' }}")
@example(r'{% set a = "\"%}" %}')
@example("{{ a('}}', [1]) }} {{ a[')'] }}")
@example("{{ (a }} ) }}")
def test_a_tag_found_at_once_is_the_one_found_sign_by_sign(source: str) -> None:
    """Strings, brackets, braces in strings, modulo: where the end of a tag is seen at once, it is the right one."""
    try:
        found = tags.pieces(source)
    except tags.TagError:
        return
    for piece in found:
        if piece.source.startswith(("{{", "{%")):
            assert piece == tags._tag(source, piece.start)
    assert "".join(piece.source for piece in found) == source


@given(st.text(st.sampled_from("a\x00\x08\t\n\r\x0b\x1f \x7f\x80é€\ud800😀"), max_size=40))
def test_control_characters_go_from_long_texts_as_from_short_ones(text: str) -> None:
    """Which way a text goes does not matter: line feeds and tabs stay, and so does all that is no control character."""
    assert without_controls(text * 20) == "".join([without_controls(sign) for sign in text * 20])


def test_a_process_that_compiles_loads_nothing_else() -> None:
    """Neither stores nor the name system nor the web: presses start in half the time."""
    told = "import sys, posthouse.rendering.press; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True).stdout.split()
    assert not {"sqlalchemy", "dns", "starlette", "posthouse.bootstrap"} & set(loaded)
