"""Pushing, publishing and previewing templates; finding releases on the hot path."""

import msgspec
import pytest
from tests.unit.templates.fakes import MemoryStore, StillClock

from posthouse.core.kernel.errors import ConflictError, ValidationError
from posthouse.core.templates.catalogue import TTL, Catalogue
from posthouse.core.templates.errors import TemplateProblemsError, UnknownTemplateError
from posthouse.core.templates.locales import nearest
from posthouse.core.templates.model import TemplateSource, VariantSource
from posthouse.core.templates.service import TemplateService

WORKSPACE = b"w" * 16
OTHER = b"o" * 16
SOURCE = TemplateSource(
    key="order",
    name="Order",
    variants=(
        VariantSource("email", "en", "Order {{ number }}", html="<p>Hello {{ number }}</p>"),
        VariantSource("email", "fr", "Commande {{ number }}", html="<p>Bonjour {{ number }}</p>"),
    ),
    sample={"number": "FO-1"},
)


def changed(**fields: object) -> TemplateSource:
    return msgspec.structs.replace(SOURCE, **fields)


async def test_the_same_source_again_does_nothing(service: TemplateService, store: MemoryStore) -> None:
    """A pipeline may push on every build."""
    first = await service.push(WORKSPACE, SOURCE, publish=True)
    again = await service.push(WORKSPACE, SOURCE, publish=True)
    assert (first.version, first.changed) == (1, True)
    assert (again.version, again.changed) == (1, False)
    assert store.changes == 2


async def test_a_draft_is_not_live_until_published(
    service: TemplateService, catalogue: Catalogue, clock: StillClock
) -> None:
    """Push keeps, publish makes live, and publishing again changes nothing."""
    draft = await service.push(WORKSPACE, SOURCE)
    assert draft.version == 0
    with pytest.raises(UnknownTemplateError, match="never published"):
        await catalogue.find(WORKSPACE, "order")
    assert (await service.publish(WORKSPACE, "order")).changed
    assert not (await service.publish(WORKSPACE, "order")).changed
    clock.at += TTL
    assert (await catalogue.find(WORKSPACE, "order")).version == 1


async def test_pushing_the_published_draft_with_publish_makes_it_live(service: TemplateService) -> None:
    """First push without, then with publish: the second has something to do."""
    await service.push(WORKSPACE, SOURCE)
    assert (await service.push(WORKSPACE, SOURCE, publish=True)).version == 1


async def test_a_broken_variant_stops_them_all(service: TemplateService, store: MemoryStore) -> None:
    """Publishing is atomic, and tells every problem of every variant."""
    broken = changed(
        variants=(
            VariantSource("email", "en", "s", html="<p>{{ number</p>"),
            VariantSource("email", "fr", "", html="<p>{% if %}</p>"),
        )
    )
    with pytest.raises(TemplateProblemsError) as refused:
        await service.push(WORKSPACE, broken, publish=True)
    assert [problem.pointer for problem in refused.value.fields] == [
        "/variants/1/subject", "/variants/0/html", "/variants/1/html",
    ]  # fmt: skip
    assert not store.kept
    assert not store.made


async def test_the_sample_must_fit(service: TemplateService) -> None:
    """What cannot be rendered with its own sample cannot be published."""
    with pytest.raises(TemplateProblemsError) as refused:
        await service.push(WORKSPACE, changed(sample={}), publish=True)
    assert refused.value.fields[0].pointer == "/sample/number"


async def test_the_default_locale_needs_a_variant(service: TemplateService) -> None:
    """Otherwise the fallback would lead nowhere."""
    with pytest.raises(TemplateProblemsError, match="default locale 'de'"):
        await service.push(WORKSPACE, changed(default_locale="de"))


async def test_somebody_elses_push_is_not_overwritten(service: TemplateService, store: MemoryStore) -> None:
    """The hash that was read must still be there."""
    await service.push(WORKSPACE, SOURCE)
    template = store.kept[WORKSPACE, "order"]
    with pytest.raises(ConflictError):
        await store.save_draft(template, "another")


async def test_a_preview_uses_the_sample_or_the_data(service: TemplateService) -> None:
    """Live version, draft, locale with fallback, and the size it would have."""
    await service.push(WORKSPACE, SOURCE, publish=True)
    await service.push(WORKSPACE, changed(name="New", variants=(SOURCE.variants[0],)))
    live = await service.render(WORKSPACE, "order", locale="fr-CA")
    assert live.rendered.subject == "Commande FO-1"
    draft = await service.render(WORKSPACE, "order", version="draft", locale="fr-CA", data={"number": 7})
    assert draft.rendered.text == "Hello 7\n"
    assert draft.size == len("<p>Hello 7</p>\r\nHello 7\r\n")
    with pytest.raises(ValidationError):
        await service.render(WORKSPACE, "order", data={})
    with pytest.raises(UnknownTemplateError, match="no version 9"):
        await service.render(WORKSPACE, "order", version=9)


@pytest.mark.parametrize(
    ("locale", "found"), [(None, "en"), ("fr", "fr"), ("fr-CA", "fr"), ("FR_ca", "fr"), ("de", "en"), ("en-GB", "en")]
)
async def test_locales_fall_back(
    locale: str | None, found: str, service: TemplateService, catalogue: Catalogue
) -> None:
    """fr-CA, then fr, then the template's default."""
    await service.push(WORKSPACE, SOURCE, publish=True)
    assert (await catalogue.find(WORKSPACE, "order", None, None, locale)).locale == found


async def test_an_unknown_template_names_the_nearest(service: TemplateService, catalogue: Catalogue) -> None:
    """And templates of other workspaces are never named nor found."""
    await service.push(WORKSPACE, SOURCE, publish=True)
    with pytest.raises(UnknownTemplateError, match="Did you mean 'order'"):
        await catalogue.find(WORKSPACE, "ordre")
    with pytest.raises(UnknownTemplateError, match="no templates yet"):
        await catalogue.find(OTHER, "order")
    with pytest.raises(UnknownTemplateError, match="no sms variant"):
        await catalogue.find(WORKSPACE, "order", None, "sms", None)


async def test_a_hit_asks_the_store_nothing(
    service: TemplateService, catalogue: Catalogue, store: MemoryStore, clock: StillClock
) -> None:
    """Within the TTL nothing is asked; after it the generation only; a new version is found then."""
    await service.push(WORKSPACE, SOURCE, publish=True)
    first = await catalogue.find(WORKSPACE, "order")
    asked = store.asked
    assert await catalogue.find(WORKSPACE, "order") is first
    assert await catalogue.by_id(first.id) is first
    assert store.asked == asked
    await service.push(WORKSPACE, changed(name="New"), publish=True)
    assert await catalogue.find(WORKSPACE, "order") is first
    clock.at += TTL
    assert (await catalogue.find(WORKSPACE, "order")).version == 2
    assert (await catalogue.find(WORKSPACE, "order", 1)).id == first.id


async def test_versions_can_be_listed_and_seen(service: TemplateService) -> None:
    """Newest first, page by page, each with its releases; a draft is none."""
    for name in ("One", "Two", "Three"):
        await service.push(WORKSPACE, changed(name=name), publish=True)
    await service.push(WORKSPACE, changed(name="Four"))
    page = await service.versions(WORKSPACE, "order", limit=2)
    assert ([one.number for one in page.items], page.next) == ([3, 2], "2")
    rest = await service.versions(WORKSPACE, "order", before=2, limit=2)
    assert ([one.number for one in rest.items], rest.next) == ([1], None)
    assert [one.locale for one in await service.version(WORKSPACE, "order", 2)] == ["en", "fr"]
    with pytest.raises(UnknownTemplateError, match="no version 4"):
        await service.version(WORKSPACE, "order", 4)
    with pytest.raises(UnknownTemplateError, match="no templates yet"):
        await service.versions(OTHER, "order")


async def test_one_variant_of_a_draft_is_rendered_without_the_others(service: TemplateService) -> None:
    """Looking at one is quick, though there are many; what the compiler says has its place among all. It tells what it reads."""
    html = "<p>{% macro m() %}Bonjour{% endmacro %}{{ m() }} {{ number }}{{ contact.email|default('') }}</p>"
    slow = msgspec.structs.replace(SOURCE.variants[1], html=html)
    await service.push(WORKSPACE, changed(variants=(SOURCE.variants[0], slow)))
    seen = await service.render(WORKSPACE, "order", "draft", locale="fr-CA")
    assert seen.rendered.subject == "Commande FO-1"
    assert "/variants/1/html" in {one.pointer for one in seen.warnings}
    assert seen.reads == ["contact", "number"]
    assert seen.release.locale == "fr"
    at, alone = nearest(SOURCE, "email", "fr-CA")
    assert (at, alone.variants) == (1, SOURCE.variants[1:])
    assert nearest(SOURCE, "sms", "fr") == (0, SOURCE)
