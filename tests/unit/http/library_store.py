"""The library in memory, for the HTTP door: no templates follow it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from posthouse.core.kernel.errors import ConflictError
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.errors import NoRolloutError, UnknownTemplateError
from posthouse.core.templates.library.model import CompiledIn, Item, ItemKind, ItemVersion, Use
from posthouse.core.templates.library.publication import Follower, LiveSource, Publication, Turn
from posthouse.core.templates.lifecycle import FileDiff, RolledBack, VersionDiff
from posthouse.core.templates.model import Made, Release, Template, TemplateSource
from posthouse.core.templates.rollout import Rollout
from posthouse.core.templates.service import PushResult


class FakeLifecycle:
    """Moves numbers of the templates of the fake room."""

    def __init__(self, templates: Any) -> None:
        self._templates = templates

    async def rollback(self, workspace_id: Id, key: str, version: int) -> RolledBack:
        template = await self._templates.get(workspace_id, key)
        if version > template.version:
            raise UnknownTemplateError
        outdated = CompiledIn(Use(ItemKind.BLOCK, "footer"), "footer", 3)
        return RolledBack(msgspec.structs.replace(template, version=version), (outdated,))

    async def duplicate(self, workspace_id: Id, key: str, new_key: str, name: str | None = None) -> PushResult:
        template = await self._templates.get(workspace_id, key)
        copy = msgspec.structs.replace(template.draft, key=new_key, name=name or "Copy")
        pushed: PushResult = await self._templates.push(workspace_id, copy)
        return pushed

    async def archive(self, workspace_id: Id, key: str) -> Template:
        template: Template = await self._templates.get(workspace_id, key)
        return msgspec.structs.replace(template, version=0, archived=template.version)

    async def unarchive(self, workspace_id: Id, key: str) -> Template:
        template: Template = await self._templates.get(workspace_id, key)
        return template

    async def source(self, workspace_id: Id, key: str, version: int | str | None = None) -> TemplateSource:
        template = await self._templates.get(workspace_id, key)
        source: TemplateSource = template.draft
        return source

    async def diff(
        self, workspace_id: Id, key: str, before: int | str | None = None, after: int | str | None = "draft"
    ) -> VersionDiff:
        await self._templates.get(workspace_id, key)
        return VersionDiff(key, str(before), str(after), (FileDiff("email.en.html", "-a\n+b\n"),), ())


class FakeRollouts:
    """Moves shares of the templates of the fake room."""

    def __init__(self, templates: Any) -> None:
        self._templates = templates

    async def set(self, workspace_id: Id, key: str, percent: int, version: int | None = None) -> Template:
        template: Template = await self._templates.get(workspace_id, key)
        if version is None and template.rollout is None:
            raise NoRolloutError
        number = version or template.rollout.version
        return self._kept(
            msgspec.structs.replace(template, rollout=Rollout(number, percent, self._templates.clock.now()))
        )

    async def complete(self, workspace_id: Id, key: str) -> Template:
        template = await self._running(workspace_id, key)
        return self._kept(msgspec.structs.replace(template, version=template.rollout.version, rollout=None))

    async def back(self, workspace_id: Id, key: str) -> Template:
        return self._kept(msgspec.structs.replace(await self._running(workspace_id, key), rollout=None))

    async def _running(self, workspace_id: Id, key: str) -> Any:
        template = await self._templates.get(workspace_id, key)
        if template.rollout is None:
            raise NoRolloutError
        return template

    def _kept(self, template: Template) -> Template:
        self._templates.rows[template.workspace_id, template.key] = template
        return template


class FakeLibraryStore:
    """LibraryStore without templates."""

    def __init__(self) -> None:
        self.rows: dict[tuple[Id, ItemKind, str], Item] = {}
        self.published: dict[tuple[Id, int], ItemVersion] = {}
        self.made: dict[Id, Publication] = {}

    async def followers(self, workspace_id: Id) -> Sequence[Follower]:
        return []

    async def releases(self, workspace_id: Id, key: str, version: int | None) -> Sequence[Release]:
        return []

    async def live_sources(self, template_ids: Sequence[Id]) -> Mapping[Id, LiveSource]:
        return {}

    async def items(self, workspace_id: Id, kind: ItemKind | None = None) -> Sequence[Item]:
        return [one for one in self.rows.values() if one.workspace_id == workspace_id and kind in {None, one.kind}]

    async def item(self, workspace_id: Id, kind: ItemKind, key: str) -> Item | None:
        return self.rows.get((workspace_id, kind, key))

    async def save_item(self, item: Item, expected_hash: str | None) -> None:
        current = self.rows.get((item.workspace_id, item.kind, item.key))
        if (current.source_hash if current else None) != expected_hash:
            raise ConflictError
        self.rows[item.workspace_id, item.kind, item.key] = item

    async def remove_item(self, workspace_id: Id, kind: ItemKind, key: str) -> None:
        del self.rows[workspace_id, kind, key]

    async def item_versions(self, item_id: Id) -> Sequence[ItemVersion]:
        return [one for (owner, _), one in sorted(self.published.items(), reverse=True) if owner == item_id]

    async def item_version(self, item_id: Id, number: int) -> ItemVersion | None:
        return self.published.get((item_id, number))

    async def begin_publication(self, publication: Publication, now: int) -> None:
        self.made[publication.id] = publication

    async def stage(self, publication: Publication, releases: Sequence[Made]) -> None:
        self.made[publication.id] = publication

    async def go_live(
        self, publication: Publication, item: Item, version: ItemVersion, turns: Sequence[Turn]
    ) -> Sequence[Id]:
        live = msgspec.structs.replace(
            item, version=version.number, latest=version.number, published_hash=version.source_hash
        )
        self.rows[item.workspace_id, item.kind, item.key] = live
        self.published[item.id, version.number] = version
        self.made[publication.id] = publication
        return []

    async def end_publication(self, publication: Publication) -> None:
        self.made[publication.id] = publication

    async def undo_publication(
        self, publication: Publication, item: Item, turns: Sequence[Turn], now: int
    ) -> Sequence[Id]:
        self.rows[item.workspace_id, item.kind, item.key] = item
        self.made[publication.id] = publication
        return []

    async def publication(self, workspace_id: Id, publication_id: Id) -> Publication | None:
        return self.made.get(publication_id)

    async def publications(self, workspace_id: Id, limit: int) -> Sequence[Publication]:
        return list(self.made.values())[-limit:]
