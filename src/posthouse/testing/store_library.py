"""The contract of the library: blocks, themes, and publications that change many templates or none."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from posthouse.core.kernel.errors import ConflictError
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.library.errors import ItemInUseError, PublicationRunningError, UnknownItemError
from posthouse.core.templates.library.model import CompiledIn, Item, ItemKind, ItemSource, ItemVersion, Use
from posthouse.core.templates.library.publication import LEASE, Publication, State, Turn
from posthouse.core.templates.model import Made, Template, TemplateSource
from posthouse.core.templates.rollout import Rollout
from posthouse.testing.store_kit import Kit, Store

_BLOCK = Use(ItemKind.BLOCK, "footer")


class _Bench:
    """A footer, and templates that follow it."""

    def __init__(self, store: Store, kit: Kit) -> None:
        self.store, self.kit = store, kit
        self.item = self.made()

    def made(self, **changes: Any) -> Item:
        """An item."""
        fields: dict[str, Any] = {
            "id": self.kit.ids(),
            "workspace_id": self.kit.workspace,
            "kind": ItemKind.BLOCK,
            "key": "footer",
            "name": "Footer",
            "version": 0,
            "latest": 0,
            "created_at": 1,
            "updated_at": 1,
            "source_hash": "f0",
        } | changes
        draft = ItemSource(fields["kind"], fields["key"], fields["name"], {"blocks": [{"b": 1, "a": "é"}]})
        return Item(draft=draft, **fields)

    async def theme(self, key: str, *, default: bool) -> Item:
        """A theme, published once."""
        theme = self.made(key=key, kind=ItemKind.THEME)
        await self.store.save_item(theme, None)
        publication = self.publication(kind=ItemKind.THEME, key=key)
        await self.store.begin_publication(publication, 1)
        done = msgspec.structs.replace(publication, state=State.DONE)
        live = msgspec.structs.replace(theme, default=default)
        assert not await self.store.go_live(done, live, self.version(theme, 1), ())
        return live

    def publication(self, **changes: Any) -> Publication:
        fields: dict[str, Any] = {
            "id": self.kit.ids(),
            "workspace_id": self.kit.workspace,
            "kind": ItemKind.BLOCK,
            "key": "footer",
            "version": 1,
            "former": 0,
            "state": State.RUNNING,
            "started_at": self.kit.clock.now(),
            "moved_at": self.kit.clock.now(),
        }
        return Publication(**(fields | changes))

    def version(self, item: Item, number: int) -> ItemVersion:
        return ItemVersion(item.id, number, 5, item.draft, f"f{number}")

    async def begun(self, **changes: Any) -> Publication:
        publication = self.publication(**changes)
        await self.store.begin_publication(publication, self.kit.clock.now())
        return publication

    async def template(self, key: str = "welcome", version: int = 1, footer: int = 0) -> Template:
        """A live template that follows the footer."""
        source = TemplateSource(key, key, ())
        template = self.kit.template(
            key=key,
            id=self.kit.ids() if key != "welcome" else self.kit.template_id,
            version=version,
            latest=version,
            published_hash=f"{key}-{version}",
            compiled=(CompiledIn(_BLOCK, "footer", footer),),
            draft=source,
        )
        await self.store.publish(template, [self.kit.release(template)], source)
        return template

    def turn(self, template: Template, footer: int = 1) -> tuple[Turn, Made]:
        """What a new footer does to it."""
        after = template.latest + 1
        made = Made.of(self.kit.release(msgspec.structs.replace(template, version=after)))
        compiled = (CompiledIn(_BLOCK, "footer", footer),)
        turn = Turn(
            template.id, template.key, template.version, after, template.latest, template.published_hash, compiled, 1
        )
        return turn, made

    async def live(self, key: str) -> tuple[int, list[Id]]:
        """The live version of a template and its releases."""
        found = await self.store.template(self.kit.workspace, key)
        assert found is not None
        return found.version, [one.id for one in await self.store.releases(self.kit.workspace, key, None)]

    async def go(self, publication: Publication, turns: Sequence[Turn], number: int = 1) -> Sequence[Id]:
        done = msgspec.structs.replace(publication, state=State.DONE, turns=tuple(turns))
        return await self.store.go_live(done, self.item, self.version(self.item, number), turns)


class StoreContractItems:
    """Drafts of blocks and themes."""

    async def test_items_come_back_whole(self, store: Store, kit: Kit) -> None:
        """By kind and key, in their workspace only, with the order of their fields."""
        bench = _Bench(store, kit)
        theme = bench.made(kind=ItemKind.THEME, key="a")
        await store.save_item(bench.item, None)
        await store.save_item(theme, None)
        assert await store.items(kit.workspace) == [bench.item, theme]
        assert await store.items(kit.workspace, ItemKind.THEME) == [theme]
        assert await store.items(kit.ids()) == []
        found = await store.item(kit.workspace, ItemKind.BLOCK, "footer")
        assert found is not None
        assert list(found.draft.content["blocks"][0]) == ["b", "a"]
        assert await store.item(kit.workspace, ItemKind.THEME, "footer") is None

    async def test_drafts_of_items_never_overwrite_each_other(self, store: Store, kit: Kit) -> None:
        """Saving demands the hash that was read; who comes second is told."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        with pytest.raises(ConflictError, match="somebody else"):
            await store.save_item(msgspec.structs.replace(bench.item, id=kit.ids()), None)
        newer = msgspec.structs.replace(bench.item, source_hash="f1", name="Other")
        await store.save_item(newer, "f0")
        with pytest.raises(ConflictError, match="somebody else"):
            await store.save_item(newer, "f0")
        assert await store.items(kit.workspace) == [newer]

    async def test_saving_a_draft_leaves_what_is_live(self, store: Store, kit: Kit) -> None:
        """A publication that ended while a draft was edited is not taken back by saving it."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        assert not await bench.go(await bench.begun(), ())
        await store.save_item(msgspec.structs.replace(bench.item, source_hash="f1"), "f0")
        found = await store.item(kit.workspace, ItemKind.BLOCK, "footer")
        assert found is not None
        assert (found.version, found.latest, found.published_hash, found.source_hash) == (1, 1, "f1", "f1")

    async def test_what_is_used_stays(self, store: Store, kit: Kit) -> None:
        """An item that a live template names, pinned or not, cannot be taken away."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        await bench.go(await bench.begun(), ())
        await bench.template(footer=1)
        with pytest.raises(ItemInUseError, match="welcome"):
            await store.remove_item(kit.workspace, ItemKind.BLOCK, "footer")
        with pytest.raises(UnknownItemError):
            await store.remove_item(kit.workspace, ItemKind.THEME, "footer")
        unused = bench.made(key="unused", id=kit.ids())
        await store.save_item(unused, None)
        await store.remove_item(kit.workspace, ItemKind.BLOCK, "unused")
        assert [one.key for one in await store.items(kit.workspace)] == ["footer"]


class StoreContractLifecycle:
    """Which version is live, and what versions were made from."""

    async def test_another_version_goes_live(self, store: Store, kit: Kit) -> None:
        """It is a number that moves: releases and draft stay; nobody who read an older state moves it."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        await bench.template()
        before = await bench.live("welcome")
        second = await bench.template(version=2)
        await store.save_draft(msgspec.structs.replace(second, source_hash="mine", name="Mine"), "hash-1")
        back = msgspec.structs.replace(second, version=1, published_hash="welcome-1")
        generation = await store.generation()
        await store.set_live(back, 2)
        assert await store.generation() > generation
        assert await bench.live("welcome") == before
        found = await store.template(kit.workspace, "welcome")
        assert found is not None
        assert (found.next_version, found.name, found.source_hash) == (3, "Mine", "mine")
        with pytest.raises(ConflictError, match="meanwhile"):
            await store.set_live(back, 2)
        await bench.template(version=3)
        with pytest.raises(ConflictError, match="meanwhile"):
            await store.set_live(msgspec.structs.replace(found, version=2), 1)

    async def test_put_away(self, store: Store, kit: Kit) -> None:
        """Without a live version none of its versions is found; its releases stay for the messages made from them."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        template = await bench.template()
        (release,) = await store.releases(kit.workspace, "welcome", 1)
        await store.set_live(msgspec.structs.replace(template, version=0, archived=1), 1)
        assert await store.releases(kit.workspace, "welcome", None) == []
        assert await store.releases(kit.workspace, "welcome", 1) == []
        assert await store.release(release.id) == release
        assert await store.items(kit.workspace) == [bench.item]

    async def test_what_versions_were_made_from(self, store: Store, kit: Kit) -> None:
        """The source and the items of the library that were compiled in; nothing for a version that is not there."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        template = await bench.template()
        found = await store.edition(template.id, 1)
        assert found is not None
        edition, source = found
        assert (edition.version, edition.source_hash, edition.cause) == (1, "welcome-1", "")
        assert edition.compiled == template.compiled
        assert source == template.draft
        assert await store.edition(template.id, 2) is None
        publication = await bench.begun()
        turn, made = bench.turn(template)
        await store.stage(publication, [made])
        assert await store.edition(template.id, 2) is None
        assert [one.number for one in await store.versions(kit.workspace, "welcome", None, 10)] == [1]
        assert not await bench.go(publication, [turn])
        found = await store.edition(template.id, 2)
        assert found is not None
        assert (found[0].cause, found[1]) == ("block footer 1", source)
        assert [one.number for one in await store.versions(kit.workspace, "welcome", None, 10)] == [2, 1]


class StoreContractRollouts:
    """Another version beside the live one."""

    async def test_a_version_comes(self, store: Store, kit: Kit) -> None:
        """Published for a share it is a version among others, with its source; what was live stays, and who asks is told."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        live = await bench.template()
        before, compiled = await bench.live("welcome"), (CompiledIn(_BLOCK, "footer", 0),)
        assert await store.rollout(kit.workspace, "welcome") is None
        assert await store.rollout(kit.workspace, "nothing") is None
        rollout = Rollout(2, 10, 7, "other", compiled)
        beside = msgspec.structs.replace(live, latest=2, rollout=rollout)
        made = kit.release(msgspec.structs.replace(live, version=2))
        generation = await store.generation()
        await store.publish(beside, [made], TemplateSource("welcome", "other", ()))
        assert await store.generation() > generation
        assert await bench.live("welcome") == before
        assert await store.rollout(kit.workspace, "welcome") == rollout
        assert await store.releases(kit.workspace, "welcome", 2) == [made]
        found = await store.edition(live.id, 2)
        assert found is not None
        assert (found[0].source_hash, found[1]) == ("other", TemplateSource("welcome", "other", ()))
        with pytest.raises(ConflictError, match="version 2"):
            await store.publish(beside, [made])
        await store.save_draft(msgspec.structs.replace(live, source_hash="mine"), "hash-1")
        assert await store.rollout(kit.workspace, "welcome") == rollout
        taken_back = msgspec.structs.replace(beside, version=2, rollout=None)
        for older in (None, msgspec.structs.replace(rollout, percent=5)):
            with pytest.raises(ConflictError, match="roll-out"):
                await store.set_live(taken_back, 1, older)
        await store.set_live(taken_back, 1, rollout)
        assert await store.rollout(kit.workspace, "welcome") is None
        assert await bench.live("welcome") == (2, [made.id])

    async def test_a_block_waits_for_it(self, store: Store, kit: Kit) -> None:
        """A publication does not pass over a version that comes, whichever of the two follows the block; nor does undoing one."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        live = await bench.template()
        (follower,) = await store.followers(kit.workspace)
        publication = await bench.begun()
        turn, made = bench.turn(live)
        await store.stage(publication, [made])
        rollout = Rollout(1, 10, 7, "other", (CompiledIn(_BLOCK, "footer", 0),))
        coming = msgspec.structs.replace(live, rollout=rollout)
        await store.set_live(coming, 1)
        assert (follower.rollout, (await store.followers(kit.workspace))[0].rollout) == (None, rollout)
        assert await bench.go(publication, [turn]) == [live.id]
        await store.set_live(live, 1, rollout)
        assert not await bench.go(publication, [turn])
        done = await store.publication(kit.workspace, publication.id)
        now = await store.template(kit.workspace, "welcome")
        assert done is not None
        assert now is not None
        await store.set_live(msgspec.structs.replace(now, rollout=rollout), 2)
        undone = msgspec.structs.replace(done, state=State.UNDONE)
        assert await store.undo_publication(undone, bench.item, done.turns, 9) == [live.id]


class StoreContractPublications:
    """Many templates at once, or none."""

    async def test_all_at_once(self, store: Store, kit: Kit) -> None:
        """Staged releases are nobody's; going live shows all of them, with the item's version and what they were made from."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        one, two = await bench.template("welcome"), await bench.template("goodbye")
        before = await bench.live("welcome")
        publication = await bench.begun()
        (turn_one, made_one), (turn_two, made_two) = bench.turn(one), bench.turn(two)
        await store.stage(publication, [made_one, made_two])
        assert await bench.live("welcome") == before
        assert await store.releases(kit.workspace, "welcome", 2) == []
        generation = await store.generation()
        assert not await bench.go(publication, [turn_one, turn_two])
        assert await store.generation() > generation
        assert await bench.live("welcome") == (2, [made_one.id])
        assert await bench.live("goodbye") == (2, [made_two.id])
        sources = await store.live_sources([one.id, two.id])
        assert {key: msgspec.json.decode(held.raw, type=TemplateSource) for key, held in sources.items()} == {
            one.id: TemplateSource("welcome", "welcome", ()),
            two.id: TemplateSource("goodbye", "goodbye", ()),
        }
        goodbye, welcome = await store.followers(kit.workspace)
        assert (goodbye.key, welcome.key, welcome.id, welcome.name) == ("goodbye", "welcome", one.id, one.name)
        assert (welcome.version, welcome.latest, welcome.next_version) == (2, 2, 3)
        assert (welcome.published_hash, welcome.uses) == (one.published_hash, (_BLOCK,))
        found = await store.template(kit.workspace, "welcome")
        assert found is not None
        assert found.compiled == turn_one.compiled
        item = await store.item(kit.workspace, ItemKind.BLOCK, "footer")
        assert item is not None
        assert (item.version, item.latest) == (1, 1)
        version = bench.version(bench.item, 1)
        assert await store.item_versions(item.id) == [version]
        assert await store.item_version(item.id, 1) == version
        assert await store.item_version(item.id, 2) is None
        ended = await store.publication(kit.workspace, publication.id)
        assert ended is not None
        assert (ended.state, len(ended.turns)) == (State.DONE, 2)
        assert await store.publications(kit.workspace, 5) == [ended]
        assert await store.publication(kit.ids(), publication.id) is None

    async def test_a_template_published_meanwhile_is_not_lost(self, store: Store, kit: Kit) -> None:
        """Going live does nothing when a template has moved, and names it; the newer release stays."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        one, two = await bench.template("welcome"), await bench.template("goodbye")
        publication = await bench.begun()
        (turn_one, made_one), (turn_two, made_two) = bench.turn(one), bench.turn(two)
        await store.stage(publication, [made_one, made_two])
        await bench.template("welcome", version=2)
        newest = await bench.live("welcome")
        assert await bench.go(publication, [turn_one, turn_two]) == [one.id]
        assert await bench.live("welcome") == newest
        assert (await bench.live("goodbye"))[0] == 1
        again = await store.template(kit.workspace, "welcome")
        assert again is not None
        turn, made = bench.turn(again)
        await store.stage(publication, [made])
        assert not await bench.go(publication, [turn, turn_two])
        assert await bench.live("welcome") == (3, [made.id])
        assert await bench.live("goodbye") == (2, [made_two.id])

    async def test_a_template_that_follows_since_is_not_forgotten(self, store: Store, kit: Kit) -> None:
        """One that was published with the former version while others were compiled is named."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        publication = await bench.begun()
        late = await bench.template("late")
        assert await bench.go(publication, []) == [late.id]
        turn, made = bench.turn(late)
        await store.stage(publication, [made])
        assert not await bench.go(publication, [turn])

    async def test_a_template_compiled_with_a_former_version_is_refused(self, store: Store, kit: Kit) -> None:
        """Publishing a template says so when a block it follows was published since it was compiled."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        await bench.go(await bench.begun(), ())
        with pytest.raises(ConflictError, match="published meanwhile"):
            await bench.template(footer=0)
        assert await store.template(kit.workspace, "welcome") is None
        await bench.template(footer=1)

    async def test_one_at_a_time(self, store: Store, kit: Kit) -> None:
        """A second one is refused until the first ends or runs out; who ran out can do nothing more."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        template = await bench.template()
        first = await bench.begun()
        turn, made = bench.turn(template)
        await store.stage(first, [made])
        with pytest.raises(PublicationRunningError, match="footer"):
            await bench.begun()
        await store.begin_publication(bench.publication(workspace_id=kit.ids()), kit.clock.now())
        kit.clock.advance(LEASE)
        second = await bench.begun()
        with pytest.raises(ConflictError, match="given up"):
            await store.stage(first, [])
        with pytest.raises(ConflictError, match="given up"):
            await bench.go(first, [turn])
        assert await bench.go(second, [turn]) == [template.id]  # what the first had staged is gone
        await store.end_publication(msgspec.structs.replace(second, state=State.FAILED))
        ended = await store.publication(kit.workspace, second.id)
        assert ended is not None
        assert ended.state is State.FAILED
        assert (await bench.live("welcome"))[0] == 1

    async def test_undo(self, store: Store, kit: Kit) -> None:
        """The former releases are back at once; the next publication gets a number that nobody had."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        template = await bench.template()
        before = await bench.live("welcome")
        publication = await bench.begun()
        turn, made = bench.turn(template)
        await store.stage(publication, [made])
        assert not await bench.go(publication, [turn])
        done = await store.publication(kit.workspace, publication.id)
        assert done is not None
        undone = msgspec.structs.replace(done, state=State.UNDONE)
        assert not await store.undo_publication(undone, bench.item, done.turns, 9)
        assert await bench.live("welcome") == before
        found = await store.template(kit.workspace, "welcome")
        assert found is not None
        assert (found.version, found.next_version, found.compiled) == (1, 3, template.compiled)
        (kept,) = await store.releases(kit.workspace, "welcome", 2)  # messages may have been made from it
        assert (kept.id, Made.of(kept).document) == (made.id, made.document)
        item = await store.item(kit.workspace, ItemKind.BLOCK, "footer")
        assert item is not None
        assert (item.version, item.latest) == (0, 1)
        with pytest.raises(ConflictError, match="again since"):
            await store.undo_publication(undone, bench.item, (), 9)

    async def test_undo_is_refused_when_a_template_moved_on(self, store: Store, kit: Kit) -> None:
        """Nothing is undone then, and the template is named."""
        bench = _Bench(store, kit)
        await store.save_item(bench.item, None)
        template = await bench.template()
        publication = await bench.begun()
        turn, made = bench.turn(template)
        await store.stage(publication, [made])
        assert not await bench.go(publication, [turn])
        await bench.template("welcome", version=3, footer=1)
        done = await store.publication(kit.workspace, publication.id)
        assert done is not None
        assert await store.undo_publication(done, bench.item, done.turns, 9) == [template.id]
        assert (await bench.live("welcome"))[0] == 3

    async def test_one_default_theme(self, store: Store, kit: Kit) -> None:
        """The one published last as default takes the place of the other."""
        bench = _Bench(store, kit)
        await bench.theme("blue", default=True)
        await bench.theme("red", default=True)
        themes = {one.key: one.default for one in await store.items(kit.workspace, ItemKind.THEME)}
        assert themes == {"blue": False, "red": True}
        default = CompiledIn(Use(ItemKind.THEME, ""), "blue", 1)
        stale = kit.template(version=1, latest=1, compiled=(default,))
        with pytest.raises(ConflictError, match="theme"):
            await store.publish(stale, [kit.release(stale)])

    async def test_a_draft_saved_while_publishing_stays(self, store: Store, kit: Kit) -> None:
        """Publishing changes what is live, never a draft that it has not seen; saving a draft never what is live."""
        first = kit.template(source_hash="a", name="First")
        await store.save_draft(first, None)
        await store.save_draft(msgspec.structs.replace(first, source_hash="b", name="Second"), "a")
        live = msgspec.structs.replace(first, version=1, latest=1, published_hash="a")
        await store.publish(live, [kit.release(live)])
        await store.save_draft(msgspec.structs.replace(first, source_hash="c", name="Third"), "b")
        found = await store.template(kit.workspace, first.key)
        assert found is not None
        assert (found.version, found.published_hash, found.source_hash, found.name) == (1, "a", "c", "Third")
