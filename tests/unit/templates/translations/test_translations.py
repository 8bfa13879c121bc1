"""Out to a translator and back: nothing is lost, nothing is changed that was not translated."""

import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.templates.fakes import MemoryStore

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.folder import read_folder
from posthouse.core.templates.model import TemplateSource
from posthouse.core.templates.service import TemplateService
from posthouse.core.templates.translations.table import read_csv, write_csv
from posthouse.core.templates.translations.units import Missing, missing_in, translated, units_of
from posthouse.core.templates.translations.xliff import read_xliff, write_xliff

W = b"w" * 16
STARTER = Path(__file__).parents[4] / "examples" / "starter"
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "subject": {"en": "Order {{ number }}", "fr": "Commande {{ number }}"},
    "blocks": [
        {"type": "heading", "id": "title", "text": {"en": "Thank you", "fr": "Merci"}},
        {"type": "text", "id": "when", "text": {"en": "It comes <b>soon</b>, {{ name }}."}},
        {"type": "button", "id": "see", "label": {"en": "See it", "fr-CA": "Voir"}, "url": "https://shop.example/"},
    ],
}
PUSH = {
    "title": "Your order",
    "body": "{{ number }}",
    "link": "shop://{{ number }}",
    "actions": [{"id": "a", "title": "Go"}],
}


def source(**more: Any) -> TemplateSource:
    files = {"email.json": DOCUMENT, "push.en.json": PUSH, "sample.json": {"number": "1", "name": "Ann"}, **more}
    held = {name: one.encode() if isinstance(one, str) else msgspec.json.encode(one) for name, one in files.items()}
    return read_folder(held, "order")


def test_what_a_language_lacks_is_listed() -> None:
    """By the block's id; Canada lacks nothing that French has; what stands in is told."""
    found = missing_in(source())
    assert Missing("fr", "email.json#/blocks/when/text", "en") in found
    assert Missing("fr", "email.json#/blocks/see/label", "en") in found
    assert Missing("fr", "push#/title", "en") in found
    assert {one.key for one in found if one.locale == "fr-CA"} == {
        "email.json#/blocks/when/text", "push#/actions/0/title", "push#/body", "push#/title",
    }  # fmt: skip
    assert [one for one in found if one.locale == "en"] == []
    assert missing_in(source(), ["de"])[0].key == "email.json#/subject"


def test_the_name_of_a_theme_is_no_language() -> None:
    """``key`` has three letters too."""
    named = source(**{"email.json": {**DOCUMENT, "theme": {"key": "brand"}}})
    assert {one.locale for one in missing_in(named)} == {"fr", "fr-CA"}
    assert "email.json#/theme" not in {unit.key for unit in units_of(named)}
    assert translated(named, "fr", {"email.json#/blocks/when/text": "Bientôt, {{ name }}."}).variants[0].document[
        "theme"
    ] == {"key": "brand"}


def test_a_whole_file_is_listed_too() -> None:
    """MJML and HTML are not cut into sentences."""
    files = {"email.en.html": b"<p>a</p>", "subject": b"a", "sms.fr.txt": b"b"}
    found = missing_in(read_folder({"template.toml": b'default_locale = "en"', **files}, "order"))
    assert set(found) == {Missing("fr", "email.fr.html", "en"), Missing("en", "sms#/text", "")}


async def test_a_translation_is_put_in_and_published(service: TemplateService, store: MemoryStore) -> None:
    """A new language: documents and notifications speak it; links and keys stay."""
    before = source()
    words = {unit.key: f"DE {unit.texts['en']}" for unit in units_of(before)}
    after = translated(before, "de", words)
    assert missing_in(after, ["de"]) == ()
    await service.push(W, after, publish=True)
    assert {(one.channel, one.locale) for one in store.made} >= {("email", "de"), ("push", "de"), ("email", "en")}
    assert (await service.render(W, "order", locale="de")).rendered.subject == "DE Order 1"
    push = (await service.render(W, "order", channel="push", locale="de")).rendered.content
    assert (push.title, push.link, push.actions[0].title) == ("DE Your order", "shop://1", "DE Go")
    assert (await service.render(W, "order", locale="en")).rendered.subject == "Order 1"
    assert await service.translations(W, "order", ["de"]) == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"email.json#/subject": "Bestellung"}, "{{ number }} is missing"),
        ({"email.json#/subject": "{{ number }} {{ nummer }}"}, "{{ nummer }} is new"),
        ({"email.json#/blocks/gone/text": "x"}, "no such text"),
    ],
)
def test_a_translation_that_does_not_fit_is_refused(words: dict[str, str], said: str) -> None:
    """Expressions may move, never change."""
    with pytest.raises(TemplateProblemsError, match=said.replace("{", r"\{")):
        translated(source(), "de", words)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("{{ 'Hello ' ~ name if name else 'Hello' }}", "{{ 'Bonjour ' ~ name if name else 'Bonjour' }}", True),
        (
            "{{ n|plural(one='# day', other='# days') }}",
            "{{ n|plural(one='# день', few='# дня', many='# дней', other='# дня') }}",
            True,
        ),
        ("{{ name|default('friend') }}", "{{ name | default('ami') }}", True),
        ("{{ total|money('EUR') }}", "{{ total|money('USD') }}", False),
        ("{{ day|date('yMMMM') }}", "{{ night|date('yMMMM') }}", False),
        ("{{ 'Hello ' ~ name }}", "{{ 'Hello ' ~ secret }}", False),
        ("{{ n|plural(one='# day', other='# days') }}", "{{ m|plural(one='# day', other='# days') }}", False),
    ],
)
def test_words_inside_expressions_are_translated_too(one: str, other: str, same: bool) -> None:
    """What is read, and how it is shown, stays; the words are another language's."""
    document = {**DOCUMENT, "subject": {"en": f"A {one}"}}
    before = source(
        **{"email.json": document, "sample.json": {"n": 2, "m": 3, "name": "Ann", "number": "1", "total": 2.5}}
    )
    try:
        translated(before, "fr", {"email.json#/subject": f"B {other}"})
    except TemplateProblemsError:
        assert not same
    else:
        assert same


@pytest.mark.parametrize("key", sorted(one.name for one in STARTER.iterdir() if (one / "email.json").exists()))
def test_what_the_starter_says_comes_back_as_it_went(key: str) -> None:
    """Exported and imported without a change, every language of every template is taken, and nothing is changed."""
    files = {
        one.relative_to(STARTER / key).as_posix(): one.read_bytes()
        for one in (STARTER / key).rglob("*")
        if one.is_file()
    }
    before = read_folder(files, key)
    for locale in ("fr", "es", "ru"):
        texts = {unit.key: unit.texts[locale] for unit in units_of(before) if locale in unit.texts}
        assert translated(before, locale, texts) == before


TEXT = st.text(
    st.one_of(st.characters(exclude_categories=("Cs",)), st.sampled_from("\r\n\t\x00\x0b<>&'\"=+-@,;\ufffe")),
    max_size=40,
)
MARK = st.sampled_from(["{{ name }}", "{{ a|money('EUR') }}", "{% if x < 1 %}", "{% endif %}", "{{ '<' }}"])
WORDS = st.lists(st.one_of(TEXT, MARK), max_size=5).map("".join)
UNITS = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}(\.json)?#(/[a-z0-9]{1,6}){1,3}", fullmatch=True), st.tuples(WORDS, WORDS), max_size=6
)


@given(UNITS)
def test_xliff_comes_back_as_it_went(units: dict[str, tuple[str, str]]) -> None:
    """Whatever letters, controls and expressions it holds."""
    key, locale, words = read_xliff(write_xliff("order", "en", "fr-CA", units))
    assert (key, locale) == ("order", "fr-CA")
    assert words == {name: target for name, (_, target) in units.items() if target}


@given(UNITS)
def test_csv_comes_back_as_it_went(units: dict[str, tuple[str, str]]) -> None:
    """Line breaks and quotes too; and no cell is a formula."""
    written = write_csv("en", "fr", units)
    locale, words = read_csv(written)
    assert locale == "fr"
    assert words == {name: target for name, (_, target) in units.items() if target}
    rows = csv.reader(io.StringIO(written, newline=""))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row[1:])


def test_xliff_holds_expressions_as_placeholders() -> None:
    """Translators' programs lock them."""
    written = write_xliff("order", "en", "fr", {"a#/b": ("Hello {{ name }}!", "")})
    assert '<data id="d1">{{ name }}</data>' in written
    assert '<source xml:space="preserve">Hello <ph id="2" dataRef="d1"/>!</source></segment>' in written


HOLDING = (
    '<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" version="2.0" trgLang="fr"><file id="a"><unit id="u"><segment>'
    "<target>{}</target></segment></unit></file></xliff>"
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<a/>",
        "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>",
        "<xliff version='1.2'/>",
        '<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" version="2.0"/>',
        HOLDING.format("<mrk>" * 3_000 + "</mrk>" * 3_000),
        HOLDING.format('<ph dataRef="d"/>' * 60_000).replace("</unit>", f"<data id='d'>{'a' * 1_000}</data></unit>"),
    ],
)
def test_what_is_no_xliff_is_refused(text: str) -> None:
    """With a sentence, never a crash, and no entity is expanded."""
    with pytest.raises(ValidationError):
        read_xliff(text)


@pytest.mark.parametrize("text", ["", "a,b,c\r\n", "key,en\r\n", "key,en,fr\r\na,b\r\n", 'key,en,fr\r\n"a'])
def test_what_is_no_table_is_refused(text: str) -> None:
    """With a sentence."""
    with pytest.raises(ValidationError):
        read_csv(text)
