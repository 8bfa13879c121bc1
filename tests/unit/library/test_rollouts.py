"""A new version for a share of the people first: who gets it, how it goes on and back, and what waits for its end."""

from collections import Counter

import pytest
from tests.unit.library.kit import WORKSPACE, Shop, shared, template

from posthouse.core.kernel.errors import ConflictError, ValidationError
from posthouse.core.templates.catalogue import TTL, Catalogue
from posthouse.core.templates.errors import NoRolloutError, UnknownTemplateError
from posthouse.core.templates.library.publication import State
from posthouse.core.templates.model import Template
from posthouse.core.templates.rollout import Rollout, takes_part

PEOPLE = [f"person-{number}@customer.example" for number in range(2_000)]


async def versions(shop: Shop, catalogue: Catalogue, locale: str | None = None) -> Counter[int]:
    """Which versions these people get."""
    shop.clock.advance(TTL)
    live = await catalogue.find(WORKSPACE, "welcome", None, None, locale)
    return Counter(catalogue.share(live, locale, person).version for person in PEOPLE)


async def begun(shop: Shop, percent: int = 10) -> Template:
    """Two versions, of which the second is being rolled out."""
    await shop.template(words="One")
    await shop.templates.push(WORKSPACE, template("welcome", words="Two"))
    return (await shop.templates.publish(WORKSPACE, "welcome", percent=percent)).template


def test_always_the_same_people() -> None:
    """Whoever is asked tells the same; who is in stays in while the share grows; another version begins with others."""
    ten, half, later = Rollout(2, 10, 0), Rollout(2, 50, 0), Rollout(3, 10, 0)
    first = {one for one in PEOPLE if takes_part(b"t" * 16, ten, one)}
    assert 140 < len(first) < 260
    assert first == {one for one in PEOPLE if takes_part(b"t" * 16, ten, f" {one.upper()} ")}
    assert first < {one for one in PEOPLE if takes_part(b"t" * 16, half, one)}
    assert len(first & {one for one in PEOPLE if takes_part(b"t" * 16, later, one)}) < 60
    assert all(takes_part(b"t" * 16, Rollout(2, 100, 0), one) for one in PEOPLE)


async def test_a_share_of_the_messages(shop: Shop) -> None:
    """Published for a tenth, the version stands beside the live one; raised it serves more, completed everybody."""
    catalogue = Catalogue(shop.store, shop.store, shop.clock)
    found = await begun(shop)
    assert (found.version, found.latest, found.rollout and found.rollout.version) == (1, 2, 2)
    assert 1_700 < (await versions(shop, catalogue))[1] < 1_900
    assert 1_700 < (await versions(shop, catalogue, "fr"))[1] < 1_900
    assert "One en" in await shop.html()
    assert (await catalogue.find(WORKSPACE, "welcome", 2)).version == 2
    await shop.rollouts.set(WORKSPACE, "welcome", 50)
    assert 900 < (await versions(shop, catalogue))[2] < 1_100
    whole = await shop.rollouts.complete(WORKSPACE, "welcome")
    assert (whole.version, whole.rollout) == (2, None)
    assert await versions(shop, catalogue) == {2: len(PEOPLE)}
    assert catalogue.staged == {}
    again = await shop.templates.push(WORKSPACE, template("welcome", words="Two"), publish=True)
    assert (again.changed, again.version) == (False, 2)


async def test_taken_back(shop: Shop) -> None:
    """Everybody gets the live version again; the other one can be begun with again, and the next has its own number."""
    catalogue = Catalogue(shop.store, shop.store, shop.clock)
    await begun(shop, 100)
    assert await versions(shop, catalogue) == {2: len(PEOPLE)}
    assert (await shop.rollouts.back(WORKSPACE, "welcome")).rollout is None
    assert await versions(shop, catalogue) == {1: len(PEOPLE)}
    with pytest.raises(NoRolloutError):
        await shop.rollouts.back(WORKSPACE, "welcome")
    with pytest.raises(NoRolloutError, match="name one"):
        await shop.rollouts.set(WORKSPACE, "welcome", 5)
    await shop.rollouts.set(WORKSPACE, "welcome", 100, 2)
    assert await versions(shop, catalogue) == {2: len(PEOPLE)}
    assert (await shop.rollouts.complete(WORKSPACE, "welcome")).published_hash != ""
    await shop.template(words="Three")
    assert (await shop.templates.get(WORKSPACE, "welcome")).version == 3


async def test_what_cannot_be_rolled_out(shop: Shop) -> None:
    """The live version, one that is not there, a share of nothing, a template without a live version."""
    await shop.template(words="One")
    with pytest.raises(ConflictError, match="live already"):
        await shop.rollouts.set(WORKSPACE, "welcome", 10, 1)
    with pytest.raises(UnknownTemplateError, match="no version 9"):
        await shop.rollouts.set(WORKSPACE, "welcome", 10, 9)
    with pytest.raises(ValidationError, match="1 to 100"):
        await shop.rollouts.set(WORKSPACE, "welcome", 0, 1)
    await shop.templates.push(WORKSPACE, template("draft"))
    with pytest.raises(ConflictError, match="never published"):
        await shop.rollouts.set(WORKSPACE, "draft", 10, 1)
    assert (await shop.templates.publish(WORKSPACE, "draft", percent=10)).template.rollout is None


async def test_another_version_meanwhile(shop: Shop) -> None:
    """Publishing for everybody is refused, for a share it begins anew; the same draft again changes nothing; a rollback ends it."""
    await begun(shop)
    same = await shop.templates.push(WORKSPACE, template("welcome", words="Two"), publish=True)
    assert (same.changed, same.version) == (False, 1)
    with pytest.raises(ConflictError, match=r"version 2 is being rolled out \(10 %\)"):
        await shop.template(words="Three")
    await shop.templates.push(WORKSPACE, template("welcome", words="Three"))
    with pytest.raises(ConflictError, match="take it back"):
        await shop.templates.publish(WORKSPACE, "welcome")
    found = (await shop.templates.publish(WORKSPACE, "welcome", percent=20)).template
    assert found.rollout is not None
    assert (found.version, found.rollout.version, found.rollout.percent) == (1, 3, 20)
    await shop.lifecycle.rollback(WORKSPACE, "welcome", 1)
    assert (await shop.templates.get(WORKSPACE, "welcome")).rollout is None


async def test_a_block_waits(shop: Shop) -> None:
    """Publishing a block that either version follows is refused with the template's name, and goes on after the roll-out."""
    await shop.block("Old words")
    await shop.publish()
    await shop.template(words="One")
    await shop.templates.push(WORKSPACE, template("welcome", shared(), words="Two"))
    await shop.templates.publish(WORKSPACE, "welcome", percent=10)
    await shop.block("New words")
    refused = await shop.publish()
    assert (refused.state, [one.template for one in refused.troubles]) == (State.REFUSED, ["welcome"])
    assert "rolled out" in refused.troubles[0].problem.detail
    await shop.rollouts.complete(WORKSPACE, "welcome")
    assert (await shop.publish()).state is State.DONE
    html = await shop.html()
    assert "New words" in html
    assert "Two en" in html


async def test_begun_while_a_block_is_compiled(shop: Shop) -> None:
    """A roll-out that begins meanwhile stops the publication: nothing is half."""
    await shop.block("Old words")
    await shop.publish()
    await shop.template("welcome", shared(), words="One")
    await shop.template("welcome", shared(), words="Two")
    await shop.block("New words")
    shop.room.meddle = lambda: shop.rollouts.set(WORKSPACE, "welcome", 10, 1)
    assert (await shop.publish()).state is State.REFUSED
    assert "Old words" in await shop.html()
