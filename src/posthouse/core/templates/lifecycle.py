"""What becomes of a template over the years: back to a version, copied, put away, compared."""

import difflib
from collections.abc import Iterator, Sequence

import msgspec

from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import ConflictError, ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.always import sampled
from posthouse.core.templates.errors import TemplateProblemsError, UnknownTemplateError
from posthouse.core.templates.folder_writing import written_folder
from posthouse.core.templates.library.model import CompiledIn
from posthouse.core.templates.library.shelf import Shelf
from posthouse.core.templates.library.uses import uses_of
from posthouse.core.templates.model import Edition, Release, Template, TemplateSource
from posthouse.core.templates.ports import Renderer, TemplateStore
from posthouse.core.templates.press import Press
from posthouse.core.templates.service import DRAFT, PushResult, TemplateService

_CONTEXT = 3
"""Lines around a difference."""


class RolledBack(msgspec.Struct, frozen=True):
    """A template whose live version is an older one."""

    template: Template
    outdated: tuple[CompiledIn, ...]
    """Blocks and themes that the version follows, and that were published since: it holds their former versions."""


class FileDiff(msgspec.Struct, frozen=True):
    """How one file of two versions differs, as a unified diff."""

    file: str
    diff: str


class VersionDiff(msgspec.Struct, frozen=True):
    """Two versions side by side. ``rendered`` compares what a reader sees, each with its own sample."""

    key: str
    before: str
    after: str
    source: tuple[FileDiff, ...]
    rendered: tuple[FileDiff, ...]


class LifecycleService:
    """Everything but writing, publishing and looking.

    Args:
        store: keeps drafts, versions and releases.
        templates: pushes and publishes.
        press: makes releases.
        renderer: runs them.
        clock: the time.
    """

    def __init__(
        self, store: TemplateStore, templates: TemplateService, press: Press, renderer: Renderer, clock: Clock
    ) -> None:
        self._store = store
        self._shelf = Shelf(store)
        self._templates = templates
        self._press = press
        self._renderer = renderer
        self._clock = clock

    async def rollback(self, workspace_id: Id, key: str, version: int) -> RolledBack:
        """Makes an older version live at once; nothing is compiled, and the draft stays.

        Raises:
            UnknownTemplateError: no such template or version.
            ConflictError: it is archived, or was published meanwhile.
        """
        template = await self._open(workspace_id, key)
        if not await self._store.releases(workspace_id, key, version):
            raise UnknownTemplateError(
                f"The template {key!r} has no version {version}; the live one is {template.version}."
            )
        moved = await self._moved(template, version)
        if version != template.version or template.rollout:
            await self._store.set_live(moved, template.version, template.rollout)
        return RolledBack(moved, await self._outdated(workspace_id, moved.compiled))

    async def duplicate(self, workspace_id: Id, key: str, new_key: str, name: str | None = None) -> PushResult:
        """Keeps the draft of a template as that of a new one.

        Raises:
            UnknownTemplateError: no such template.
            ConflictError: there is a template of that key already.
            TemplateProblemsError: the draft cannot be compiled, or the key is none.
        """
        template = await self._templates.get(workspace_id, key)
        if template.draft is None:
            raise TemplateProblemsError(f"The template {key!r} has no draft to copy.")
        if await self._store.template(workspace_id, new_key) is not None:
            raise ConflictError(f"there is a template {new_key!r} already; choose another key")
        copy = msgspec.structs.replace(template.draft, key=new_key, name=name or f"{template.name} (copy)")
        return await self._templates.push(workspace_id, copy)

    async def archive(self, workspace_id: Id, key: str) -> Template:
        """Puts a template away: nothing is accepted for it any more; what was accepted is sent. Again is fine.

        Raises:
            UnknownTemplateError: no such template.
            ConflictError: it was never published, or is being published.
        """
        template = await self._templates.get(workspace_id, key)
        if template.archived:
            return template
        if not template.version:
            raise ConflictError(f"the template {key!r} was never published; there is nothing to put away")
        moved = msgspec.structs.replace(
            template,
            version=0,
            latest=max(template.latest, template.version),
            archived=template.version,
            rollout=None,
            updated_at=self._clock.now(),
        )
        await self._store.set_live(moved, template.version, template.rollout)
        return moved

    async def unarchive(self, workspace_id: Id, key: str) -> Template:
        """Brings it back with the version that was live; compiled again when a block or theme that it follows was published since.

        Raises:
            UnknownTemplateError: no such template.
            TemplateProblemsError: it cannot be compiled with what the library holds now.
        """
        template = await self._templates.get(workspace_id, key)
        if not template.archived:
            return template
        back = msgspec.structs.replace(template, version=template.archived, archived=0, updated_at=self._clock.now())
        source = await self._source_of(template, template.archived)
        if source is None or not await self._outdated(workspace_id, template.compiled):
            await self._store.set_live(back, template.version, template.rollout)
            return back
        uses = uses_of(source)
        library = await self._shelf.library(workspace_id, uses)
        version = template.next_version
        printed = self._press.releases(source, workspace_id, template.id, version, library)
        live = msgspec.structs.replace(back, version=version, latest=version, compiled=library.compiled(uses))
        await self._store.publish(live, printed.releases, source)
        return live

    async def source(self, workspace_id: Id, key: str, version: int | str | None = None) -> TemplateSource:
        """What a version was made from (``draft``: the draft; None: the live one).

        Raises:
            UnknownTemplateError: no such template or version, or one whose source was not kept.
        """
        template = await self._templates.get(workspace_id, key)
        if version == DRAFT or (version is None and not template.version):
            if template.draft is None:
                raise UnknownTemplateError(f"The template {key!r} has no draft.")
            return template.draft
        if isinstance(version, str):
            raise ValidationError(f"{version!r} is no version; give a number or {DRAFT!r}.")
        number = template.version if version is None else version
        found = await self._source_of(template, number)
        if found is None:
            detail = (
                f"The source of version {number} of the template {key!r} was not kept, or there is no such version."
            )
            raise UnknownTemplateError(detail)
        return found

    async def diff(
        self, workspace_id: Id, key: str, before: int | str | None = None, after: int | str | None = DRAFT
    ) -> VersionDiff:
        """How two versions differ, as sources and as a reader sees them. UnknownTemplateError when one is not there."""
        old, new = await self.source(workspace_id, key, before), await self.source(workspace_id, key, after)
        seen_old, seen_new = await self._seen(workspace_id, key, before), await self._seen(workspace_id, key, after)
        names = ("live" if before is None else str(before), "live" if after is None else str(after))
        source = tuple(compare(_texts(old), _texts(new), names))
        return VersionDiff(key, *names, source=source, rendered=tuple(compare(seen_old, seen_new, names)))

    async def _open(self, workspace_id: Id, key: str) -> Template:
        template = await self._templates.get(workspace_id, key)
        if template.archived:
            raise ConflictError(f"the template {key!r} is archived; bring it back with unarchive first")
        return template

    async def _moved(self, template: Template, version: int) -> Template:
        found = await self._store.edition(template.id, version)
        edition = found[0] if found else Edition(template.id, version, 0, "")
        return msgspec.structs.replace(
            template,
            version=version,
            latest=max(template.latest, template.version),
            published_hash=edition.source_hash,
            compiled=edition.compiled,
            rollout=None,
            updated_at=self._clock.now(),
        )

    async def _outdated(self, workspace_id: Id, compiled: Sequence[CompiledIn]) -> tuple[CompiledIn, ...]:
        """What follows the library and holds another version than the live one."""
        uses = [one.use for one in compiled if one.use.pinned is None]
        now = (await self._shelf.library(workspace_id, uses)).compiled(uses)
        current = {one.use: one for one in now}
        return tuple([one for one in compiled if one.use.pinned is None and current[one.use] != one])

    async def _source_of(self, template: Template, version: int) -> TemplateSource | None:
        found = await self._store.edition(template.id, version)
        return found[1] if found else None

    async def _seen(self, workspace_id: Id, key: str, version: int | str | None) -> dict[str, str]:
        """What a reader sees of every variant, with the version's own sample; a variant that cannot be shown is left out."""
        source = await self.source(workspace_id, key, version)
        template = await self._templates.get(workspace_id, key)
        releases: Sequence[Release]
        if version == DRAFT or not template.version:
            library = await self._shelf.library(workspace_id, uses_of(source), drafts=True)
            releases = self._press.releases(source, workspace_id, template.id, 1, library, prove=False).releases
        else:
            number = template.version if version is None else version
            assert isinstance(number, int)  # noqa: S101 - told to the type checker; source() refused other words
            releases = await self._store.releases(workspace_id, key, number)
        return {name: text for release in releases for name, text in self._rendered(release, source)}

    def _rendered(self, release: Release, source: TemplateSource) -> Iterator[tuple[str, str]]:
        name = f"{release.channel}.{release.locale}"
        try:
            seen = self._renderer.plain(
                release, sampled(source.sample, release.always, release.locale), at=self._clock.now()
            )
        except ValidationError as error:
            yield f"{name}.txt", f"cannot be rendered with its sample: {error.detail}\n"
            return
        yield f"{name}.subject", f"{seen.subject}\n"
        if seen.html is not None:
            yield f"{name}.html", seen.html.replace("><", ">\n<")
        yield f"{name}.txt", seen.text


def compare(before: dict[str, str], after: dict[str, str], names: tuple[str, str]) -> Iterator[FileDiff]:
    """Files that differ, by name; one that is not there is empty."""
    for file in sorted(before.keys() | after.keys()):
        old, new = before.get(file, ""), after.get(file, "")
        if old != new:
            lines = difflib.unified_diff(
                old.splitlines(), new.splitlines(), f"{names[0]}/{file}", f"{names[1]}/{file}", lineterm="", n=_CONTEXT
            )
            yield FileDiff(file, "\n".join(lines) + "\n")


def compare_sources(
    before: TemplateSource | None, after: TemplateSource, names: tuple[str, str]
) -> tuple[FileDiff, ...]:
    """How two sources differ, file by file; None is a template that is not there yet."""
    return tuple(compare({} if before is None else _texts(before), _texts(after), names))


def _texts(source: TemplateSource) -> dict[str, str]:
    return {name: content.decode() for name, content in written_folder(source).items()}
