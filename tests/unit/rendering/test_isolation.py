"""Values of another writing direction do not reorder what stands around them (Unicode UAX #9)."""

import quopri
import re
from collections.abc import Callable, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.rendering.conftest import release_of

from posthouse.core.templates.attachments.model import Pdf
from posthouse.core.templates.model import Release, TemplateSource, VariantSource
from posthouse.rendering.isolation import FSI, PDI, needed
from posthouse.rendering.renderer import MinijinjaRenderer

NAME = "ישראל ישראלי"
PAGE = """<html{dir}><head><title>{{{{ name }}}}</title><style>p::after {{ content: "{{{{ name }}}}" }}</style></head><body>
<!--[if mso]>{{{{ name }}}}<![endif]--><p title="a > {{{{ name }}}}">{{% if name %}}({{{{- name -}}}} ){{% endif %}}, {{{{ total|money('EUR') }}}}</p>
<a href="https://shop.example/{{{{ name|urlencode }}}}/{{{{ number }}}}">{{{{ number }}}}</a> <a href="{{{{ url }}}}">{{{{ url }}}}</a>
<table><tr><td>{{{{ name }}}}, 2 of (x)</td><td align="{end}">{{{{ number }}}}</td></tr></table>{{{{ made|safe }}}}</body></html>"""
VALUES = {"name": "Ann & Co.", "number": "#A-1 (B)", "total": 12, "url": "https://shop.example/a", "made": "<p>x</p>"}
SIGNS = re.compile(f"</?bdi>|[{FSI}{PDI}]")


class Links:
    """Writes links."""

    def write(self, marks: Sequence[str]) -> list[str]:
        """One address for each."""
        return [f"https://t.example/{mark[:1]}" for mark in marks]


def mail(locale: str, text: str | None = None) -> Release:
    page = PAGE.format(dir=' dir="rtl"' if locale == "he" else "", end="left" if locale == "he" else "right")
    variant = VariantSource("email", locale, "{{ number }}: {{ name }}", html=page, text=text)
    return release_of(TemplateSource("order", "Order", (variant,), default_locale=locale))


def test_isolates_stand_around_values_in_text_only() -> None:
    """Not in attributes, addresses, styles, titles, parts for Outlook; nor around formats or markup."""
    seen = MinijinjaRenderer().plain(mail("he"), VALUES)
    assert seen.html is not None
    assert seen.html.partition("<body>")[2].split("\n")[1:4] == [
        '<!--[if mso]>Ann &amp; Co.<![endif]--><p title="a > Ann &amp; Co.">(<bdi>Ann &amp; Co.</bdi>), \u200f12.00\u00a0\u200f€</p>',
        '<a href="https://shop.example/Ann%20%26%20Co./#A-1 (B)"><bdi>#A-1 (B)</bdi></a> <a href="https://shop.example/a"><bdi>https://shop.example/a</bdi></a>',
        '<table><tr><td><bdi>Ann &amp; Co.</bdi>, 2 of (x)</td><td align="left"><bdi>#A-1 (B)</bdi></td></tr></table><p>x</p></body></html>',
    ]
    assert "bdi" not in seen.html.partition("<body>")[0]
    assert seen.subject == f"{FSI}#A-1 (B){PDI}: {FSI}Ann & Co.{PDI}"
    assert f"({FSI}Ann & Co.{PDI} ), \u200f12.00" in seen.text
    row = next(line for line in seen.text.split("\n") if "2 of" in line)
    assert row == f"{FSI}Ann & Co.{PDI}, 2 of (x) {'.' * 25} {FSI}#A-1 (B){PDI}"
    assert len(SIGNS.sub("", row)) == 54
    assert "/a\n" in seen.text


def test_mails_from_left_to_right_change_only_where_a_value_needs_it() -> None:
    """The same bytes as without it, until somebody's name is Hebrew; then that name alone is kept apart in lines of text."""
    release, renderer = mail("en"), MinijinjaRenderer()
    without = msgspec.structs.replace(release, isolates="", id=b"o" * 16)
    assert renderer.wire(release, VALUES) == renderer.wire(without, VALUES)
    seen = renderer.plain(release, {**VALUES, "name": NAME})
    assert seen.subject == f"#A-1 (B): {FSI}{NAME}{PDI}"
    assert f"\n{FSI}{NAME}{PDI}, 2 of (x) {'.' * 22} #A-1 (B)\n" in seen.text
    assert f"<bdi>{NAME}</bdi>, 2 of (x)" in str(seen.html)
    assert SIGNS.sub("", str(seen.html)) == renderer.plain(without, {**VALUES, "name": NAME}).html


words = st.text(alphabet="aZ9 .(#+שלאب\u202e\u2068\u2069é漢&<\n", max_size=8)


@pytest.mark.parametrize("links", [None, Links()])
@given(name=words, number=words)
def test_what_is_sent_is_what_is_shown(links: Links | None, name: str, number: str) -> None:
    """The wire form decodes to what is shown, with and without tracked links, whatever the values hold."""
    renderer, variables = MinijinjaRenderer(), {**VALUES, "name": name, "number": number}
    for release in RELEASES:
        plain, wire = (shown(release, variables, links=links) for shown in (renderer.plain, renderer.wire))
        assert quopri.decodestring(wire.html or b"").decode().replace("\r\n", "\n") == plain.html
        assert quopri.decodestring(wire.text).decode().replace("\r\n", "\n") == plain.text
        assert wire.subject == plain.subject
        assert plain.subject.count(FSI) <= plain.subject.count(PDI)


RELEASES = (mail("he"), mail("en"))


def test_a_value_cannot_end_its_isolate() -> None:
    """Signs that turn the direction stay inside, those that end an isolate are dropped, and each line has its own."""
    release = mail("en", "Dear {{ name }}, {{ number }} https://shop.example/{{ number }}")
    seen = MinijinjaRenderer().plain(release, {**VALUES, "name": "a\u202eb\u2069c", "number": "ש\nב"})
    assert seen.text.startswith(f"Dear {FSI}a\u202ebc{PDI}, {FSI}ש{PDI}\n{FSI}ב{PDI} https://shop.example/ש")


def test_pages_of_pdfs_get_signs() -> None:
    """Their engine does not know the element."""
    variant = VariantSource("email", "he", "ש", html="<p>ש</p>")
    paper = Pdf(name="a.pdf", source="bill", html={"he": '<p title="{{ n }}">ש {{ n }}</p>'})
    source = TemplateSource("bill", "Bill", (variant,), default_locale="he", attachments=(paper,))
    release = release_of(source)
    (made,) = MinijinjaRenderer().attachments(release, {"n": "A-1."})
    assert isinstance(made, Pdf)
    assert made.html == {"": f'<p title="A-1.">ש {FSI}A-1.{PDI}</p>'}


def test_push_titles_but_no_sms_and_no_links() -> None:
    """Two letters for each value would cost an SMS its segment."""
    said = {"title": "ש {{ n }}", "body": "ש {{ n }}", "link": "https://shop.example/{{ n }}"}
    variants = (
        VariantSource("push", "he", "", content=said),
        VariantSource("sms", "he", "", content={"text": "ש {{ n }}"}),
    )
    push, sms = (release_of(TemplateSource("k", "n", variants), one) for one in variants)
    seen = MinijinjaRenderer().plain(push, {"n": "A-1"}).content
    assert (seen.title, seen.link) == (f"ש {FSI}A-1{PDI}", "https://shop.example/A-1")  # type: ignore[union-attr]
    assert MinijinjaRenderer().plain(sms, {"n": "A-1"}).text == "ש A-1"


def test_programs_that_take_hold_of_their_output_are_left_alone(make: Callable[..., Release]) -> None:
    """A macro may print into an attribute."""
    html = '{% macro m(x) %}{{ x }}{% endmacro %}<p title="{{ m(name) }}">{{ m(name) }}</p>'
    assert (
        MinijinjaRenderer().plain(make(html=html, text="-"), {"name": NAME}).html == f'<p title="{NAME}">{NAME}</p>\n'
    )


@pytest.mark.parametrize("value", ["ש", "\u0627", "ﷺ", "ﺏ", "𐤀", "\u202e", "\u2068", "\u200f", "ܐ", "ࡀ"])
def test_every_script_written_from_right_to_left_is_seen(value: str) -> None:
    """In the JSON of the variables, where also Armenian, Greek, Cyrillic, euro signs and emoji stand."""
    assert needed("ltr", f'{{"a":"{value}"}}'.encode())
    assert not needed("ltr", '{"a":"Ֆ Ω Ж € é 漢 한 ไ 😀 \u2014"}'.encode())
