"""Documents become mails: each kind of block, words by locale, conditions, and what is refused."""

import re

import pytest
from tests.unit.rendering.document.kit import DATA, OFF, ON, document, release, shown, text

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.document_reading import read_document, read_theme
from posthouse.core.templates.theme import DEFAULT_THEME
from posthouse.rendering.document import build

MARK = "marked"
BLOCKS = [
    {"type": "heading", "text": text(MARK)},
    {"type": "text", "text": text(MARK)},
    {"type": "button", "label": text(MARK), "url": "https://x.example/"},
    {"type": "image", "src": "https://x.example/a.png", "alt": text(MARK)},
    {"type": "lines", "each": "order.lines", "columns": [{"value": "marked {{ line.name }}"}]},
    {"type": "facts", "items": [{"label": text("a"), "value": MARK}]},
    {"type": "code", "value": MARK},
    {"type": "rating", "url": "https://x.example/marked/{score}"},
    {"type": "social", "links": [{"label": text(MARK), "url": "https://x.example/"}]},
    {"type": "html", "source": f"<p>{MARK}</p>"},
    {"type": "mjml", "source": f"<mj-text>{MARK}</mj-text>"},
    {
        "type": "mjml",
        "level": "section",
        "source": f"<mj-section><mj-column><mj-text>{MARK}</mj-text></mj-column></mj-section>",
    },
    {"type": "columns", "columns": [{"blocks": [{"id": "in", "type": "text", "text": text(MARK)}]}]},
]


def problems(raw, **how):
    """What a refused document is refused for."""
    with pytest.raises(ValidationError) as refused:
        release(raw, **how)
    return [(found.pointer.removeprefix("/variants/0/document"), found.code) for found in refused.value.fields]


@pytest.mark.parametrize("block", BLOCKS, ids=[f"{block['type']}{index}" for index, block in enumerate(BLOCKS)])
def test_a_block_is_there_only_if_its_condition_holds(block):
    """In the HTML and in the text alike."""
    there = shown(document({**block, "show_if": ON}, {"type": "text", "text": text("rest")}))
    gone = shown(document({**block, "show_if": OFF}, {"type": "text", "text": text("rest")}))
    assert MARK in there.html
    assert MARK in there.text
    assert MARK not in gone.html
    assert MARK not in gone.text
    assert "rest" in gone.text


def test_rows_have_conditions_of_their_own():
    """Totals and facts."""
    totals = [{"label": text("one"), "value": "1", "show_if": ON}, {"label": text("two"), "value": "2", "show_if": OFF}]
    columns = [{"value": "{{ line.name }}", "header": text("Item")}]
    lines = {"type": "lines", "each": "order.lines", "columns": columns, "totals": totals, "empty": text("nothing")}
    for block, row in ((lines, "one " + "." * 48 + " 1\n"), ({"type": "facts", "items": totals}, "one   1\n")):
        said = shown(document(block)).text
        assert row in said
        assert "two" not in said
    assert "nothing" in shown(document(lines), {**DATA, "order": {"lines": []}}).text


def test_values_are_escaped_and_words_too():
    """Neither a variable nor an author's sign can become markup."""
    data = {"name": "<img src=x>"}
    said = shown(document({"type": "heading", "text": text("1 < 2 & {{ name }}")}), data).html
    assert "1 &lt; 2 &amp; &lt;img src=x&gt;" in said
    assert "<img" not in said


def test_rich_text_is_cleaned_and_the_author_hears_of_it():
    """Scripts, styles and handlers go; the allowed subset stays."""
    raw = document(
        {"type": "text", "text": text('<p style="x" onclick="y()">a <b>b</b><script>c()</script> {{ name }}</p>')}
    )
    made = shown(raw)
    assert "a <b>b</b>" in made.html
    assert "onclick" not in made.html
    assert "c()" not in made.html


def test_a_character_reference_never_becomes_a_tag():
    """``&#123;`` is a brace to the reader and nothing to the engine."""
    made = shown(document({"type": "text", "text": text("<p>&#123;{ name }} &#123;% if %}</p>")}))
    assert "{{ name }} {% if %}" in made.text


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JaVaScript:x", "data:text/html,x", "//x.example", "/path", "", "https://", "https://a b", "{{ url }}:x",
     "java{{ name }}:x", "vbscript:x", "https://x/<b>", "\tjavascript:x"],
)  # fmt: skip
def test_only_addresses_that_a_mail_may_hold(url):
    """http, https, mailto, tel, or an expression; in buttons and in rich text."""
    assert problems(document({"type": "button", "label": text("a"), "url": url})) == [("/blocks/0/url", "url")]
    if url:
        assert ("/blocks/0/text", "url") in problems(document({"type": "text", "text": text(f'<a href="{url}">x</a>')}))


@pytest.mark.parametrize(
    "url", ["https://x.example/{{ name }}?a=1", "{{ url }}", "{{ url }}/a:b", "mailto:a@b.example", "tel:+44"]
)
def test_addresses_that_are_fine(url):
    """Expressions may stand anywhere after a scheme that is fixed, or give the whole address."""
    assert "href=" in shown(document({"type": "button", "label": text("a"), "url": url})).html


def test_a_picture_may_travel_with_the_mail():
    """cid: names a code of the template (docs/explain/attachments.md); a link cannot lead there."""
    html = {"type": "html", "source": '<img src="cid:ticket" alt="x" />'}
    made = shown(document({"type": "image", "src": "cid:ticket", "alt": text("Your ticket")}, html)).html
    assert made.count('src="cid:ticket"') == 2
    for url in ("cid:ticket", "cid:"):
        assert problems(document({"type": "button", "label": text("a"), "url": url})) == [("/blocks/0/url", "url")]
    assert problems(document({"type": "image", "src": "cid:a b", "alt": text("x")})) == [("/blocks/0/src", "url")]


def test_words_fall_back_and_missing_ones_are_told():
    """fr-CA takes fr; what is nowhere but in another language is a warning, what is nowhere at all a problem."""
    raw = document(
        {"type": "heading", "text": text("Hello", fr="Bonjour")}, {"type": "text", "text": text("only English")}
    )
    raw["subject"] = text("Hi", fr="Salut")
    made = shown(raw, locale="fr-CA")
    assert made.subject == "Salut"
    assert "Bonjour" in made.text
    assert "only English" in made.text
    raw["blocks"][0]["text"] = {"de": "Hallo"}
    assert problems(raw) == [("/blocks/0/text", "missing")]


def test_all_languages_of_one_direction_have_one_pattern_for_mjml():
    """However long their words and whatever markup these hold: MJML runs once for them."""
    said = text("Hello {{ name }}", fr="<p>Bonjour,</p><ul><li>{{ name }}</li></ul>", ru="Здравствуйте!")
    read = read_document(document({"type": "text", "text": said}, {"type": "heading", "text": said}))
    built = {locale: build(read, DEFAULT_THEME, locale, "en") for locale in ("en", "fr", "ru")}
    assert len({one.pattern for one in built.values()}) == 1
    assert len({one.mjml for one in built.values()}) == 3
    assert "<ul" in built["fr"].mjml


def test_languages_from_right_to_left():
    """The page says so, and start is on the right."""
    raw = document({"type": "text", "text": {"ar": "مرحبا"}}, subject={"ar": "مرحبا"})
    html = shown(raw, locale="ar", default="ar").html
    assert '<html lang="ar" dir="rtl"' in html
    assert "direction:rtl" in html
    assert "text-align:right" in html
    assert "direction:ltr" not in html


def test_what_every_mail_has():
    """Language, dark mode, preheader with padding, roles on layout tables, none on tables of data."""
    lines = {"type": "lines", "each": "order.lines", "columns": [{"value": "{{ line.name }}", "header": text("Item")}]}
    made = shown(document(lines, preheader=text("First & {{ number }}")))
    assert '<html lang="en" dir="ltr"' in made.html
    assert '<meta name="color-scheme" content="light dark"' in made.html
    assert "prefers-color-scheme: dark" in made.html
    assert "First &amp; 7&#847;&zwnj;&nbsp;" in made.html
    assert "First" not in made.text
    tables = re.findall(r"<table[^>]*>", re.sub(r"<!--.*?-->", "", made.html))
    assert sum("role=" not in table for table in tables) == 1
    assert '<th scope="col"' in made.html


def test_dark_colours_that_cannot_be_read_are_told():
    """Of what the document uses: a link without words on a tint says nothing. The built-in theme is silent."""
    raw = {"version": 1, "subject": {"en": "Hi"}, "blocks": [{"type": "heading", "id": "h", "text": {"en": "Hi"}}]}
    dark = {"heading": "#303030", "link": "#303030", "primary": "#7a1f3d", "on_primary": "#7a1f3e"}

    def told(theme):
        built = build(read_document(raw), read_theme(theme), "en", "en")
        return [found.detail for found in built.warnings if found.code == "contrast" and found.pointer == "/theme"]

    assert told({}) == []
    assert [detail.split(" is ")[0] for detail in told({"dark": dark})] == [
        "in dark mode the theme's heading #303030 on page #101412",
        "in dark mode the theme's heading #303030 on surface #191f1c",
    ]
    raw["blocks"].append({"type": "button", "id": "b", "label": {"en": "See"}, "url": "https://x.example/"})
    assert "in dark mode the theme's on_primary #7a1f3e on primary #7a1f3d is 1.0 to 1, 4.5 is wanted" in told(
        {"dark": dark}
    )


def test_the_theme_gives_colours_fonts_and_logo():
    """A picture each for light and dark; nothing of the theme stands in the document."""
    theme = {
        "name": "Fern & Oak",
        "light": {"primary": "#123456"},
        "fonts": {"text": {"family": "Inter", "url": "https://f.example/i.css"}},
    }
    raw = document({"type": "image", "src": "theme:logo"}, {"type": "button", "label": text("a"), "url": "{{ url }}"})
    assert "Fern &amp; Oak" in shown(raw, theme=theme).html
    theme["logo"] = {"url": "https://x.example/l.png", "dark": "https://x.example/d.png", "alt": "Fern & Oak"}
    html = shown(raw, theme=theme).html
    assert 'alt="Fern &amp; Oak"' in html
    assert "https://x.example/d.png" in html
    assert "#123456" in html
    assert "Inter" in html
    assert 'href="https://f.example/i.css"' in html


def test_a_slot_prints_what_fills_it_and_nothing_when_empty():
    """Its parts are escaped like everything else."""
    raw = document({"type": "slot", "name": "promo"}, {"type": "text", "text": text("rest")})
    assert "<h2" not in shown(raw).html
    filled = shown(
        raw, {**DATA, "slots": {"promo": {"heading": "<Sale>", "url": "https://x.example/", "label": "See"}}}
    )
    assert "&lt;Sale&gt;" in filled.html
    assert "See <https://x.example/>" in filled.text


def test_a_code_is_copied_without_blanks():
    """One touch selects it; letters are spaced by style alone."""
    html = shown(document({"type": "code", "value": "482913"})).html
    assert re.search(r"user-select:all[^>]*>482913</div>", html)


@pytest.mark.parametrize(
    ("block", "place", "code"),
    [
        ({"type": "shared", "key": "footer"}, "/blocks/0", "unknown-block"),
        ({"type": "heading", "text": {}}, "/blocks/0/text", "missing"),
        ({"type": "heading", "text": text("{% if x %}a{% endif %}")}, "/blocks/0/text/en", "syntax"),
        ({"type": "heading", "text": text("{{ name|safe }}")}, "/blocks/0/text/en", "syntax"),
        ({"type": "heading", "text": text("{{ name.upper() }}")}, "/blocks/0/text/en", "syntax"),
        ({"type": "heading", "text": text("{{ name")}, "/blocks/0/text/en", "syntax"),
        ({"type": "text", "text": text("<p {{ name }}>a</p>")}, "/blocks/0/text", "syntax"),
        ({"type": "text", "text": text("a"), "show_if": "f()"}, "/blocks/0/show_if", "condition"),
        ({"type": "text", "text": text("a"), "colour": "red"}, "/blocks/0/colour", "document"),
        ({"type": "image", "src": "https://x.example/a.png"}, "/blocks/0/alt", "missing"),
        ({"type": "image", "src": "mailto:a@b.example", "alt": text("")}, "/blocks/0/src", "url"),
        ({"type": "rating", "url": "https://x.example/"}, "/blocks/0/url", "url"),
        ({"type": "lines", "each": "line.all", "columns": [{"value": "a"}]}, "/blocks/0/item", "ambiguous"),
        ({"type": "html", "source": "<div>"}, "/blocks/0/source", "html"),
        ({"type": "html", "source": "<script>x</script>"}, "/blocks/0/source", "html"),
        ({"type": "html", "source": '<a href="javascript:x" onclick="y">z</a>'}, "/blocks/0/source", "html"),
        ({"type": "html", "source": "{% if x %}<b>a</b>"}, "/blocks/0/source", "syntax"),
        ({"type": "mjml", "source": "<mj-text>a"}, "/blocks/0/source", "mjml"),
        ({"type": "mjml", "source": "</mj-column></mj-section><mj-section><mj-column>"}, "/blocks/0/source", "mjml"),
        ({"type": "mjml", "source": "<mj-unknown>a</mj-unknown>"}, "/blocks/0/source", "mjml"),
        ({"type": "mjml", "source": "<mj-text bold='1'>a</mj-text>"}, "/blocks/0/source", "mjml"),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_at_its_place(block, place, code):
    """A pointer and a code that the editor can show beside the block."""
    assert (place, code) in problems(document(block))


def test_ids_are_unique_and_every_block_carries_its_own():
    """The editor finds a block in the compiled mail by its class."""
    twice = document({"type": "divider", "id": "a"}, {"type": "divider", "id": "a"})
    assert problems(twice) == [("/blocks/1/id", "ambiguous")]
    assert re.search(r'class="b-opening\b', shown(document({"type": "text", "id": "opening", "text": text("x")})).html)
