"""Template tags come through MJML unharmed, or publishing refuses and says where."""

import pytest
from tests.unit.rendering.conftest import release_of

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.model import Release, TemplateSource, VariantSource
from posthouse.rendering.compiler import MinijinjaCompiler
from posthouse.rendering.renderer import MinijinjaRenderer

ITEMS = ["one", "two", "three"]
SECTION = "<mj-section><mj-column>{}</mj-column></mj-section>"
PLACES = {
    "sections in the body": ("{}", "<mj-section><mj-column><mj-text>{{ i }}</mj-text></mj-column></mj-section>"),
    "sections in a wrapper": (
        "<mj-wrapper>{}</mj-wrapper>",
        "<mj-section><mj-column><mj-text>{{ i }}</mj-text></mj-column></mj-section>",
    ),
    "columns of a fixed width": (
        "<mj-section>{}</mj-section>",
        '<mj-column width="30%"><mj-text>{{ i }}</mj-text></mj-column>',
    ),
    "items in a column": (
        SECTION,
        '<mj-text>{{ i }}</mj-text><mj-button href="https://x.example/{{ i }}">{{ i }}</mj-button>',
    ),
    "rows of a table": (SECTION.format("<mj-table>{}</mj-table>"), "<tr><td>{{ i }}</td><td>x</td></tr>"),
    "items of a list": (SECTION.format("<mj-text><ul>{}</ul></mj-text>"), "<li>{{ i }}</li>"),
}


def mjml(body: str, head: str = "") -> str:
    return f"<mjml><mj-head>{head}</mj-head><mj-body>{body}</mj-body></mjml>"


def release(body: str, head: str = "") -> Release:
    variant = VariantSource("email", "en", "s", mjml=mjml(body, head))
    return release_of(TemplateSource("k", "n", (variant,)))


def refusal(body: str, head: str = "") -> list[str]:
    variant = VariantSource("email", "en", "s", mjml=mjml(body, head))
    with pytest.raises(ValidationError) as refused:
        MinijinjaCompiler().compile(TemplateSource("k", "n", (variant,)), variant)
    return [problem.detail for problem in refused.value.fields]


@pytest.mark.parametrize("place", PLACES)
def test_a_loop_gives_what_unrolling_by_hand_gives(place: str) -> None:
    """A loop over three items equals the same MJML written three times."""
    around, item = PLACES[place]
    looped = release(around.format("{% for i in items %}" + item + "{% endfor %}"))
    unrolled = release(around.format("".join(item.replace("{{ i }}", word) for word in ITEMS)))
    renderer = MinijinjaRenderer()
    by_loop, by_hand = renderer.plain(looped, {"items": ITEMS}), renderer.plain(unrolled, {})
    assert by_loop.html == by_hand.html
    # Columns that are known when it is published are set under each other, those of a loop have a stroke between.
    assert by_loop.text.replace("|", " ").split() == by_hand.text.split()


def test_tags_survive_everywhere_they_may_stand() -> None:
    """Title, preview, style, attribute, text with < and quotes: each prints what it should."""
    made = release(
        SECTION.format(
            '<mj-text color="{{ colour }}">{{ "a < b" }} {% if 1 < 2 %}<b>{{ d["x"] }}</b>{% endif %}</mj-text>'
            '<mj-image src="{{ src }}" alt="{{ d["x"] }}" /><mj-button href="{{ src }}?a=1&amp;b=2">Go</mj-button>'
        ),
        "<mj-title>T {{ d.x }}</mj-title><mj-preview>P {{ d.x }}</mj-preview>"
        "<mj-style>.a { color: {{ colour }}; } {% if big %}.b { color: red }{% endif %}</mj-style>",
    )
    html = (
        MinijinjaRenderer()
        .plain(made, {"colour": "#123456", "d": {"x": "it's"}, "src": "https://i.example/", "big": 1})
        .html
    )
    assert html is not None
    for wanted in ("<title>T it&#x27;s", "P it&#x27;s", ".a { color: #123456; } .b { color: red }", "a &lt; b <b>it"):
        assert wanted in html
    assert 'href="https://i.example/?a=1&amp;b=2"' in html
    assert 'alt="it&#x27;s"' in html


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (SECTION.format("<mj-txt>x</mj-txt>"), "did you mean 'mj-text'"),
        (SECTION.format('<mj-text colour="red">x</mj-text>'), "did you mean 'color'"),
        (SECTION.format('<mj-image src="https://x.example/a.png" />'), "needs alt"),
        (SECTION.format('<mj-text mj-class="a b">x</mj-text>'), "one mj-class only"),
        ("<mj-wrapper><mj-raw>x</mj-raw></mj-wrapper>", "Outlook comment"),
        (SECTION.format("<mj-text><![CDATA[x]]></mj-text>"), "CDATA"),
        (SECTION.format("<mj-text>a<br>b</mj-text>"), "<br />"),
        (SECTION.format('<mj-image alt="" src="x" width="{{ w }}px" />'), "must be a constant"),
        ("<mj-section>{{ x }}</mj-section>", "put it into an <mj-text>"),
        (SECTION.format("<mj-social>{% if x %}{% endif %}</mj-social>"), "cannot stand inside <mj-social>"),
        (SECTION.format("<mj-table><tr {% if x %}a='b'{% endif %}></tr></mj-table>"), "between attributes"),
        (SECTION.format("<mj-text>{{ x </mj-text>"), "never closed"),
        (SECTION.format("<mj-text><p>x</mj-text>"), "strict XML"),
    ],
)
def test_what_would_be_dropped_in_silence_is_told(body: str, told: str) -> None:
    """The compiler passes over these without a word; we say what is wrong."""
    assert any(told in detail for detail in refusal(body)), refusal(body)


def test_a_tag_that_mjml_drops_stops_the_publication() -> None:
    """A font that no element uses disappears, and the tag with it: better refused than missing."""
    details = refusal(SECTION.format("<mj-text>x</mj-text>"), '<mj-font name="Odd" href="{{ font }}" />')
    assert details == [
        "line 1: {{ font }} would be lost or moved by MJML here; put it into an element's text or attribute"
    ]


def test_problems_name_their_line() -> None:
    """A tag between elements, an unknown element, an unknown attribute: each with the author's own line number."""
    details = refusal(
        "\n" + SECTION.format('\n<mj-txt>{% raw %}\n{% endraw %}</mj-txt>\n<mj-text padding-up="1px">x</mj-text>')
    )
    assert [detail.partition(":")[0] for detail in details] == ["line 3", "line 3", "line 5"]


def test_social_icons_never_come_from_a_vendor() -> None:
    """Nor do fonts: a mail that is opened tells no third party."""
    made = release(
        SECTION.format(
            '<mj-social><mj-social-element name="facebook" href="x" alt="f">f</mj-social-element></mj-social>'
        )
    )
    assert "https://icons.example/facebook" in made.programs["html"]
    assert "googleapis" not in made.programs["html"]
    assert "mailjet" not in made.programs["html"]
