"""Templates as they are written, pushed, published and previewed."""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import ConflictError, FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.kernel.moments import show_moment
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.kernel.paging import MAX_PAGE, Page
from posthouse.core.templates.always import sampled
from posthouse.core.templates.attachments.model import FILE, Reference, name_of
from posthouse.core.templates.cases.model import Outcome
from posthouse.core.templates.catalogue import unknown
from posthouse.core.templates.errors import StaleDraftError, TemplateProblemsError
from posthouse.core.templates.library.model import CompiledIn, ItemSource, Library
from posthouse.core.templates.library.shelf import Shelf
from posthouse.core.templates.library.uses import uses_of
from posthouse.core.templates.lint.content import look_at_rendering
from posthouse.core.templates.lint.model import Overlook
from posthouse.core.templates.lint.pictures import PictureAsker, look_outside, not_uploaded
from posthouse.core.templates.locales import choose, nearest
from posthouse.core.templates.model import Release, Rendered, Template, TemplateSource, Version
from posthouse.core.templates.ports import Renderer, TemplateStore, VariablesChecker
from posthouse.core.templates.press import Press, Printed
from posthouse.core.templates.proofs import Proof, Proofs
from posthouse.core.templates.rollout import Rollout
from posthouse.core.templates.translations.units import Missing, missing_in

Ruled = Callable[[Id], Awaitable[Collection[str]]]
"""Gives the classes of retention that have a rule in a workspace."""
DRAFT = "draft"
NO_SUCH_FILE = (
    "there is no such upload in this workspace: posthouse uploads add FILE, or POST /v1/uploads, gives its identifier"
)


async def _no_rules(_workspace_id: Id) -> Collection[str]:
    return ()


class PushResult(msgspec.Struct, frozen=True):
    """What a push did. ``version`` is the live one (0: never published)."""

    template: Template
    version: int
    changed: bool
    """Whether the source differs from what was there, or a version was made."""
    warnings: tuple[FieldProblem, ...] = ()


class Preview(msgspec.Struct, frozen=True):
    """A rendering to look at. ``size`` is in octets, as the bodies would travel."""

    rendered: Rendered
    warnings: tuple[FieldProblem, ...]
    size: int
    release: Release
    """What was rendered."""
    variables: dict[str, Any]
    """What it was rendered with."""
    attachments: tuple[str, ...] = ()
    """Names of files that would travel with it."""

    @property
    def reads(self) -> list[str]:
        """The names of the variables that it reads, those that are always there included."""
        return sorted({*self.release.schema.get("properties", ()), *self.release.always})


class TemplateService:
    """What people and pipelines do with templates.

    Args:
        store: keeps drafts, versions and releases.
        press: makes releases of a source and looks them over.
        checker: checks variables against a release.
        renderer: runs a release.
        ids: makes identifiers.
        clock: the time.
        ruled: the classes of retention that have a rule in a workspace.
    """

    def __init__(
        self,
        store: TemplateStore,
        press: Press,
        checker: VariablesChecker,
        renderer: Renderer,
        ids: IdSource,
        clock: Clock,
        ruled: Ruled = _no_rules,
    ) -> None:
        self._ruled = ruled
        self._store = store
        self._shelf = Shelf(store)
        self._press = press
        self._checker = checker
        self._renderer = renderer
        self._ids = ids
        self._clock = clock

    async def push(
        self,
        workspace_id: Id,
        source: TemplateSource,
        publish: bool = False,
        *,
        base: str | None = None,
        by: str = "",
        dry: bool = False,
        percent: int | None = None,
        over: Sequence[ItemSource] = (),
        proofs: Proofs | None = None,
    ) -> PushResult:
        """Keeps a source as the draft and, if asked to, publishes it. The same source again does nothing.

        Args:
            workspace_id: whose template.
            source: all of it.
            publish: make it live.
            base: the hash of the draft it was made from ('' for none); None asks nothing.
            by: who pushes it, to be told to who comes second.
            dry: only find out what would happen: nothing is kept.
            percent: publish for a share of the messages first (see :meth:`publish`).
            over: for a dry run, blocks and themes that are to be live before it is kept.
            proofs: keeps what a dry run made, for the push that follows it.

        Raises:
            TemplateProblemsError: with every problem; nothing is kept then.
            StaleDraftError: the draft is not the one that it was made from.
            ConflictError: somebody else pushed meanwhile, or it is archived and was to be published.
        """
        current = await self._store.template(workspace_id, source.key)
        digest = source_hash(source)
        if base is not None and base != (current.source_hash if current else ""):
            raise _stale(source.key, current, base)
        if publish and current is not None:
            _refuse_archived(current)
            if percent is None and _hash_to_come(current) != digest:
                _refuse_while_rolled_out(current)
        uses = uses_of(source)
        same = current is not None and current.source_hash == digest
        if same and current is not None and not (publish and await self._is_behind(current)):
            return PushResult(current, current.version, changed=False)
        template = self._as_draft(workspace_id, source, current, digest, by)
        library = await self._shelf.library(workspace_id, uses, drafts=not publish, over=over)
        template, printed = self._pressed(template, source, library, None if dry else proofs, new=current is None)
        warnings = (*printed.warnings, *await self._unruled(workspace_id, source))
        if publish:
            await self._refuse_missing_files(workspace_id, source)
        if dry:
            if proofs is not None:
                proofs.keep(source.key, Proof(template.id, template.next_version, digest, library, printed))
            return PushResult(template, template.version, changed=True, warnings=warnings)
        if not same:
            await self._store.save_draft(template, current.source_hash if current else None)
        if publish and (not template.version or _hash_to_come(template) != digest):
            template = await self._make_live(template, printed.releases, source, library.compiled(uses), percent)
        return PushResult(template, template.version, changed=True, warnings=warnings)

    async def publish(
        self, workspace_id: Id, key: str, base: str | None = None, percent: int | None = None
    ) -> PushResult:
        """Makes the draft live, all variants at once; with ``percent`` for a share of the messages first.

        Args:
            workspace_id: whose template.
            key: which one.
            base: the hash of the draft that was looked at; None publishes whatever it is by now.
            percent: of the people who are written to, 1 to 100: a roll-out begins (or begins again with this draft), and the
                live version stays the live one. None for all at once. The first version of a template has no other beside it.

        Raises:
            UnknownTemplateError: there is no such template.
            TemplateProblemsError: with every problem of every variant.
            StaleDraftError: the draft is another one by now.
            ConflictError: it is archived, another version is being rolled out, or somebody else published meanwhile.
        """
        template = await self.get(workspace_id, key)
        if base is not None and base != template.source_hash:
            raise _stale(key, template, base)
        _refuse_archived(template)
        if template.draft is None:
            raise TemplateProblemsError(f"The template {key!r} has no draft to publish; push one first.")
        if not await self._is_behind(template):
            return PushResult(template, template.version, changed=False)
        if percent is None:
            _refuse_while_rolled_out(template)
        uses = uses_of(template.draft)
        library = await self._shelf.library(workspace_id, uses)
        printed = self._press.releases(template.draft, workspace_id, template.id, template.next_version, library)
        await self._refuse_missing_files(workspace_id, template.draft)
        compiled = library.compiled(uses)
        live = await self._make_live(template, printed.releases, template.draft, compiled, percent)
        warnings = (*printed.warnings, *await self._unruled(workspace_id, template.draft))
        return PushResult(live, live.version, changed=True, warnings=warnings)

    async def get(self, workspace_id: Id, key: str) -> Template:
        """One template with its draft. UnknownTemplateError with the nearest known keys."""
        template = await self._store.template(workspace_id, key)
        if template is None:
            raise unknown(key, [known.key for known in await self._store.templates(workspace_id)])
        return template

    async def list(self, workspace_id: Id) -> Sequence[Template]:
        """All templates by key."""
        return await self._store.templates(workspace_id)

    async def versions(
        self, workspace_id: Id, key: str, before: int | None = None, limit: int = MAX_PAGE
    ) -> Page[Version]:
        """A page of the published versions, newest first; ``before`` is the last one already seen.

        Raises:
            UnknownTemplateError: there is no such template.
        """
        found = list(await self._store.versions(workspace_id, key, before, limit + 1))
        if not found:
            await self.get(workspace_id, key)
        shown = found[:limit]
        return Page(shown, str(shown[-1].number) if len(found) > limit else None)

    async def version(self, workspace_id: Id, key: str, number: int) -> Sequence[Release]:
        """The releases of one version.

        Raises:
            UnknownTemplateError: there is no such template or version.
        """
        template = await self.get(workspace_id, key)
        releases, _ = await self._releases(template, number)
        return releases

    async def render(
        self,
        workspace_id: Id,
        key: str,
        version: int | str | None = None,
        channel: str | None = None,
        locale: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Preview:
        """Renders a version (``draft``: what is not published yet; None: the live one) to be looked at.

        Args:
            workspace_id: whose template.
            key: the template.
            version: a number, ``draft`` or None.
            channel: None for the template's own.
            locale: falls back from ``fr-CA`` to ``fr`` to the template's default.
            data: the variables; None for the sample.

        Raises:
            UnknownTemplateError: no such template, version or channel.
            ValidationError: a variable is missing or ill-typed.
        """
        template = await self.get(workspace_id, key)
        releases, warnings = await self._releases(template, version, channel, locale)
        release = choose(releases, channel or _channel(releases), locale, key)
        given = (template.draft.sample if template.draft else {}) if data is None else data
        variables = sampled(given, release.always, release.locale)
        if problems := self._checker.problems(release, variables):
            raise _unfit(problems, sample=data is None)
        rendered = self._renderer.plain(release, variables, at=self._clock.now())
        files = self._renderer.attachments(release, variables, at=self._clock.now()) if release.attachments else ()
        return Preview(
            rendered,
            (*warnings, *self._looked(template, version, release, rendered)),
            self._size(rendered),
            release,
            dict(variables),
            tuple([name_of(one) for one in files]),
        )

    async def lint(self, workspace_id: Id, key: str, asker: PictureAsker | None = None) -> Overlook:
        """What the lint says of the draft.

        Args:
            workspace_id: whose template.
            key: which one.
            asker: asks other hosts for their pictures; None: nobody does.

        Raises:
            UnknownTemplateError: with the nearest known keys.
        """
        template = await self.get(workspace_id, key)
        source = template.draft
        if source is None:
            return Overlook()
        library = await self._shelf.library(workspace_id, uses_of(source), drafts=True)
        seen = self._press.look_over(source, library)
        missing = not_uploaded(source.attachments, await self._missing_files(workspace_id, source))
        seen = msgspec.structs.replace(seen, findings=(*missing, *seen.findings))
        return await look_outside(seen, asker, source.lint_ignore)

    def _size(self, rendered: Rendered) -> int:
        """Octets, as the bodies would travel."""
        if rendered.content is not None:
            return len(msgspec.json.encode(rendered.content))
        wire = self._renderer.encode(rendered)
        return len(wire.text) + len(wire.html or b"")

    async def translations(self, workspace_id: Id, key: str, locales: Sequence[str] = ()) -> Sequence[Missing]:
        """What each language of the draft lacks. UnknownTemplateError with the nearest known keys."""
        template = await self.get(workspace_id, key)
        return () if template.draft is None else missing_in(template.draft, locales)

    async def test(self, workspace_id: Id, key: str) -> Sequence[Outcome]:
        """The outcome of the draft's message tests. UnknownTemplateError with the nearest known keys."""
        template = await self.get(workspace_id, key)
        if template.draft is None:
            return ()
        library = await self._shelf.library(workspace_id, uses_of(template.draft), drafts=True)
        return self._press.test(template.draft, library)

    def _looked(
        self, template: Template, version: int | str | None, release: Release, rendered: Rendered
    ) -> Sequence[FieldProblem]:
        """The lint of a rendering: with the author's source when that is what the release was made from."""
        source = template.draft
        live = version in (None, template.version) and template.source_hash == template.published_hash
        if source is not None and (version == DRAFT or live):
            for index, variant in enumerate(source.variants):
                if (variant.channel, variant.locale) == (release.channel, release.locale):
                    return self._press.look(source, index, release, rendered)
        return [one.as_problem() for one in look_at_rendering(rendered, release.locale, 0)]

    async def _releases(
        self, template: Template, version: int | str | None, channel: str | None = None, locale: str | None = None
    ) -> tuple[Sequence[Release], tuple[FieldProblem, ...]]:
        if version == DRAFT and template.draft is not None:
            library = await self._shelf.library(template.workspace_id, uses_of(template.draft), drafts=True)
            index, wanted = nearest(template.draft, channel or template.draft.default_channel, locale)
            printed = self._press.releases(
                wanted, template.workspace_id, template.id, template.next_version, library, prove=False
            )
            return printed.releases, tuple([_at_variant(one, index) for one in printed.warnings])
        if isinstance(version, str):
            raise ValidationError(f"{version!r} is no version; give a number or {DRAFT!r}.")
        releases = await self._store.releases(template.workspace_id, template.key, version)
        if not releases:
            raise unknown(template.key, [], version or template.version, published=template.version)
        return releases, ()

    async def _unruled(self, workspace_id: Id, source: TemplateSource) -> Sequence[FieldProblem]:
        """A class of retention without a rule, where others have one: often a typing error, but the rule may come later."""
        classes = await self._ruled(workspace_id) if source.retention else ()
        if not classes or source.retention in classes:
            return ()
        hint = did_you_mean(source.retention, classes)
        detail = f"no rule is set for the class {source.retention!r}, so the default holds{hint}"
        return (FieldProblem("/retention", detail, "no-rule"),)

    def _pressed(
        self, template: Template, source: TemplateSource, library: Library, proofs: Proofs | None, *, new: bool
    ) -> tuple[Template, Printed]:
        """The releases of a source, and the template that they are of: those of the proof, where there is one of just this."""
        known = proofs.take(source.key, template.source_hash, library) if proofs is not None else None
        if known is not None and known.version == template.next_version and (new or known.id == template.id):
            return msgspec.structs.replace(template, id=known.id), known.printed
        return template, self._press.releases(
            source, template.workspace_id, template.id, template.next_version, library
        )

    async def _refuse_missing_files(self, workspace_id: Id, source: TemplateSource) -> None:
        """TemplateProblemsError when an attachment is a file that was not uploaded to this workspace: no mail would leave."""
        if problems := await self._missing_files(workspace_id, source):
            detail = f"The template {source.key!r} cannot be published: {NO_SUCH_FILE}"
            raise TemplateProblemsError(detail, fields=problems)

    async def _missing_files(self, workspace_id: Id, source: TemplateSource) -> Sequence[FieldProblem]:
        named = {
            index: shape
            for index, one in enumerate(source.attachments)
            if isinstance(one, Reference) and (shape := FILE.fullmatch(one.upload))
        }
        if not named:
            return ()
        sizes = await self._store.blob_sizes(workspace_id, [bytes.fromhex(shape[1]) for shape in named.values()])
        return [
            FieldProblem(f"/attachments/{index}/upload", NO_SUCH_FILE, "unknown-upload")
            for index, shape in named.items()
            if sizes.get(bytes.fromhex(shape[1])) != int(shape[2])
        ]

    async def _is_behind(self, template: Template) -> bool:
        """Whether the live version was made from another source than the draft."""
        if template.version == 0:
            return True
        return template.draft is not None and template.source_hash != _hash_to_come(template)

    def _as_draft(
        self, workspace_id: Id, source: TemplateSource, current: Template | None, digest: str, by: str
    ) -> Template:
        now = self._clock.now()
        return Template(
            id=current.id if current else self._ids(),
            workspace_id=workspace_id,
            key=source.key,
            name=source.name,
            description=source.description,
            kind=source.kind,
            category=source.category,
            version=current.version if current else 0,
            created_at=current.created_at if current else now,
            updated_at=now,
            draft=source,
            source_hash=digest,
            published_hash=current.published_hash if current else "",
            latest=current.latest if current else 0,
            compiled=current.compiled if current else (),
            archived=current.archived if current else 0,
            changed_by=by,
            rollout=current.rollout if current else None,
        )

    async def _make_live(
        self,
        template: Template,
        releases: Sequence[Release],
        source: TemplateSource,
        compiled: tuple[CompiledIn, ...],
        percent: int | None = None,
    ) -> Template:
        version, now = template.next_version, self._clock.now()
        if percent is not None and template.version:
            rollout = Rollout(version, percent, now, template.source_hash, compiled)
            beside = msgspec.structs.replace(template, latest=version, rollout=rollout, updated_at=now)
            await self._store.publish(beside, releases, source)
            return beside
        live = msgspec.structs.replace(
            template,
            version=version,
            latest=version,
            published_hash=template.source_hash,
            compiled=compiled,
            updated_at=now,
        )
        await self._store.publish(live, releases, source)
        return live


def _unfit(problems: Sequence[FieldProblem], *, sample: bool) -> ValidationError:
    """Variables of a preview that the release refuses: at their place in what was asked, or in the sample."""
    place, what = ("/sample", "The sample") if sample else ("/variables", "The variables")
    fields = [msgspec.structs.replace(one, pointer=place + one.pointer) for one in problems]
    return ValidationError(
        f"{what} does not fit the template." if sample else f"{what} do not fit the template.", fields=fields
    )


def _stale(key: str, current: Template | None, base: str) -> StaleDraftError:
    """Says who was faster, and when."""
    if current is None:
        return StaleDraftError(f"There is no template {key!r} yet; push it without the hash of a draft.")
    who = f" by {current.changed_by}" if current.changed_by else ""
    when = show_moment(current.updated_at)
    detail = f"the draft is {current.source_hash}, not {base[:80]}"
    return StaleDraftError(
        f"The draft of {key!r} was changed{who} at {when}; read it again and lay your changes over it.",
        fields=[FieldProblem(f"/base/{key}", detail, "stale")],
    )


def _refuse_archived(template: Template) -> None:
    if template.archived:
        raise ConflictError(f"the template {template.key!r} is archived; bring it back with unarchive first")


def _refuse_while_rolled_out(template: Template) -> None:
    if template.rollout is not None:
        raise ConflictError(f"{template.rollout} of the template {template.key!r}; complete it or take it back first")


def _at_variant(problem: FieldProblem, index: int) -> FieldProblem:
    """A problem of the only variant that was compiled, at its place among all."""
    inside = problem.pointer.removeprefix("/variants/0")
    return (
        problem if inside == problem.pointer else msgspec.structs.replace(problem, pointer=f"/variants/{index}{inside}")
    )


def _hash_to_come(template: Template) -> str:
    """Of the source that serves everybody, now or when the roll-out is complete."""
    return template.rollout.source_hash if template.rollout else template.published_hash


def source_hash(source: TemplateSource) -> str:
    """SHA-256 of a source in a canonical form: the same source has the same hash, in every order of its keys."""
    return hashlib.sha256(msgspec.json.encode(source, order="deterministic")).hexdigest()


def _channel(releases: Sequence[Release]) -> str:
    return releases[0].default_channel
