"""Finds releases on the hot path: what is live changes with the settings' generation, what is released never does."""

import contextlib
import difflib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.errors import UnknownTemplateError
from posthouse.core.templates.locales import choose
from posthouse.core.templates.model import Release
from posthouse.core.templates.ports import TemplateStore
from posthouse.core.templates.rollout import Rollout, takes_part

TTL: Final = SECOND // 10
"""How long the generation is believed without asking: a publication shows everywhere within this time."""
_KEPT: Final = 4_096

_Wanted = tuple[Id, str, int | None, str | None, str | None]


class Generations(Protocol):
    """Where the settings' generation is read (part of WorkspaceStore)."""

    async def generation(self) -> int:
        """A number that grows with every change of settings."""
        ...


class _Staged(NamedTuple):
    """A roll-out, and the release of it that somebody gets."""

    rollout: Rollout
    release: Release


class Catalogue:
    """Releases by template and by identifier, cached.

    Args:
        store: where templates and releases are.
        generations: tells whether settings changed since.
        clock: the time.
    """

    def __init__(self, store: TemplateStore, generations: Generations, clock: Clock) -> None:
        self._store = store
        self._generations = generations
        self._clock = clock
        self._found: dict[_Wanted, Release] = {}
        self._by_id: OrderedDict[Id, Release] = OrderedDict()
        self.staged: dict[tuple[Id, str | None], _Staged] = {}
        """Roll-outs by the live release and the locale that was asked for: empty when none runs, which costs nobody anything."""
        self._generation = -1
        self._fresh_until = -1

    async def find(
        self,
        workspace_id: Id,
        key: str,
        version: int | None = None,
        channel: str | None = None,
        locale: str | None = None,
    ) -> Release:
        """The release for a template key; None means the live version, the template's channel and locale.

        Raises:
            UnknownTemplateError: with the nearest known keys, or the channels or locales there are.
        """
        if self._clock.monotonic() >= self._fresh_until:
            await self._refresh()
        wanted = (workspace_id, key, version, channel, locale)
        release = self._found.get(wanted)
        return release if release is not None else await self._load(wanted)

    def share(self, live: Release, locale: str | None, recipient: str) -> Release:
        """The release for a person while a roll-out runs: the live one, or that of the version that comes.

        Args:
            live: as :meth:`find` gave it for the live version.
            locale: that was asked for.
            recipient: the address.
        """
        staged = self.staged.get((live.id, locale))
        if staged is None or not takes_part(live.template_id, staged.rollout, recipient):
            return live
        return staged.release

    async def by_id(self, release_id: Id) -> Release | None:
        """A release by its identifier; it never changes, so it is kept as long as there is room."""
        release = self._by_id.get(release_id)
        if release is None:
            release = await self._store.release(release_id)
            if release is not None:
                self._keep(release)
        return release

    async def _refresh(self) -> None:
        asked = self._clock.monotonic()
        generation = await self._generations.generation()
        if generation != self._generation:
            self._found.clear()
            self.staged.clear()
            self._generation = generation
        self._fresh_until = asked + TTL

    async def _load(self, wanted: _Wanted) -> Release:
        workspace_id, key, version, channel, locale = wanted
        generation = self._generation
        releases = await self._store.releases(workspace_id, key, version)
        if not releases:
            raise await self._unknown(workspace_id, key, version)
        release = self._keep(choose(releases, channel or releases[0].default_channel, locale, key))
        if version is None:
            await self._stage(release, locale)
        if generation == self._generation:
            if len(self._found) >= _KEPT:
                self._found.clear()
                self.staged.clear()
            self._found[wanted] = release
        return release

    async def _stage(self, live: Release, locale: str | None) -> None:
        """Notes which release comes in place of this one, if any does. A variant that the new version lacks stays the live one."""
        self.staged.pop((live.id, locale), None)
        rollout = await self._store.rollout(live.workspace_id, live.template_key)
        if rollout is None:
            return
        coming = await self._store.releases(live.workspace_id, live.template_key, rollout.version)
        with contextlib.suppress(UnknownTemplateError):
            release = self._keep(choose(coming, live.channel, locale, live.template_key))
            self.staged[live.id, locale] = _Staged(rollout, release)

    def _keep(self, release: Release) -> Release:
        kept = self._by_id.setdefault(release.id, release)
        if len(self._by_id) > _KEPT:
            self._by_id.popitem(last=False)
        return kept

    async def _unknown(self, workspace_id: Id, key: str, version: int | None) -> UnknownTemplateError:
        template = await self._store.template(workspace_id, key)
        if template is not None:
            return unknown(key, [], version, published=template.version, archived=bool(template.archived))
        return unknown(key, [one.key for one in await self._store.templates(workspace_id)])


def unknown(
    key: str,
    known: Sequence[str],
    version: int | None = None,
    *,
    published: int | None = None,
    archived: bool = False,
) -> UnknownTemplateError:
    """Says what is missing and what is there instead."""
    if archived:
        return UnknownTemplateError(f"The template {key!r} is archived; bring it back with unarchive first.")
    if published == 0:
        return UnknownTemplateError(f"The template {key!r} was never published; publish it first.")
    if published is not None:
        return UnknownTemplateError(f"The template {key!r} has no version {version}; the live one is {published}.")
    near = difflib.get_close_matches(key, known, 3)
    hint = f" Did you mean {' or '.join(repr(one) for one in near)}?" if near else ""
    some = f" There are: {', '.join(sorted(known)[:10])}." if known and not near else ""
    none = (
        ""
        if known
        else " The workspace has no templates yet; push some with `posthouse templates push FOLDER --publish`."
    )
    return UnknownTemplateError(f"There is no template {key!r}.{hint}{some}{none}")
