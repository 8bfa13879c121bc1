"""A store of templates in memory, a clock and identifiers that stand still until told."""

import itertools
from collections.abc import Callable, Sequence

from posthouse.core.kernel.errors import ConflictError
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.library.model import Item, ItemKind, ItemVersion
from posthouse.core.templates.model import Edition, Release, Template, TemplateSource, Version
from posthouse.core.templates.rollout import Rollout


class MemoryStore:
    """TemplateStore and generation, with a count of the questions asked."""

    def __init__(self) -> None:
        self.files: dict[bytes, int] = {}
        self.kept: dict[tuple[Id, str], Template] = {}
        self.made: list[Release] = []
        self.library: list[Item] = []
        self.item_versions: list[ItemVersion] = []
        self.changes = 0
        self.asked = 0

    async def generation(self) -> int:
        self.asked += 1
        return self.changes

    async def template(self, workspace_id: Id, key: str) -> Template | None:
        return self.kept.get((workspace_id, key))

    async def templates(self, workspace_id: Id) -> Sequence[Template]:
        return [template for (owner, _), template in sorted(self.kept.items()) if owner == workspace_id]

    async def save_draft(self, template: Template, expected_hash: str | None) -> None:
        current = self.kept.get((template.workspace_id, template.key))
        if (current.source_hash if current else None) != expected_hash:
            raise ConflictError
        self._keep(template)

    async def edition(self, template_id: Id, version: int) -> tuple[Edition, TemplateSource | None] | None:
        return None

    async def set_live(self, template: Template, version: int, beside: Rollout | None = None) -> None:
        self._keep(template)

    async def items(self, workspace_id: Id, kind: ItemKind | None = None) -> Sequence[Item]:
        return [one for one in self.library if one.workspace_id == workspace_id and kind in {None, one.kind}]

    async def item_version(self, item_id: Id, number: int) -> ItemVersion | None:
        return next((one for one in self.item_versions if (one.item_id, one.number) == (item_id, number)), None)

    async def publish(
        self, template: Template, releases: Sequence[Release], source: TemplateSource | None = None
    ) -> None:
        self.made.extend(releases)
        self._keep(template)

    async def blob_sizes(self, workspace_id: Id, digests: Sequence[bytes]) -> dict[bytes, int]:
        return {one: size for one, size in self.files.items() if one in digests}

    async def rollout(self, workspace_id: Id, key: str) -> Rollout | None:
        template = self.kept.get((workspace_id, key))
        return template.rollout if template else None

    async def releases(self, workspace_id: Id, key: str, version: int | None) -> Sequence[Release]:
        self.asked += 1
        template = self.kept.get((workspace_id, key))
        wanted = version if version is not None else template.version if template else 0
        return [
            one for one in self.made if (one.workspace_id, one.template_key, one.version) == (workspace_id, key, wanted)
        ]

    async def versions(self, workspace_id: Id, key: str, before: int | None, limit: int) -> Sequence[Version]:
        mine = [one for one in self.made if (one.workspace_id, one.template_key) == (workspace_id, key)]
        numbers = sorted({one.version for one in mine if before is None or one.version < before}, reverse=True)
        return [
            Version(number, 0, tuple((one.channel, one.locale) for one in mine if one.version == number))
            for number in numbers[:limit]
        ]

    async def release(self, release_id: Id) -> Release | None:
        self.asked += 1
        return next((one for one in self.made if one.id == release_id), None)

    def _keep(self, template: Template) -> None:
        self.changes += 1
        self.kept[template.workspace_id, template.key] = template


class StillClock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.at = 1_700_000_000_000_000

    def now(self) -> int:
        return self.at

    def monotonic(self) -> int:
        return self.at


def counting() -> Callable[[], Id]:
    """Identifiers 1, 2, 3…"""
    numbers = itertools.count(1)
    return lambda: next(numbers).to_bytes(16, "big")
