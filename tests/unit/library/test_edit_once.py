"""Edit once: a block or theme is published, and every template that follows it is live with it, or none is."""

import asyncio

import msgspec
import pytest
from tests.unit.library.kit import WORKSPACE, Shop, shared, template

from posthouse.core.kernel.errors import ConflictError
from posthouse.core.templates.cases.model import Case, Expect, Written
from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.library.errors import ItemInUseError, ItemProblemsError, UnknownItemError
from posthouse.core.templates.library.model import NO_LIBRARY, ItemKind
from posthouse.core.templates.library.publication import LEASE, State
from posthouse.core.templates.press import Job


async def test_one_footer_for_all(shop: Shop) -> None:
    """A new footer is in every template and locale at once, drafts of templates stay what they are, pinned ones stay."""
    await shop.block("Old words")
    await shop.publish()
    await shop.template("welcome", shared())
    await shop.template("goodbye", {"type": "columns", "id": "c", "columns": [{"blocks": [shared()]}]})
    await shop.template("pinned", shared(version=1))
    await shop.template("plain")
    await shop.templates.push(WORKSPACE, template("welcome", shared(), words="Unpublished"))
    await shop.block("New words")
    assert "Old words" in await shop.html()
    ended = await shop.publish()
    assert (ended.state, ended.version, ended.total, ended.done, ended.releases) == (State.DONE, 2, 2, 2, 4)
    for key in ("welcome", "goodbye"):
        for locale in ("en", "fr"):
            html = await shop.html(key, locale)
            assert "New words" in html
            assert "Old words" not in html
            assert "Unpublished" not in html
    assert "Old words" in await shop.html("pinned")
    versions = {one.key: one.version for one in await shop.templates.list(WORKSPACE)}
    assert versions == {"welcome": 2, "goodbye": 2, "pinned": 1, "plain": 1}
    assert (await shop.templates.get(WORKSPACE, "welcome")).draft == template("welcome", shared(), words="Unpublished")
    assert "Old words" in await shop.html("welcome", version=1)


async def test_the_default_theme_is_followed(shop: Shop) -> None:
    """A document that names no theme takes the default one, when there is one and whenever it changes."""
    await shop.template("bare")
    await shop.theme("#101010", "brand")
    await shop.publish("brand", ItemKind.THEME)
    button = {"type": "button", "id": "b", "label": {"en": "Go", "fr": "Aller"}, "url": "https://shop.example/"}
    await shop.template("bare", button)
    await shop.template("named", button, theme={"key": "brand"})
    await shop.template("pinned", button, theme={"key": "brand", "version": 1})
    assert "#101010" not in await shop.html("bare")
    await shop.theme("#202020", "usual", default=True)
    ended = await shop.publish("usual", ItemKind.THEME)
    assert [turn.key for turn in ended.turns] == ["bare"]
    assert "#202020" in await shop.html("bare")
    await shop.theme("#303030", "brand", default=True)
    ended = await shop.publish("brand", ItemKind.THEME)
    assert [turn.key for turn in ended.turns] == ["bare", "named"]
    assert "#303030" in await shop.html("bare")
    assert "#303030" in await shop.html("named")
    assert "#101010" in await shop.html("pinned")
    await shop.publisher.undo(WORKSPACE, ended.id)
    assert "#202020" in await shop.html("bare")
    assert "#101010" in await shop.html("named")
    assert {one.key: one.default for one in await shop.library.list(WORKSPACE, ItemKind.THEME)} == {
        "brand": False,
        "usual": True,
    }


async def test_one_template_that_breaks_stops_all(shop: Shop) -> None:
    """A footer with a variable that a template's sample lacks is refused with the template, the block and the place."""
    await shop.block("Old words")
    await shop.publish()
    await shop.template("has", shared(), sample={"shop": {"city": "Lyon"}})
    await shop.template("lacks", shared())
    await shop.block("{{ shop.city }}", sample={"shop": {"city": "Lyon"}})
    before = await shop.store.generation()
    ended = await shop.publish()
    assert (ended.state, ended.turns) == (State.REFUSED, ())
    assert {(one.template, one.problem.pointer) for one in ended.troubles} == {("lacks", "/sample/shop")}
    assert "Old words" in await shop.html("has")
    assert (await shop.library.get(WORKSPACE, ItemKind.BLOCK, "footer")).version == 1
    assert await shop.store.releases(WORKSPACE, "has", 2) == []
    assert (await shop.publisher.publication(WORKSPACE, ended.id)).state is State.REFUSED
    assert await shop.store.generation() >= before


async def test_a_template_published_meanwhile_is_not_lost(shop: Shop) -> None:
    """Whoever publishes a template while the footer is compiled in keeps his words, with the new footer below them."""
    await shop.block("Old words")
    await shop.publish()
    await shop.template("welcome", shared())
    await shop.template("other", shared())
    await shop.block("New words")
    shop.room.meddle = lambda: shop.template("welcome", shared(), words="Mine")
    ended = await shop.publish()
    assert ended.state is State.DONE
    html = await shop.html()
    assert "Mine" in html
    assert "New words" in html
    assert "New words" in await shop.html("other")
    assert {turn.key: turn.before for turn in ended.turns} == {"welcome": 2, "other": 1}


async def test_a_template_that_joins_meanwhile_is_not_forgotten(shop: Shop) -> None:
    """One that is published with the old footer while others are compiled gets the new one too."""
    await shop.block("Old words")
    await shop.publish()
    await shop.template("welcome", shared())
    await shop.block("New words")
    shop.room.meddle = lambda: shop.template("late", shared())
    ended = await shop.publish()
    assert sorted(turn.key for turn in ended.turns) == ["late", "welcome"]
    assert "New words" in await shop.html("late")


async def test_cut_short(shop: Shop) -> None:
    """A publication whose process stops changes nothing, and the next one goes through."""
    await shop.block("Old words")
    await shop.publish()
    await shop.template("welcome", shared())
    await shop.block("New words")

    async def forever() -> None:
        await asyncio.sleep(60)

    shop.room.meddle = forever
    begun = await shop.publisher.begin(WORKSPACE, ItemKind.BLOCK, "footer")
    assert begun is not None
    task = shop.publisher.start(begun)
    await asyncio.sleep(0.2)
    await shop.publisher.close()
    assert task.cancelled()
    assert (await shop.publisher.publication(WORKSPACE, begun.id)).state is State.FAILED
    assert "Old words" in await shop.html()
    assert (await shop.publish()).state is State.DONE


async def test_a_process_that_died(shop: Shop) -> None:
    """After a minute of silence a publication counts as failed, and another may begin."""
    await shop.block("Words")
    begun = await shop.publisher.begin(WORKSPACE, ItemKind.BLOCK, "footer")
    assert begun is not None
    with pytest.raises(ConflictError, match="is being published"):
        await shop.publisher.begin(WORKSPACE, ItemKind.BLOCK, "footer")
    shop.clock.advance(LEASE)
    assert (await shop.publisher.publication(WORKSPACE, begun.id)).state is State.FAILED
    assert (await shop.publish()).state is State.DONE


async def test_undo_and_an_older_version_again(shop: Shop) -> None:
    """Undo brings the very releases back; once a template moved on, the older version is published again instead."""
    await shop.block("First words")
    await shop.publish()
    await shop.template("welcome", shared())
    former = await shop.store.releases(WORKSPACE, "welcome", None)
    await shop.block("Second words")
    ended = await shop.publish()
    undone = await shop.publisher.undo(WORKSPACE, ended.id)
    assert undone.state is State.UNDONE
    assert await shop.store.releases(WORKSPACE, "welcome", None) == former
    with pytest.raises(ConflictError, match="nothing to undo"):
        await shop.publisher.undo(WORKSPACE, ended.id)
    ended = await shop.publish()
    assert ended.version == 3
    await shop.template("welcome", shared(), words="Newer")
    with pytest.raises(ConflictError, match=r"welcome; publish version 1 of the block again"):
        await shop.publisher.undo(WORKSPACE, ended.id)
    ended = await shop.publish(version=1)
    assert (ended.version, ended.state) == (4, State.DONE)
    html = await shop.html()
    assert "First words" in html
    assert "Newer" in html


async def test_nothing_to_publish(shop: Shop) -> None:
    """What is live already is not published again."""
    await shop.block("Words")
    await shop.publish()
    assert await shop.publisher.begin(WORKSPACE, ItemKind.BLOCK, "footer") is None
    with pytest.raises(UnknownItemError, match=r"did you mean 'footer'"):
        await shop.publisher.begin(WORKSPACE, ItemKind.BLOCK, "foter")
    with pytest.raises(UnknownItemError, match="the latest is 1"):
        await shop.publisher.begin(WORKSPACE, ItemKind.BLOCK, "footer", 7)


async def test_what_is_named_must_be_there(shop: Shop) -> None:
    """A missing block, a version it does not have and one that was never published are told at their place."""
    with pytest.raises(TemplateProblemsError) as refused:
        await shop.template("welcome", shared())
    assert refused.value.fields[0].pointer == "/variants/0/document/blocks/1"
    assert "the library has no blocks yet" in refused.value.fields[0].detail
    await shop.block("Words")
    with pytest.raises(TemplateProblemsError, match="never published; publish it first"):
        await shop.template("welcome", shared())
    await shop.templates.push(WORKSPACE, template("welcome", shared()))  # a draft may name a draft
    assert "Words" in await shop.html("welcome", version="draft")
    await shop.publish()
    with pytest.raises(TemplateProblemsError, match="has no version 2"):
        await shop.template("welcome", shared(version=2))
    with pytest.raises(TemplateProblemsError, match="did you mean 'footer'"):
        await shop.template("welcome", shared("foter"))
    with pytest.raises(TemplateProblemsError, match="there is no theme 'brand'"):
        await shop.template("welcome", theme={"key": "brand"})
    await shop.template("welcome", shared())
    with pytest.raises(ItemInUseError, match="welcome"):
        await shop.library.remove(WORKSPACE, ItemKind.BLOCK, "footer")


async def test_a_block_must_stand_by_itself(shop: Shop) -> None:
    """A block is proved with its own sample when it is kept; problems name the place in it."""
    with pytest.raises(ItemProblemsError) as refused:
        await shop.block("{{ shop.city }}")
    assert [one.pointer for one in refused.value.fields] == ["/sample/shop"]
    with pytest.raises(ItemProblemsError) as refused:
        await shop.block("{{ oops")
    assert refused.value.fields[0].pointer == "/blocks/0/text/en"
    with pytest.raises(ItemProblemsError) as refused:
        await shop.library.save(WORKSPACE, ItemKind.BLOCK, "footer", {"name": "F", "blocks": [shared("other")]})
    assert refused.value.fields[0].pointer == "/blocks/0"
    with pytest.raises(ItemProblemsError) as refused:
        await shop.library.save(WORKSPACE, ItemKind.THEME, "brand", {"name": "B", "tokens": {"width": 9}})
    assert refused.value.fields[0].pointer == "/tokens/width"
    assert not await shop.library.list(WORKSPACE, ItemKind.BLOCK)


async def test_drafts_are_not_overwritten_in_silence(shop: Shop) -> None:
    """Saving with the hash of a draft that somebody changed since is refused."""
    await shop.block("One")
    first = await shop.library.get(WORKSPACE, ItemKind.BLOCK, "footer")
    await shop.block("Two")
    raw = {"name": "footer", "blocks": [{"type": "text", "id": "words", "text": {"en": "Three"}}]}
    with pytest.raises(ConflictError, match="somebody else"):
        await shop.library.save(WORKSPACE, ItemKind.BLOCK, "footer", raw, first.source_hash)
    current = await shop.library.get(WORKSPACE, ItemKind.BLOCK, "footer")
    assert (await shop.library.save(WORKSPACE, ItemKind.BLOCK, "footer", raw, current.source_hash)).changed


async def test_a_block_twice_and_conditions(shop: Shop) -> None:
    """Identifiers stay unique, the condition and the open style of the place hold for what the block brings."""
    blocks = [{"type": "text", "id": "words", "text": {"en": "Words"}, "show_if": "vip"}]
    await shop.library.save(
        WORKSPACE, ItemKind.BLOCK, "footer", {"name": "F", "blocks": blocks, "sample": {"vip": True}}
    )
    await shop.publish()
    twice = [shared(show_if="gift"), shared(style={"ground": "page", "align": "center"})]
    twice[0]["id"], twice[1]["id"] = "a", "b"
    await shop.template("welcome", *twice, sample={"vip": True, "gift": False})
    html = await shop.html()
    assert html.count("Words") == 1
    assert "b-b-words" in html
    html = await shop.html(data={"vip": True, "gift": True})
    assert html.count("Words") == 2
    assert "Words" not in await shop.html(data={"vip": False, "gift": True})


async def test_columns_do_not_nest(shop: Shop) -> None:
    """A block with columns inside a column is refused at the place that names it, and says where in the block."""
    columns = {"type": "columns", "id": "c", "columns": [{"blocks": [{"type": "divider", "id": "d"}]}]}
    await shop.library.save(WORKSPACE, ItemKind.BLOCK, "footer", {"name": "F", "blocks": [columns]})
    await shop.publish()
    await shop.template("welcome", shared())
    with pytest.raises(TemplateProblemsError) as refused:
        await shop.template("other", {"type": "columns", "id": "o", "columns": [{"blocks": [shared()]}]})
    assert refused.value.fields[0].pointer == "/variants/0/document/blocks/1/columns/0/blocks/0"
    assert "block 'footer' (version 1): /blocks/0" in refused.value.fields[0].detail


async def test_impact(shop: Shop) -> None:
    """Before anything is published: who is touched, how it would look, what the lint would newly say, what would break."""
    await shop.block("Old words")
    await shop.publish()
    await shop.template("a-breaks", shared())
    await shop.template("b-changes", shared(), sample={"shop": {"city": "Lyon"}})
    await shop.template("c-pinned", shared(version=1))
    await shop.block('<a href="http://shop.example/">{{ shop.city }}</a>', sample={"shop": {"city": "Lyon"}})
    found = await shop.impacts.impact(WORKSPACE, ItemKind.BLOCK, "footer", limit=1)
    assert [(one.key, one.variants) for one in found.touched] == [
        ("a-breaks", (("email", "en"), ("email", "fr"))),
        ("b-changes", (("email", "en"), ("email", "fr"))),
    ]
    assert found.pinned == ("c-pinned",)
    assert found.next == "a-breaks"
    assert found.details[0].problems[0].pointer == "/sample/shop"
    assert found.details[0].variants[0].after is None
    named = await shop.impacts.impact(WORKSPACE, ItemKind.BLOCK, "footer", limit=0)
    assert (len(named.touched), named.details, named.next) == (2, (), None)
    page = await shop.impacts.impact(WORKSPACE, ItemKind.BLOCK, "footer", after="a-breaks")
    (detail,) = page.details
    assert page.next is None
    assert "link-http" in {one.code for one in detail.findings}
    (english, _) = detail.variants
    assert english.changed
    assert english.before is not None
    assert english.after is not None
    assert "Old words" in (english.before.html or "")
    assert ">Lyon</a>" in (english.after.html or "")
    assert "Old words" in await shop.html("b-changes")


async def test_message_tests_run_with_a_new_footer(shop: Shop) -> None:
    """A case that no longer holds refuses it; a whole rendering that is kept as golden does not."""
    golden = Case("whole", Written(Expect(golden=True)), {"html": "as it was", "txt": "as it was"})
    words = Case("words", Written(Expect(contains=("Old words",))))
    await shop.block("Old words")
    await shop.publish()
    source = msgspec.structs.replace(template("welcome", shared()), tests=(words,))
    await shop.templates.push(WORKSPACE, source, publish=True)
    await shop.block("New words")
    ended = await shop.publish()
    assert (ended.state, ended.troubles[0].template) == (State.REFUSED, "welcome")
    assert "Old words" in ended.troubles[0].problem.detail
    printed = shop.press.print(
        Job(msgspec.structs.replace(template("other"), tests=(golden,)), WORKSPACE, WORKSPACE, 1, NO_LIBRARY)
    )
    assert not printed.problems
