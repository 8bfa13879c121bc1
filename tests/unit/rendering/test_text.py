"""A text part is derived at publish, as a program with its tags kept."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.model import Release
from posthouse.rendering.html_text import derive_text, text_of
from posthouse.rendering.renderer import MinijinjaRenderer


def test_the_text_reads_like_a_letter(make: Callable[..., Release]) -> None:
    """Links keep their address, rows are lines, hidden things are gone, loops loop."""
    release = make(
        html="""<html><head><style>a{}</style></head><body><div style="display:none">preheader</div>
        <!--[if mso]>outlook<![endif]--><h1>Thank you,&nbsp;{{ name }}</h1><p>See <a href="{{ url }}">your order</a>.</p>
        <table>{% for l in lines %}<tr><td>{{ l.n }}</td><td>{{ l.t }}</td></tr>{% endfor %}</table>
        <ul><li>one</li><li>two</li></ul>{% if note %}<p>{{ note }}</p>{% endif %}
        <p>Write to <a href="mailto:a@b.example">a@b.example</a>&zwnj;</p></body></html>"""
    )
    variables = {
        "name": "Ann",
        "url": "https://x.example/?a=1&b=2",
        "lines": [{"n": "Mug", "t": "£1"}] * 2,
        "note": "Hi",
    }
    assert MinijinjaRenderer().plain(release, variables).text == (
        "Thank you, Ann\n\nSee your order <https://x.example/?a=1&b=2>.\n\nMug | £1\nMug | £1\n\n- one\n- two\n\nHi\n\n"
        "Write to a@b.example\n"
    )


def test_braces_of_raw_blocks_stay_text() -> None:
    """What was raw in the HTML is raw in the text."""
    assert "{% raw %}{{ x }}{% endraw %}" in derive_text("<p>{% raw %}{{ x }}{% endraw %}</p>")


def test_entities_never_become_tags(make: Callable[..., Release]) -> None:
    """``&#123;&#123;`` shows two braces, in the text as in the HTML."""
    release = make(html="<p>&#123;&#123; name }}</p>")
    assert MinijinjaRenderer().plain(release, {}).text == "{{ name }}\n"


def test_a_tag_that_would_be_lost_asks_for_a_text_file(make: Callable[..., Release]) -> None:
    """Half of a loop inside something hidden cannot be kept."""
    with pytest.raises(ValidationError, match=r"add a text file"):
        make(html='<div style="display:none">{% for x in y %}</div><p>{{ x }}</p>{% endfor %}')


def test_odd_declarations_are_no_defect(make: Callable[..., Release]) -> None:
    """What the parser of the standard library gives up at is left out, not raised."""
    assert "a" in MinijinjaRenderer().plain(make(html="<p>a</p><![<p>b</p><![x"), {}).text


def test_finished_html_reads_like_a_letter() -> None:
    """Braces are braces there; what is hidden, raw or for Outlook is left out."""
    html = (
        "<!doctype html><title>x</title><style>p > a {}</style><script>if (1 < 2) {}</script>"
        '<div style="display : none">preheader</div><!--[if mso]><p>outlook</p><![endif]--><!--[if !mso]><!--><h1>Hi {{ you }}</h1>'
        '<!--<![endif]--><p>5 < 6 &amp;&nbsp;<a href="mailto:a@b.example?x=1&amp;y">us</a></p><img alt="A cup"><ul><li>one<li>two</ul>'
    )
    assert text_of(html) == "Hi {{ you }}\n\n5 < 6 & us <a@b.example?x=1&y>\n\nA cup\n- one\n- two"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p><p", "a"),
        ("<p>a<!-- never ends", "a"),
        ("<p>a<![CDATA[b]]>c", "ac"),
        ("a<b<c>d", "ad"),
        ("<3 </> é</é>x", "<3 éx"),
        ("<p title='>'>a</p>", "a"),
        ("<a href=x>one<a href=y>two", "one <x>two <y>"),
        ("&#" + "9" * 5_000 + ";&#xD800;&#0;", "\ufffd" * 3),
        ("<script>a", ""),
        ("<a href='java\nscript:x'>a</a>", "a <javascript:x>"),
    ],
)
def test_broken_html_is_read_as_browsers_do(html: str, text: str) -> None:
    """What never ends is left out; nothing is raised."""
    assert text_of(html) == text


HOSTILE = [
    "<!--",
    "<!--[if mso]>",
    "<",
    "<a href=x>",
    '<a ="',
    "<a b ",
    "<a ===",
    "<a" + " " * 50,
    "&#1",
    "&#" + "9" * 50,
    "&amp",
    "<td>x",
    "<table><td>x",
    "<div>",
    "<style>",
    "<style></styl",
    "<p style='display ",
    "<li>",
    "<hr>",
    "</",
    "<!",
    "<p>x",
    "</p>",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_is_linear(unit: str) -> None:
    """Four times as much takes about four times as long, whatever it is: nothing is read over and over again."""

    def seconds(size: int) -> float:
        html = unit * (size // len(unit)) + "</a></p>"
        began = time.process_time()
        text_of(html)
        return time.process_time() - began

    assert min(seconds(200_000) for _ in range(3)) < 8 * min(seconds(50_000) for _ in range(3)) + 0.02


@given(
    st.lists(
        st.sampled_from([*HOSTILE, "</a>", "</table>", "'", '"', ">", "-->", "x", " ", "\n", "hidden", "é", "\x00"])
    ).map("".join)
)
def test_any_html_can_be_read(html: str) -> None:
    """No defect, and no line that is blank at its ends."""
    assert all(line == line.strip(" \t") for line in text_of(html).split("\n"))


def test_a_preheader_of_ones_own_is_padded(make: Callable[..., Release]) -> None:
    """The list of mails shows it and nothing of the body; the text part has neither it nor its padding."""
    seen = MinijinjaRenderer().plain(
        make(html="<body class='a>b'><p>Hi</p></body>", preheader="About {{ x }}"), {"x": "it"}
    )
    assert seen.html is not None
    assert seen.html.startswith("<body class='a>b'><div style=\"display:none")
    assert "About it&#847;&zwnj;&nbsp;" in seen.html
    assert (seen.html.count("&zwnj;"), seen.text) == (60, "Hi\n")
