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


DATA = """<table><tr><th scope="col" align="left">Item</th><th scope="col" align="right">Amount</th></tr>
{% for l in lines %}<tr><td align="left">{{ l.n }}<br>{{ l.q }} at {{ l.p }}</td><td align="right">{{ l.t }}</td></tr>{% endfor %}</table>
<table><tr><td>Total</td><td align="right">{{ total }}</td></tr>{% if off %}
<tr><td>Less "5 %"</td><td align="right">{{ off }}</td></tr>{% endif %}</table>
<table><tr><th scope="row">Delivery address</th><td>{{ address }}</td></tr><tr><th scope="row">收货</th><td>x</td></tr></table>"""


def test_tables_stand_in_columns(make: Callable[..., Release]) -> None:
    """Amounts end where their headings do, also beside letters of double width; what follows labels starts in one column."""
    lines = [{"n": "Mug", "q": 2, "p": "£1", "t": "£2"}, {"n": "茶壺", "q": "一個", "p": "£9", "t": "£9.00"}]
    seen = MinijinjaRenderer().plain(
        make(html=DATA), {"lines": lines, "total": "£11.00", "off": "£" + "1" * 50, "address": "7 Road"}
    )
    assert seen.text.split("\n") == [
        "Item" + " " * 44 + "Amount",
        "Mug",
        "2 at £1 " + "." * 43 + " £2",
        "茶壺",
        "一個 at £9 " + "." * 37 + " £9.00",
        "",
        "Total " + "." * 41 + " £11.00",
        'Less "5 %" £' + "1" * 50,
        "",
        "Delivery address   7 Road",
        "收货               x",
        "",
    ]


def test_a_row_that_is_no_expression_is_a_plain_row(make: Callable[..., Release]) -> None:
    """Conditions in a cell, and addresses of ours, which are found in constant text."""
    row = '<table><tr><td>{% if a %}{{ a }}{% endif %}</td><td align="right">1</td></tr></table>'
    own = '<table><tr><td><a href="posthouse:unsubscribe">Off</a></td><td align="right">{{ a }}</td></tr></table>'
    release = make(html=row + own)
    assert "{% if a %}{{ a }}{% endif %} | 1\n" in release.programs["text"]
    assert "posthouse:unsubscribe> | {{ a }}" in release.programs["text"]


def test_amounts_of_other_scripts_end_at_the_left(make: Callable[..., Release]) -> None:
    """Where the writing goes from right to left, the end of a row is on the left."""
    table = '<table><tr><td align="right">مجموع</td><td align="left">{{ a }}</td></tr></table>'
    assert "|row_end(" in make(html=f'<html dir="rtl"><body>{table}</body></html>').programs["text"]


def test_long_addresses_become_notes_when_there_are_several(make: Callable[..., Release]) -> None:
    """One alone, short ones, buttons, and what a condition holds stay in their place; a number means one address."""
    release = make(
        html='<p>Read the <a href="{{ a }}">terms</a> and the <a href="https://x.example/{{ b }}">rules</a>; '
        '<a href="https://x.example/">home</a>. The <a href="{{ a }}">terms</a> count.</p>'
        '<p><a href="https://x.example/a/very/long/address/of/a/button?x=1">Pay</a></p>'
        '{% if c %}<p>Or <a href="{{ c }}">wait</a> a little.</p>{% endif %}<p>Bye</p>'
    )
    seen = MinijinjaRenderer().plain(release, {"a": "https://a.example/1", "b": "2", "c": "https://c.example/"})
    assert seen.text == (
        "Read the terms [1] and the rules [2]; home <https://x.example/>. The terms [1] count.\n\n"
        "Pay <https://x.example/a/very/long/address/of/a/button?x=1>\n\nOr wait <https://c.example/> a little.\n\nBye\n\n"
        "[1] https://a.example/1\n[2] https://x.example/2\n"
    )
    assert "[1]" not in text_of('<p>See <a href="https://x.example/a/very/long/address/of/something">it</a> there</p>')


def test_scores_have_a_line_each() -> None:
    """A star says nothing: the name it has for screen readers does."""
    stars = "".join(f'<a href="https://x.example/{n}" aria-label="{n} / 4">★</a> ' for n in range(1, 5))
    assert text_of(f"<p>{stars}</p>") == "\n".join(f"{n} / 4: https://x.example/{n}" for n in range(1, 5))


@pytest.mark.parametrize("shown", [(), ("a",), ("b",), ("c",), ("a", "b", "c")])
def test_what_is_not_shown_leaves_no_empty_line(make: Callable[..., Release], shown: tuple[str, ...]) -> None:
    """One empty line stands between paragraphs, whichever of them are there; none before the last rows of a table."""
    release = make(
        html="<h1>Hi</h1>{% if a is defined %}<p>A</p>{% endif %}{% if b is defined %}<table><tr><td>x</td></tr>"
        "{% if c is defined %}<tr><td>y</td></tr>{% endif %}</table>{% endif %}{% for i in [1, 2] %}{% if i %}<p>{{ i }}</p>{% endif %}"
        "{% endfor %}<div>&#8202;</div><p>Bye</p>"
    )
    text = MinijinjaRenderer().plain(release, dict.fromkeys(shown, 1)).text
    middle = ["A"] * ("a" in shown) + ["x\ny" if "c" in shown else "x"] * ("b" in shown)
    assert text == "\n\n".join(["Hi", *middle, "1", "2", "Bye"]) + "\n"


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
