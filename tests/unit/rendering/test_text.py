"""A text part is derived at publish, as a program with its tags kept."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.model import Release
from posthouse.rendering.html_text import derive_text
from posthouse.rendering.renderer import MinijinjaRenderer
from posthouse.rendering.tags import TagError


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


_TAGS = st.sampled_from(
    [
        "<p>", "</p>", '<P class="a">', "<br />", "<br>", "<td>", "</td>", "<tr>", "</tr>", "<table>", "</table>", "<ul><li>", "</li>",
        '<a href="https://x.example/?a=1&amp;b=2">', "</a>", '<img alt="A &lt;picture&gt;" />', '<table role="presentation">',
        '<div style="display:none">', "</div>", "<p hidden>", "<style>", "</style>", "<h1>", "</h1>", "<hr/>", "<!doctype html>", "<",
        "<!--[if mso]>", "<![endif]-->", "<a href='single'>", "&nbsp;", "&lt;b&gt;", "&#123;&#123;", "{{ a }}", "{% if a %}", "{% endif %}",
    ]
)  # fmt: skip


@given(st.lists(_TAGS | st.text(alphabet="ab \n&;{%}\"'=/>", max_size=8), max_size=25).map("".join))
@settings(max_examples=400, deadline=None)
def test_the_quick_way_reads_the_same(html: str) -> None:
    """Tidy markup read the quick way gives the very text that the standard library's parser gives."""
    try:
        slow = derive_text(html, quick=False)
    except TagError:
        return
    assert derive_text(html) == slow
