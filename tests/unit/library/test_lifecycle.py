"""A template over the years: back to a version, copied, put away, compared; two editors; who follows what meanwhile."""

import msgspec
import pytest
from tests.unit.library.kit import WORKSPACE, Shop, shared, template

from posthouse.core.kernel.errors import ConflictError
from posthouse.core.templates.catalogue import Catalogue
from posthouse.core.templates.errors import StaleDraftError, TemplateProblemsError, UnknownTemplateError
from posthouse.core.templates.model import TemplateSource


async def test_rollback_is_at_once_and_keeps_numbers(shop: Shop) -> None:
    """The very releases of the version are live again, the draft stays, and the next version gets a number of its own."""
    await shop.template(words="One")
    first = await shop.store.releases(WORKSPACE, "welcome", None)
    await shop.template(words="Two")
    found = await shop.lifecycle.rollback(WORKSPACE, "welcome", 1)
    assert found.outdated == ()
    assert await shop.store.releases(WORKSPACE, "welcome", None) == first
    assert (await shop.templates.get(WORKSPACE, "welcome")).draft == template("welcome", words="Two")
    assert (await shop.templates.push(WORKSPACE, template("welcome", words="One"), publish=True)).version == 1
    await shop.template(words="Three")
    assert (await shop.templates.get(WORKSPACE, "welcome")).version == 3
    with pytest.raises(UnknownTemplateError, match="no version 7"):
        await shop.lifecycle.rollback(WORKSPACE, "welcome", 7)


async def test_a_version_with_a_former_footer_says_so(shop: Shop) -> None:
    """Rolled back it holds the footer of its time, and tells; the next footer finds it all the same."""
    await shop.block("Old words")
    await shop.publish()
    await shop.template("welcome", shared(), words="One")
    await shop.template("welcome", shared(), words="Two")
    await shop.block("New words")
    await shop.publish()
    found = await shop.lifecycle.rollback(WORKSPACE, "welcome", 1)
    assert [(one.key, one.version) for one in found.outdated] == [("footer", 1)]
    assert "Old words" in await shop.html()
    await shop.block("Newest words")
    await shop.publish()
    html = await shop.html()
    assert "Newest words" in html
    assert "One en" in html


async def test_archived(shop: Shop) -> None:
    """Nothing is accepted for it, a publication leaves it alone, and it comes back up to date."""
    catalogue = Catalogue(shop.store, shop.store, shop.clock)
    await shop.block("Old words")
    await shop.publish()
    await shop.template("welcome", shared())
    await shop.lifecycle.archive(WORKSPACE, "welcome")
    assert (await shop.lifecycle.archive(WORKSPACE, "welcome")).archived == 1
    for version in (None, 1):
        with pytest.raises(UnknownTemplateError, match="is archived; bring it back"):
            await catalogue.find(WORKSPACE, "welcome", version)
    with pytest.raises(ConflictError, match="archived"):
        await shop.templates.push(WORKSPACE, template("welcome", words="x"), publish=True)
    with pytest.raises(ConflictError, match="archived"):
        await shop.lifecycle.rollback(WORKSPACE, "welcome", 1)
    await shop.templates.push(WORKSPACE, template("welcome", shared(), words="Draft"))
    with pytest.raises(ConflictError, match="archived"):
        await shop.templates.publish(WORKSPACE, "welcome")
    await shop.block("New words")
    assert (await shop.publish()).turns == ()
    back = await shop.lifecycle.unarchive(WORKSPACE, "welcome")
    assert (back.version, back.archived) == (2, 0)
    html = await shop.html()
    assert "New words" in html
    assert "Hello en" in html
    await shop.lifecycle.archive(WORKSPACE, "welcome")
    assert (await shop.lifecycle.unarchive(WORKSPACE, "welcome")).version == 2
    assert (await shop.lifecycle.unarchive(WORKSPACE, "welcome")).version == 2


async def test_a_draft_cannot_be_archived(shop: Shop) -> None:
    """What was never published has nothing to put away."""
    await shop.templates.push(WORKSPACE, template("welcome"))
    with pytest.raises(ConflictError, match="never published"):
        await shop.lifecycle.archive(WORKSPACE, "welcome")


async def test_a_copy(shop: Shop) -> None:
    """The draft under another key, unpublished; a taken key and an impossible one are refused."""
    await shop.template()
    made = await shop.lifecycle.duplicate(WORKSPACE, "welcome", "hello")
    assert (made.template.key, made.template.name, made.version) == ("hello", "Welcome (copy)", 0)
    with pytest.raises(ConflictError, match="already"):
        await shop.lifecycle.duplicate(WORKSPACE, "welcome", "hello")


async def test_what_differs(shop: Shop) -> None:
    """Two versions as files and as a reader sees them; the same one twice has no difference."""
    await shop.template(words="One")
    await shop.template(words="Two")
    found = await shop.lifecycle.diff(WORKSPACE, "welcome", 1, 2)
    assert [one.file for one in found.source] == ["email.json"]
    assert '-          "en": "One en"' in found.source[0].diff or "One en" in found.source[0].diff
    assert [one.file for one in found.rendered] == ["email.en.html", "email.en.txt", "email.fr.html", "email.fr.txt"]
    assert "-One en" in found.rendered[1].diff
    assert "+Two en" in found.rendered[1].diff
    same = await shop.lifecycle.diff(WORKSPACE, "welcome")
    assert (same.source, same.rendered) == ((), ())
    with pytest.raises(UnknownTemplateError, match="version 9"):
        await shop.lifecycle.diff(WORKSPACE, "welcome", 9)


async def test_two_editors(shop: Shop) -> None:
    """Who comes second is told who was faster, and nothing is overwritten; publishing can ask for the draft that was seen."""
    first = await shop.templates.push(WORKSPACE, template("welcome", words="One"), base="", by="key_ann")
    seen = first.template.source_hash
    await shop.templates.push(WORKSPACE, template("welcome", words="Two"), base=seen, by="key_bob")
    with pytest.raises(StaleDraftError, match=r"was changed by key_bob at .*; read it again"):
        await shop.templates.push(WORKSPACE, template("welcome", words="Three"), base=seen)
    with pytest.raises(StaleDraftError):
        await shop.templates.publish(WORKSPACE, "welcome", base=seen)
    with pytest.raises(StaleDraftError, match="no template 'other' yet"):
        await shop.templates.push(WORKSPACE, template("other"), base=seen)
    assert (await shop.templates.get(WORKSPACE, "welcome")).draft == template("welcome", words="Two")


async def test_a_dry_run_keeps_nothing(shop: Shop) -> None:
    """It tells whether something would change, and everything that is wrong."""
    tried = await shop.templates.push(WORKSPACE, template("welcome"), dry=True)
    assert tried.changed
    assert await shop.store.template(WORKSPACE, "welcome") is None
    with pytest.raises(TemplateProblemsError):
        await shop.templates.push(WORKSPACE, template("welcome", shared()), dry=True)
    await shop.template()
    assert not (await shop.templates.push(WORKSPACE, template("welcome"), dry=True)).changed


async def test_settings_do_not_touch_the_words(shop: Shop) -> None:
    """Owner, ground and review are part of the draft and come back with it."""
    settings: dict[str, str] = {"owner": "care@shop.example", "legal_basis": "contract", "review_on": "2027-03-31"}
    source: TemplateSource = msgspec.structs.replace(template("welcome"), **settings)
    await shop.templates.push(WORKSPACE, source, publish=True)
    assert (await shop.lifecycle.source(WORKSPACE, "welcome")).owner == "care@shop.example"
