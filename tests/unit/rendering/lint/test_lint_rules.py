"""Every rule of the lint finds what it is for, at its place, and is silent where all is well."""

import re
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.rendering.lint.kit import (
    HIDDEN,
    html,
    mjml,
    mobile,
    press,
    push,
    rules,
    sms,
    subject,
    template,
    translated,
    whatsapp,
)

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.templates.attachments.model import Qr, Reference
from posthouse.core.templates.library.model import NO_LIBRARY, Library
from posthouse.core.templates.lint.model import Finding, Severity
from posthouse.core.templates.lint.rules import RULES
from posthouse.core.templates.model import Category, TemplateSource, VariantSource
from posthouse.rendering.compiler import CompiledVariant, MinijinjaCompiler
from posthouse.rendering.lint.clients import support
from posthouse.rendering.lint.contrast import contrast
from posthouse.rendering.lint.linter import MarkupLinter
from posthouse.rendering.lint.reader import Document


def attached(size: int) -> Reference:
    """A picture that the mail shows by ``cid:cup``."""
    return Reference(name="cup.png", upload=f"upl_{'a' * 64}-{size}", type="image/png", inline="cup")


CASES: list[tuple[str, TemplateSource, int]] = [
    ("sms-segments", sms("x" * 161), 0),
    ("sms-segments", sms("x" * 307, max_segments=2), 0),
    ("sms-segments", sms("я" * 71), 0),
    ("sms-variable", sms("x" * 150 + "{{ name }}", {"name": "Ann Bell"}), 0),
    ("sms-emoji", sms("It is on its way 🚚"), 0),
    ("sms-emoji", sms("✓ reçu", transliterate=True), 0),
    ("sms-alphabet", sms("reçu"), 0),
    ("sms-link", sms("https://shop.org/" + "x" * 60), 0),
    ("link-http", sms("http://shop.org/{{ a }}", {"a": "1"}), 0),
    ("link-placeholder", push(link="https://localhost/"), 0),
    ("push-length", push(title="x" * 51), 0),
    ("push-length", push(body="x" * 151), 0),
    ("push-actions", push(actions=[{"id": str(n), "title": "x"} for n in range(3)]), 0),
    ("whatsapp-category", whatsapp(), 0),
    ("whatsapp-window", mobile("whatsapp", {"text": "Hello"}), 0),
    ("unsubscribe-missing", mobile("sms", {"text": "Buy"}, category=Category.COMMERCIAL), 0),
    ("cannot-publish", html("{{ a.b() }}"), 2),
    ("subject-long", subject("{{ a }}", sample={"a": "x" * 61}), 0),
    ("subject-shouting", subject("YOUR ORDER IS READY"), 0),
    ("subject-shouting", subject("Buy now!!"), 0),
    ("preheader-missing", template(VariantSource("email", "en", "A", html="<p>Hi</p>", text="Hi")), 0),
    ("preheader-missing", mjml("<mj-text>Hi</mj-text>", head=""), 0),
    ("text-derived", template(VariantSource("email", "en", "A", html=f"{HIDDEN}<p>Hi</p>")), 0),
    ("text-empty", template(VariantSource("email", "en", "A", html=f"{HIDDEN}<p>Hi</p>", text=" ")), 0),
    ("translation-missing", translated("fr", "<p>We are getting it ready for you.</p>"), 0),
    ("translation-missing", translated("fr", "<p>Nous la préparons.</p>", title="Your order"), 0),
    ("plural-forms", translated("ru", "<p>{{ 3|plural(one='# a', other='# b') }}</p>"), 1),
    ("locale-unknown", translated("tlh", "<p>Qapla</p>"), 0),
    ("unsubscribe-missing", html("<p>Buy</p>", category=Category.COMMERCIAL), 0),
    (
        "promotion-share",
        html("<p>Your order is on its way.</p><p>Enjoy 10% off your next order with the code SPRING.</p>"),
        0,
    ),
    ("promotion-share", sms("Your code is 123456. Shop now and save up to 30% today!"), 0),
    ("image-alt", html('<p>x</p>\n<img src="https://shop.org/a.png">'), 3),
    ("image-missing", html('<p>x</p>\n<img src="cid:ticket" alt="Ticket">'), 3),
    ("image-missing", html('<p>x</p>\n<img src="images/cup.png" alt="Cup">'), 3),
    ("image-missing", html('<div style="background: url(&quot;//shop.org/a.png&quot;)">x</div>'), 2),
    ("image-missing", html('<img src="data:image/png;base64,AAAA" alt="A">'), 2),
    ("image-missing", html('<img src="{{ a }}" alt="A">', sample={"a": "cup.png"}), 0),
    ("image-missing", mjml('<mj-image src="cup.png" alt="Cup" />'), 4),
    ("image-large", html('<img src="cid:cup" alt="Cup">', attachments=(attached(1_048_577),)), 0),
    (
        "html-lang",
        html('<html dir="ltr"><head><meta name="color-scheme" content="light dark"></head><p>x</p></html>'),
        2,
    ),
    ("table-role", html("<p>x</p>\n<table><tr><td><p>x</p></td></tr></table>"), 3),
    ("dark-scheme", html('<html lang="en"><p>x</p></html>'), 2),
    ("link-label", html('<a href="https://shop.org/"><img src="https://shop.org/a.png" alt=""></a>'), 2),
    ("link-label", mjml('<mj-image src="https://shop.org/a.png" alt="" href="https://shop.org/" />'), 4),
    ("link-dead", html('<a href="#">Order</a>'), 2),
    ("link-dead", html('<a href="#lines">Lines</a>'), 2),
    ("link-dead", html('<a href="javascript:alert(1)">Lines</a>'), 2),
    ("link-http", html('<a href="http://shop.org/{{ 1 }}">Order</a>'), 2),
    ("link-http", html('<img alt="" src="http://shop.org/a.png">'), 2),
    ("link-placeholder", html('<a href="https://localhost:8000/">Order</a>'), 2),
    ("link-placeholder", html('<a href="https://www.example.com/{{ 1 }}">Order</a>'), 2),
    ("link-placeholder", html('<a href="https://192.168.1.7/">Order</a>'), 2),
    ("link-placeholder", html('<a href="mailto:care@shop.example?subject=a">Write</a>'), 2),
    ("html-size", html("<p>{{ a }}</p>", sample={"a": "x" * 103_000}), 0),
    ("contrast", html('<p style="color:#999">Pale</p>'), 2),
    ("contrast", html('<table><tr><td bgcolor="#1f5a43"><b style="color:#333333">Dark</b></td></tr></table>'), 2),
    ("contrast", mjml('<mj-text color="#aaaaaa">Pale words</mj-text>'), 4),
    ("css-unsupported", html('<p>\n</p><div style="display: flex !important">x</div>'), 3),
    ("css-unsupported", html("<style>\n.a { position: absolute }</style>"), 2),
    ("css-look", html('<p style="border-radius:3px">x</p>'), 2),
    ("element-unsupported", html("<video></video>"), 2),
    ("element-look", html("<p><ruby>x<rt>y</rt></ruby></p>"), 2),
    ("css-look", html('<p style="object-position:left">x</p>'), 2),
    ("slow", html("{% macro m() %}x{% endmacro %}<p>{{ m() }}</p>"), 0),
    ("mjml-element", mjml("<mj-txt>x</mj-txt>"), 4),
    ("mjml-attribute", mjml('<mj-text colour="red">x</mj-text>'), 4),
    ("mjml-alt", mjml('<mj-image src="https://shop.org/a.png" />'), 4),
    ("mjml-class", mjml('<mj-text mj-class="a b">x</mj-text>'), 4),
    ("mjml-style", mjml("<mj-text>x</mj-text>", head='<mj-style inline="inline">a { color: red }</mj-style>'), 2),
    (
        "mjml-raw",
        template(
            VariantSource(
                "email", "en", "A", mjml="<mjml><mj-body><mj-wrapper>\n<mj-raw>x</mj-raw></mj-wrapper></mj-body></mjml>"
            )
        ),
        2,
    ),
    ("mjml-tag", mjml("{{ 1 }}"), 4),
    ("mjml-layout", mjml('<mj-image alt="" src="https://shop.org/a.png" width="{{ 1 }}px" />'), 4),
    ("mjml-cdata", mjml("<mj-text><![CDATA[x]]></mj-text>"), 4),
    ("mjml-syntax", mjml("<mj-text>a<br>b</mj-text>"), 4),
]


def test_what_the_tests_of_mail_programs_say_is_taken_over() -> None:
    """Programs are those of caniemail.com, the advice is ours; its date is told."""
    (told,) = [one.detail for one in press().lint(html('<p style="text-shadow:none">x</p>')) if one.rule == "css-look"]
    assert told.startswith("text-shadow is ignored by Gmail and Outlook for Windows: ")
    known = support()
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", known.tested)
    assert len(known.more) > 60
    assert {"position", "text-shadow"} & {one.property for one in known.more} == set()


@pytest.mark.parametrize(("rule", "source", "line"), CASES, ids=[f"{at}-{case[0]}" for at, case in enumerate(CASES)])
def test_finds(rule: str, source: TemplateSource, line: int) -> None:
    """The rule, its severity and the author's line (0: the whole file)."""
    found = [one for one in press().lint(source) if one.rule == rule]
    assert [one.line for one in found][:1] == [line]
    assert found[0].severity is RULES[rule].severity


def test_every_rule_has_its_case() -> None:
    """Whoever adds a rule shows what it finds."""
    assert {case[0] for case in CASES} | {"compiler-note", "image-unjudged"} == set(RULES)


class NotingCompiler(MinijinjaCompiler):
    """Compiles, and has something to say."""

    def compile(
        self, template: TemplateSource, variant: VariantSource, library: Library = NO_LIBRARY
    ) -> CompiledVariant:
        compiled = super().compile(template, variant, library)
        said = (FieldProblem("/x", "took <i> out", "cleaned"), FieldProblem("/y", "not in French", "translation"))
        return msgspec.structs.replace(compiled, warnings=said)


def test_what_a_compiler_says_is_passed_on() -> None:
    """Under the rule of its code, or as a note."""
    found = press(NotingCompiler()).lint(html("<p>x</p>"))
    assert {(one.rule, one.detail) for one in found} == {
        ("compiler-note", "took <i> out"),
        ("translation-missing", "not in French"),
    }


@pytest.mark.parametrize(
    "body",
    [
        '<a href="{{ 1 }}">Order</a>',
        '<a href="https://shop.org/"><img src="https://shop.org/a.png" alt="Shop"></a>',
        '<a name="top"></a><a href="#top">Up</a>',
        '<a href="mailto:care@shop.org">Write</a> <a href="tel:+33123456789">Call</a>',
        '<p style="color:{{ 1 }};background:#fff">x</p>',
        '<p style="color:#777;font-size:24px">Large</p>',
        '<p style="color:#fff;background:linear-gradient(red, blue)">Over a picture</p>',
        '<p style="display:none;color:#eee">Unseen</p>',
        "<style>.a { color: red }</style><p>{% if true %}a{% else %}b{% endif %}</p>",
    ],
)
def test_silent_where_all_is_well(body: str) -> None:
    """A false alarm teaches people to look away."""
    assert rules(html(body)) == set()


@pytest.mark.parametrize(
    "source",
    [
        html('<img src="cid:cup" alt="Cup">', attachments=(attached(1_048_576),)),
        html('<img src="cid:ticket" alt="Ticket">', attachments=(Qr(id="ticket", data="1"),)),
        html('<table role="presentation" background="white"><tr><td>x</td></tr></table>'),
        html('<img src="{{ a }}" alt="A">', sample={"a": "https://shop.org/{{ a }}.png"}),
        mjml('<mj-image src="https://shop.org/a.png" alt="A" />'),
    ],
)
def test_silent_about_pictures_that_are_there(source: TemplateSource) -> None:
    """What travels with the mail, what is small enough, and colours; other hosts are not asked here."""
    assert rules(source) == set()


@pytest.mark.parametrize(
    "source",
    [
        sms("x" * 160),
        sms("Код: 1234 ✓"),
        sms("Déjà reçu…", transliterate=True),
        sms("x" * 140 + "{{ name }}", {"name": "Ann Bell"}),
        sms("x" * 150 + "{{ name[:9] }}", {"name": "Ann Bell"}),
        sms("x" * 150 + "{{ day|date('yMd') }}", {"day": "2026-03-31"}),
        mobile("sms", {"text": "Buy. STOP 12345"}, category=Category.COMMERCIAL),
        push(link="shop://orders/1", actions=[{"id": "a", "title": "x"}]),
        mobile("push", {"title": "a", "body": "Buy"}, category=Category.COMMERCIAL),
        mobile("whatsapp", {"template": "a", "body": {"text": "b"}}),
    ],
)
def test_silent_where_a_telephone_shows_all(source: TemplateSource) -> None:
    """Russian has no choice of alphabet, a date cannot grow."""
    assert rules(source) == set()


def test_a_schema_bounds_how_long_a_value_gets() -> None:
    """maxLength in place of twice the sample's length."""
    room = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 10}}}
    variant = VariantSource("sms", "en", content={"text": "x" * 150 + "{{ name }}"})
    bounded = template(variant, default_channel="sms", sample={"name": "Ann Bell"}, schema=room)
    assert rules(bounded) == set()


def test_one_sms_in_two_languages_is_a_missing_translation() -> None:
    """Sentences of every channel are compared."""
    words = {"text": "We are getting it ready for you"}
    both = [VariantSource("sms", locale, content=words) for locale in ("en", "fr")]
    assert rules(template(*both, default_channel="sms")) == {"translation-missing"}


def test_an_address_is_no_sentence() -> None:
    """It may be the same in every language."""
    link = "https://shop.com/orders/{{ order.number|urlencode }}"
    words = {"en": "Your order is on its way", "fr": "Votre commande est en route"}
    both = [
        VariantSource("push", locale, content={"title": title, "body": title, "link": link})
        for locale, title in words.items()
    ]
    assert rules(template(*both, default_channel="push", sample={"order": {"number": "A-1"}})) == set()


def test_an_address_is_the_same_in_every_language() -> None:
    """It is nothing to translate."""
    both = [
        VariantSource("sms", locale, content={"text": f"{word} https://shop.example/bookings/cancel"})
        for locale, word in (("en", "Here"), ("fr", "Ici"))
    ]
    assert "translation-missing" not in rules(template(*both, default_channel="sms"))


def test_plurals_need_only_what_the_language_has() -> None:
    """English has two forms, Japanese one, Russian three for whole numbers."""
    forms = "<p>{{ 3|plural(one='# a', few='# b', many='# c', other='# d') }}</p>"
    assert "plural-forms" not in rules(translated("ru", forms))
    assert "plural-forms" not in rules(translated("ja", "<p>{{ 3|plural(other='# a') }}</p>"))
    assert "plural-forms" not in rules(translated("fr", "<p>{{ 3|plural(one='# a', other='# b') }}</p>"))


def test_what_a_template_ignores() -> None:
    """``lint_ignore`` silences warnings, never what stops publishing."""
    assert rules(html("<video></video>", lint_ignore=("element-unsupported",))) == set()
    assert rules(html("{{ a.b() }}", lint_ignore=("cannot-publish",))) == {"cannot-publish"}


def test_one_language_in_two_countries_is_no_missing_translation() -> None:
    """en and en-GB may say the same."""
    one = VariantSource("email", "en", "Your order", html=f"{HIDDEN}<p>We are getting it ready.</p>", text="x")
    assert rules(template(one, msgspec.structs.replace(one, locale="en-GB"))) == set()


def test_a_finding_is_told_with_its_place() -> None:
    """As publishing and the API tell it."""
    problem = Finding(
        "link-http", Severity.WARNING, "is not encrypted", "/variants/0/html", "email.en.html", 7
    ).as_problem()
    assert (problem.pointer, problem.detail, problem.code) == (
        "/variants/0/html",
        "email.en.html:7: is not encrypted",
        "link-http",
    )


def test_contrast_is_that_of_the_guideline() -> None:
    """WCAG's own examples: black on white is 21, #777 on white 4.48, #767676 4.54."""
    white = (255, 255, 255)
    assert contrast((0, 0, 0), white) == pytest.approx(21)
    assert contrast((0x77,) * 3, white) == pytest.approx(4.48, abs=0.005)
    assert contrast(white, (0x76,) * 3) == pytest.approx(4.54, abs=0.005)


SCRAPS = [
    *"<>/a!-\"'= {}%#;:\n",
    "<a href=",
    "{{ x }}",
    "{% if",
    "<style>",
    "<!--",
    "<mj-text>",
    "</a>",
    "<![",
    "&#x110000;",
]
MARKUP = st.lists(st.sampled_from(SCRAPS), max_size=40).map("".join)


@settings(max_examples=120, deadline=None)
@given(MARKUP)
def test_any_markup_can_be_read(markup: str) -> None:
    """What is broken is published or refused elsewhere; the lint never falls over it."""
    looked = MarkupLinter().look(VariantSource("email", "en", "A", html=markup), {}, 0)
    assert all(found.rule in RULES for found in looked.findings)
    assert all(element.line >= 1 for element in Document(markup).elements)


@pytest.mark.parametrize(
    "scrap",
    ["<div>", "<a href=x>y", "<p style='color:#999'>x", "</b>", "<![", "<!--", "<!-- -->", "{{ x }}<i/>", "<a href="],
)
def test_floods_are_waded_through(scrap: str) -> None:
    """So much of one thing: no depth is too deep, and no API is held up for long."""
    start = time.perf_counter()
    MarkupLinter().look(VariantSource("email", "en", "A", html=scrap * (500_000 // len(scrap))), {}, 0)
    assert time.perf_counter() - start < 15


@pytest.mark.parametrize(
    ("locale", "page", "told"),
    [
        ("en", '<html lang="en-GB">', ""),
        ("ar", '<html lang="ar" dir="rtl">', ""),
        ("ar", '<html lang="ar">', "no dir"),
        ("fr", '<html lang="en">', 'says lang="en"'),
        ("he", '<html lang="{{ tongue }}" dir="{{ way }}">', ""),
    ],
)
def test_the_page_says_its_language(locale: str, page: str, told: str) -> None:
    """As the variant has it, with its direction; what is printed is not judged."""
    variant = VariantSource("email", locale, "Hi", html=f"{page}<p>Hello</p></html>", text="Hello")
    source = template(variant, default_locale=locale, sample={"tongue": "he", "way": "rtl"})
    found = [one.detail for one in press().lint(source) if one.rule == "html-lang"]
    assert len(found) == bool(told)
    assert told in "".join(found)


@pytest.mark.parametrize(
    "table",
    [
        "<tr><th>Item</th></tr><tr><td><p>Cup</p></td></tr>",
        "<tr><td>Cup</td><td>3</td></tr>",
        '<tr><td><table role="presentation"><tr><td><img src="https://shop.org/a.png" alt="A"></td></tr></table></td></tr>',
    ],
)
def test_tables_of_data_need_no_role(table: str) -> None:
    """Head cells, or words and figures only. Whatever holds another table is a layout."""
    found = [one for one in press().lint(html(f"<table>{table}</table>")) if one.rule == "table-role"]
    assert bool(found) == ("role=" in table)
