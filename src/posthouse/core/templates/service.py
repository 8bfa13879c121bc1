"""Templates as they are written, pushed, published and previewed."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import FieldProblem, PosthouseError, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.templates.catalogue import unknown
from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.locales import choose
from posthouse.core.templates.model import Release, Rendered, Template, TemplateSource, VariantSource
from posthouse.core.templates.ports import Compiled, Compiler, Renderer, TemplateStore, VariablesChecker
from posthouse.core.templates.review import review

DRAFT = "draft"


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


class TemplateService:
    """What people and pipelines do with templates.

    Args:
        store: keeps drafts, versions and releases.
        compiler: turns a variant into programs.
        checker: checks variables against a release.
        renderer: runs a release.
        ids: makes identifiers.
        clock: the time.
    """

    def __init__(
        self,
        store: TemplateStore,
        compiler: Compiler,
        checker: VariablesChecker,
        renderer: Renderer,
        ids: IdSource,
        clock: Clock,
    ) -> None:
        self._store = store
        self._compiler = compiler
        self._checker = checker
        self._renderer = renderer
        self._ids = ids
        self._clock = clock

    async def push(self, workspace_id: Id, source: TemplateSource, publish: bool = False) -> PushResult:
        """Keeps a source as the draft and, if asked to, publishes it. The same source again does nothing.

        Raises:
            TemplateProblemsError: with every problem; nothing is kept then.
            ConflictError: somebody else pushed meanwhile.
        """
        current = await self._store.template(workspace_id, source.key)
        digest = source_hash(source)
        same = current is not None and current.source_hash == digest
        if same and current is not None and not (publish and await self._is_behind(current)):
            return PushResult(current, current.version, changed=False)
        template = self._as_draft(workspace_id, source, current, digest)
        releases, warnings = self._release(template, source)
        if not same:
            await self._store.save_draft(template, current.source_hash if current else None)
        if publish:
            template = await self._make_live(template, releases)
        return PushResult(template, template.version, changed=True, warnings=warnings)

    async def publish(self, workspace_id: Id, key: str) -> PushResult:
        """Makes the draft live, all variants at once.

        Raises:
            UnknownTemplateError: there is no such template.
            TemplateProblemsError: with every problem of every variant.
        """
        template = await self.get(workspace_id, key)
        if template.draft is None:
            raise TemplateProblemsError(f"The template {key!r} has no draft to publish; push one first.")
        if not await self._is_behind(template):
            return PushResult(template, template.version, changed=False)
        releases, warnings = self._release(template, template.draft)
        live = await self._make_live(template, releases)
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
        releases, warnings = await self._releases(template, version)
        release = choose(releases, channel or _channel(releases), locale, key)
        variables = (template.draft.sample if template.draft else {}) if data is None else data
        if problems := self._checker.problems(release, variables):
            raise ValidationError("The variables do not fit the template.", fields=problems)
        rendered = self._renderer.plain(release, variables, at=self._clock.now())
        wire = self._renderer.encode(rendered)
        size = len(wire.text) + len(wire.html or b"")
        return Preview(rendered, (*warnings, *review(rendered, size)), size)

    async def _releases(
        self, template: Template, version: int | str | None
    ) -> tuple[Sequence[Release], tuple[FieldProblem, ...]]:
        if version == DRAFT and template.draft is not None:
            return self._release(template, template.draft, prove=False)
        if isinstance(version, str):
            raise ValidationError(f"{version!r} is no version; give a number or {DRAFT!r}.")
        releases = await self._store.releases(template.workspace_id, template.key, version)
        if not releases:
            raise unknown(template.key, [], version or template.version, published=template.version)
        return releases, ()

    async def _is_behind(self, template: Template) -> bool:
        """Whether the live version was made from another source than the draft."""
        if template.version == 0:
            return True
        return template.draft is not None and template.source_hash != template.published_hash

    def _as_draft(self, workspace_id: Id, source: TemplateSource, current: Template | None, digest: str) -> Template:
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
        )

    async def _make_live(self, template: Template, releases: Sequence[Release]) -> Template:
        version = template.version + 1
        live = msgspec.structs.replace(
            template, version=version, published_hash=template.source_hash, updated_at=self._clock.now()
        )
        await self._store.publish(live, releases)
        return live

    def _release(
        self, template: Template, source: TemplateSource, *, prove: bool = True
    ) -> tuple[Sequence[Release], tuple[FieldProblem, ...]]:
        """Compiles every variant and renders it with the sample, collecting the problems of all."""
        releases: list[Release] = []
        problems = list(_source_problems(source))
        warnings: list[FieldProblem] = []
        for index, variant in enumerate(source.variants):
            try:
                compiled = self._compiler.compile(source, variant)
                release = self._made(template, source, variant, compiled)
                if prove:
                    warnings.extend(self._prove(release, source.sample, index))
                releases.append(release)
                warnings.extend(compiled.warnings)
            except PosthouseError as error:
                problems.extend(error.fields or (FieldProblem(f"/variants/{index}", error.detail),))
        if problems:
            raise TemplateProblemsError(_summary(source.key, problems), fields=problems)
        return releases, tuple(dict.fromkeys(warnings))

    def _prove(self, release: Release, sample: Mapping[str, Any], index: int) -> Sequence[FieldProblem]:
        """Renders with the sample: what cannot be rendered cannot be published."""
        where = f"{release.channel}.{release.locale}"
        if problems := self._checker.problems(release, sample):
            moved = [
                FieldProblem(f"/sample{found.pointer}", f"sample.json, {where}: {found.detail}", found.code)
                for found in problems
            ]
            raise ValidationError("The sample does not fit.", fields=moved)
        try:
            rendered = self._renderer.plain(release, sample, at=self._clock.now())
        except ValidationError as error:
            problem = FieldProblem(f"/variants/{index}", f"{where} with sample.json: {error.detail}", "render")
            raise ValidationError(error.detail, fields=[problem]) from None
        wire = self._renderer.wire(release, sample, at=self._clock.now())
        return review(rendered, len(wire.text) + len(wire.html or b""))

    def _made(self, template: Template, source: TemplateSource, variant: VariantSource, compiled: Compiled) -> Release:
        return Release(
            id=self._ids(),
            workspace_id=template.workspace_id,
            template_id=template.id,
            template_key=source.key,
            version=template.version + 1,
            channel=variant.channel,
            locale=variant.locale,
            category=source.category,
            lane=source.lane,
            default_channel=source.default_channel,
            default_locale=source.default_locale,
            unknown_policy=source.unknown_policy,
            programs=compiled.programs,
            variables=compiled.variables,
            schema=compiled.schema,
            created_at=self._clock.now(),
            sender=source.sender,
            reply_to=source.reply_to,
            tags=source.tags,
            compiler=compiled.compiler,
        )


def source_hash(source: TemplateSource) -> str:
    """SHA-256 of a source in a canonical form: the same source has the same hash, in every order of its keys."""
    return hashlib.sha256(msgspec.json.encode(source, order="deterministic")).hexdigest()


def _channel(releases: Sequence[Release]) -> str:
    return releases[0].default_channel


def _source_problems(source: TemplateSource) -> Sequence[FieldProblem]:
    problems = []
    if not source.variants:
        problems.append(FieldProblem("/variants", "there is no variant; add email.en.mjml or email.en.html", "missing"))
    locales = [variant.locale for variant in source.variants if variant.channel == source.default_channel]
    if source.variants and source.default_locale not in locales:
        there = ", ".join(sorted(locales)) or "none"
        detail = (
            f"the default locale {source.default_locale!r} has no {source.default_channel} variant (there: {there})"
        )
        problems.append(FieldProblem("/default_locale", detail, "missing"))
    for index, variant in enumerate(source.variants):
        if variant.channel == "email" and not variant.subject.strip():
            detail = f"the e-mail in {variant.locale!r} has no subject; add subject.{variant.locale}.txt"
            problems.append(FieldProblem(f"/variants/{index}/subject", detail, "missing"))
    return problems


def _summary(key: str, problems: Sequence[FieldProblem]) -> str:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"The template {key!r} cannot be published: {problems[0].detail}{more}"
