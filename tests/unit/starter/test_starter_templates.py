"""The starter library: every template of it is what a company may send on its first day."""

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from tests.unit.library.kit import WORKSPACE, Shop

from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.templates.folder import read_tree
from posthouse.core.templates.library.folder import read_library
from posthouse.core.templates.library.pushing import push_library
from posthouse.core.templates.lint.model import Finding, Severity
from posthouse.core.templates.model import Rendered, TemplateSource
from posthouse.core.templates.service import PushResult
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock

ROOT = Path(__file__).parents[3] / "examples" / "starter"
FILES = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in sorted(ROOT.rglob("*")) if path.is_file()}
SOURCES = {source.key: source for source in read_tree(FILES)}
ITEMS = read_library(FILES)
LOCALES = {"en", "fr", "es", "ru"}
CLIPPED = 102_000
"""Octets: Gmail shows the beginning of longer mails only."""
IGNORED = {
    "link-placeholder": "shop.example stands for the company's own domain, which `starter push --domain` puts in",
}
UNGUARDED = re.compile(r"\{\{|\}\}|\{%|\bNone\b|\bundefined\b")
HTML_LEFT = re.compile(r"</?[a-z]+[ >]|&[a-z]+;")
NO_BREAK = "\u202f"


class Outcome(NamedTuple):
    """What publishing one template on a real store came to."""

    pushed: PushResult
    findings: Sequence[Finding]
    seen: dict[tuple[str, str], Rendered]
    schemas: list[dict[str, Any]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome | PosthouseError]:
    """All of them in one house, published once: the store is not what is tested here."""
    return asyncio.run(publish_all(tmp_path_factory.mktemp("starter")))


async def publish_all(folder: Path) -> dict[str, Outcome | PosthouseError]:
    clock = FakeClock()
    store = SqliteStore(folder, clock=clock)
    await store.open()
    shop = Shop(store, clock)
    await push_library(shop.library, shop.publisher, WORKSPACE, ITEMS, publish=True)
    found: dict[str, Outcome | PosthouseError] = {}
    for source in SOURCES.values():
        try:
            found[source.key] = await publish(shop, source)
        except PosthouseError as error:
            found[source.key] = error
    await store.close()
    return found


async def publish(shop: Shop, source: TemplateSource) -> Outcome:
    pushed = await shop.templates.push(WORKSPACE, source, publish=True)
    findings = (await shop.templates.lint(WORKSPACE, source.key)).findings
    seen = {}
    for one in source.variants:
        preview = await shop.templates.render(WORKSPACE, source.key, channel=one.channel, locale=one.locale)
        seen[one.channel, one.locale] = preview.rendered
    releases = await shop.store.releases(WORKSPACE, source.key, None)
    return Outcome(pushed, findings, seen, [release.schema for release in releases])


@pytest.fixture
def outcome(source: TemplateSource, outcomes: dict[str, Outcome | PosthouseError]) -> Outcome:
    found = outcomes[source.key]
    if isinstance(found, PosthouseError):
        raise found
    return found


def every(keys: Any = SOURCES) -> Any:
    return pytest.mark.parametrize("source", [SOURCES[key] for key in keys], ids=lambda source: source.key)


def words(source: TemplateSource, locale: str) -> Iterator[str]:
    """Everything that is written in a language."""
    for variant in source.variants:
        if variant.locale == locale:
            yield from texts(variant.content if variant.content is not None else variant.document, locale)


def texts(part: Any, locale: str) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for name, inner in part.items():
            if name not in LOCALES or name == locale:
                yield from texts(inner, locale)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from texts(inner, locale)


@every()
def test_it_publishes_without_a_word(source: TemplateSource, outcome: Outcome) -> None:
    """With its message tests, in four languages and every channel that it has; nothing is left for the lint to say."""
    assert (outcome.pushed.version, outcome.pushed.warnings) == (1, ())
    assert [one for one in outcome.findings if one.severity is not Severity.INFO] == []
    assert set(source.lint_ignore) <= IGNORED.keys()


@every()
def test_it_reads_well_in_every_language(source: TemplateSource, outcome: Outcome) -> None:
    """Short enough for Gmail, a text part without markup or holes, the footer below it."""
    assert len(outcome.seen) == len(source.variants)
    for (channel, locale), rendered in outcome.seen.items():
        assert not UNGUARDED.search(rendered.text), rendered.text
        if channel != "email":
            continue
        assert rendered.html is not None
        assert len(rendered.html.encode()) < CLIPPED
        assert f'lang="{locale}"' in rendered.html
        assert not UNGUARDED.search(re.sub(r"<(style|script)\b.*?</\1>", "", rendered.html, flags=re.DOTALL))
        assert rendered.subject.strip() == rendered.subject != ""
        assert len(rendered.text.split()) > 30
        assert not HTML_LEFT.search(rendered.text), rendered.text
        assert "\n\n\n\n" not in rendered.text
        assert "Fern & Oak Ltd" in rendered.text


ABOUT = {
    "order-confirmation": ("Order", "orderNumber"),
    "order-shipped": ("ParcelDelivery", "trackingNumber"),
    "booking-confirmation": ("EventReservation", "reservationNumber"),
    "invoice": ("Invoice", "confirmationNumber"),
}


@every(ABOUT)
def test_machines_are_told_what_it_is_about(source: TemplateSource, outcome: Outcome) -> None:
    """Orders, parcels, bookings and invoices as schema.org's JSON-LD, from the message's own data."""
    kind, number = ABOUT[source.key]
    for locale in LOCALES:
        found = re.search(
            r'<script type="application/ld\+json">(.*?)</script>', outcome.seen["email", locale].html or "", re.DOTALL
        )
        assert found is not None
        told = json.loads(found[1])
        assert told["@type"] == kind
        assert told[number] in msgspec.json.encode(source.sample).decode()


@every()
def test_it_speaks_four_languages_in_every_channel(source: TemplateSource) -> None:
    """No channel has fewer languages than another, no words of a document are left out in one of them."""
    channels = {variant.channel for variant in source.variants}
    spoken = {(variant.channel, variant.locale) for variant in source.variants}
    assert spoken == {(channel, locale) for channel in channels for locale in LOCALES}
    for part in tables(next(variant.document for variant in source.variants if variant.document is not None)):
        assert part.keys() == LOCALES, part


def tables(part: Any) -> Iterator[dict[str, str]]:
    """Every ``{locale: words}`` of a document."""
    if isinstance(part, dict):
        if LOCALES & part.keys():
            yield part
        else:
            for inner in part.values():
                yield from tables(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from tables(inner)


@every()
def test_its_settings_are_complete(source: TemplateSource) -> None:
    """Who opens the list sees what it is for; somebody answers; the legal basis is said."""
    assert source.name
    assert source.description.endswith(".")
    assert source.kind
    assert source.tags
    assert source.legal_basis
    assert source.sender is not None
    assert source.reply_to is not None
    assert source.tests, "no message test"
    assert {case.written.locale for case in source.tests} > {"en"}, "a case in English and one in another language"


@every()
def test_its_sample_has_everything(source: TemplateSource, outcome: Outcome) -> None:
    """Also what may be missing: a preview shows the whole mail. Promotions are the marketer's to fill."""
    assert outcome.schemas
    for schema in outcome.schemas:
        assert {path for path in absent(schema, source.sample) if not path.startswith("/slots")} == set()


def absent(schema: dict[str, Any], value: Any, path: str = "") -> Iterator[str]:
    """Paths that a schema knows and a sample does not."""
    for name, inner in schema.get("properties", {}).items():
        if not isinstance(value, dict) or value.get(name) is None:
            yield f"{path}/{name}"
        else:
            yield from absent(inner, value[name], f"{path}/{name}")
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        for inner in value:
            yield from absent(schema["items"], inner, f"{path}/0")


@every()
def test_french_signs_keep_their_narrow_blank(source: TemplateSource) -> None:
    """Before ; : ! ? » and after «, where no line may break; also inside expressions. An SMS has no such blank."""
    for text in french(source):
        plain = re.sub(r"<[^>]*>|https?://\S+|mailto:\S+|\|\w+\([^)]*\)", "x", text)
        assert not re.search(r" [;:!?»](?!=)|« ", plain), text
        assert not re.search(r"[^\W\d_][;!?»](?!=)", plain), text


def french(source: TemplateSource) -> Iterator[str]:
    """Words that French people read, but for text messages and links."""
    document = json.loads(FILES[f"{source.key}/email.json"])
    yield from (part["fr"] for part in tables(document))
    for variant in source.variants:
        if variant.channel == "push" and variant.locale == "fr" and variant.content is not None:
            yield from (variant.content["title"], variant.content["body"])


@every()
def test_somebody_is_addressed_formally(source: TemplateSource) -> None:
    """Vous, usted, Вы: one voice in all mails of the house."""
    assert not re.search(r"\b(tu|ton|tes|toi)\b", " ".join(words(source, "fr")), re.IGNORECASE)
    assert not re.search(r"\b(tú|tu|tus|ti|te)\b", " ".join(words(source, "es")), re.IGNORECASE)
    assert not re.search(r"\b(ты|твой|твоя|твои|тебе|тебя|вы|вас|вам|ваш\w*|вами)\b", " ".join(words(source, "ru")))


def test_the_library_speaks_four_languages() -> None:
    """Header, footer, the way out of commercial mails, one theme."""
    assert {(item.kind.value, item.key) for item in ITEMS} >= {
        ("block", "footer"),
        ("block", "header"),
        ("block", "unsubscribe"),
        ("theme", "brand"),
    }
    for item in ITEMS:
        assert all(part.keys() == LOCALES for part in tables(item.content))


def test_every_document_has_the_one_header_and_footer() -> None:
    """What a company changes once changes everywhere."""
    for source in SOURCES.values():
        document = json.loads(FILES[f"{source.key}/email.json"])
        shared = [block["key"] for block in document["blocks"] if block["type"] == "shared"]
        assert (shared[0], shared[-1]) == ("header", "footer"), source.key
        assert document["theme"] == {"key": "brand"}, source.key
        assert ("unsubscribe" in shared) == (source.category.value == "commercial"), source.key
