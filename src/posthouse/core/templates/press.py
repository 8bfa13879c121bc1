"""The press: makes releases of a source, proves them with the sample and looks them over. Keeps nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import FieldProblem, PosthouseError, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.templates.always import sampled
from posthouse.core.templates.attachments.codes import constant_problems, sample_problems
from posthouse.core.templates.attachments.model import Declared
from posthouse.core.templates.cases.model import Outcome
from posthouse.core.templates.cases.run import CaseRunner, as_problems
from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.library.model import NO_LIBRARY, Library
from posthouse.core.templates.lint.content import body_file, compare, kept, look_at_rendering, look_at_words
from posthouse.core.templates.lint.mobile import look_at_mobile, look_at_room
from posthouse.core.templates.lint.model import Finding, Looked, Overlook, Picture, Severity, Shown
from posthouse.core.templates.lint.pictures import look_at_pictures
from posthouse.core.templates.lint.rules import RULES, finding
from posthouse.core.templates.mobile.sms import Sms
from posthouse.core.templates.model import Category, Made, Release, Rendered, TemplateSource, VariantSource
from posthouse.core.templates.places import gathered, place_of
from posthouse.core.templates.ports import Compiled, Compiler, Linter, Renderer, VariablesChecker

_LINE: Final = re.compile(r"line (\d+): ")
_ATTRIBUTES: Final = "'contact.attributes'"
_OF_CONTACTS: Final = " Attributes of a contact are read beside its name: contact.tier."
"""In the API they stand in ``attributes``, so that is what people write."""
_NOBODY: Final[Id] = bytes(16)
_RULE_OF: Final = {"translation": "translation-missing"}
"""What compilers call by another name."""


class Printed(msgspec.Struct, frozen=True):
    """What came off the press. With problems nothing of it may be published."""

    releases: tuple[Release, ...]
    problems: tuple[FieldProblem, ...]
    findings: tuple[Finding, ...]
    rendered: tuple[Rendered, ...] = ()
    """Each release with the sample, when it was looked over."""
    made: tuple[Made, ...] = ()
    """The releases ready to be kept, in place of ``releases`` (:meth:`Press.print`)."""
    pictures: tuple[Picture, ...] = ()
    """What the mails show, when they were looked over."""

    @property
    def warnings(self) -> tuple[FieldProblem, ...]:
        """What publishing says and goes on."""
        return tuple([one.as_problem() for one in self.findings if one.severity is not Severity.INFO])


class Job(msgspec.Struct, frozen=True):
    """One template to be printed, in whatever process."""

    source: TemplateSource
    workspace_id: Id
    template_id: Id
    version: int
    library: Library
    show: bool = False
    """Whether renderings and the lint are wanted too, and releases to be read; if not, they come ready to be kept."""
    ids: tuple[Id, ...] = ()
    """Identifiers of the releases, one for each variant; empty: the press makes them."""
    at: int = 0
    """When they were made; 0: the press looks at its clock."""


class Order(msgspec.Struct, frozen=True):
    """A job on its way to a press, its source unread: in JSON it is a :class:`Job`."""

    source: msgspec.Raw
    variants: int
    workspace_id: Id
    template_id: Id
    version: int
    library: Library
    show: bool = False
    ids: tuple[Id, ...] = ()
    at: int = 0


class Press:
    """Makes releases.

    Args:
        compiler: turns a variant into programs.
        checker: checks variables against a release.
        renderer: runs a release.
        linter: reads markup.
        ids: makes identifiers.
        clock: the time.
    """

    def __init__(
        self,
        compiler: Compiler,
        checker: VariablesChecker,
        renderer: Renderer,
        linter: Linter,
        ids: IdSource,
        clock: Clock,
    ) -> None:
        self._compiler = compiler
        self._checker = checker
        self._renderer = renderer
        self._linter = linter
        self._ids = ids
        self._clock = clock
        self._cases = CaseRunner(checker, renderer)

    def releases(
        self,
        source: TemplateSource,
        workspace_id: Id,
        template_id: Id,
        version: int,
        library: Library = NO_LIBRARY,
        *,
        prove: bool = True,
    ) -> Printed:
        """Releases of every variant; ``prove`` renders each with the sample and looks it over.

        Raises:
            TemplateProblemsError: with every problem of every variant.
        """
        printed = self._print(source, workspace_id, template_id, version, library, prove=prove, look=prove)
        if printed.problems:
            raise TemplateProblemsError(_summary(source.key, printed.problems), fields=printed.problems)
        return printed

    def print(self, job: Job) -> Printed:
        """What a publication of the library wants of one template; problems are told, not raised."""
        source = _without_goldens(job.source)
        printed = self._print(
            source, job.workspace_id, job.template_id, job.version, job.library, prove=True, look=job.show
        )
        if job.show:
            return printed
        made = tuple([Made.of(one) for one in _stamped(printed.releases, job)])
        return msgspec.structs.replace(printed, releases=(), made=made)

    def lint(self, source: TemplateSource, library: Library = NO_LIBRARY) -> tuple[Finding, ...]:
        """Everything that can be said about a source, what stops it from being published first."""
        return self.look_over(source, library).findings

    def look_over(self, source: TemplateSource, library: Library = NO_LIBRARY) -> Overlook:
        """The same, and the pictures, of which a store and other hosts know more."""
        printed = self._print(source, _NOBODY, _NOBODY, 1, library, prove=True, look=True)
        problems = [stopped(source, problem) for problem in printed.problems]
        return Overlook((*problems, *printed.findings), printed.pictures)

    def test(self, source: TemplateSource, library: Library = NO_LIBRARY) -> tuple[Outcome, ...]:
        """The outcome of every message test.

        Raises:
            TemplateProblemsError: what else stops it from being published: nothing can be tested then.
        """
        untested = msgspec.structs.replace(source, tests=())
        printed = self.releases(untested, _NOBODY, _NOBODY, 1, library)
        return tuple(self._cases.run(source, printed.releases))

    def look(
        self, source: TemplateSource, index: int, release: Release, rendered: Rendered
    ) -> tuple[FieldProblem, ...]:
        """What the lint says of one variant as it was just rendered, without the comparison of languages."""
        looked = self._linter.look(source.variants[index], release.programs, index)
        shown = self._shown(source, looked, rendered, index)
        findings = [
            *looked.findings,
            *look_at_pictures(shown.pictures, source.attachments),
            *look_at_words(source, release.programs, index),
            *look_at_rendering(rendered, release.locale, index),
            *shown.findings,
        ]
        if rendered.content is not None:
            file = body_file(source.variants[index])
            findings.extend(look_at_mobile(rendered.content, source.category, index, file))
        return tuple([one.as_problem() for one in kept(source, findings) if one.severity is not Severity.INFO])

    def _print(
        self,
        source: TemplateSource,
        workspace_id: Id,
        template_id: Id,
        version: int,
        library: Library,
        *,
        prove: bool,
        look: bool,
    ) -> Printed:
        releases: list[Release] = []
        rendered: list[Rendered] = []
        problems = list(_source_problems(source))
        findings: list[Finding] = []
        looked: dict[int, Looked] = {}
        pictures: list[Picture] = []
        for index, variant in enumerate(source.variants):
            try:
                compiled = self._compiler.compile(source, variant, library)
                release = self._made(source, variant, compiled, workspace_id, template_id, version)
                findings.extend(_warned(variant, problem) for problem in compiled.warnings)
                sample = sampled(source.sample, release.always, release.locale)
                if prove:
                    self._prove(release, sample, index, source.attachments)
                if look:
                    rendered.append(self._renderer.plain(release, sample, at=self._clock.now()))
                    findings.extend(look_at_rendering(rendered[-1], variant.locale, index))
                    findings.extend(self._look_at_mobile(source, sample, release, index))
                    looked[index] = self._linter.look(variant, compiled.programs, index)
                    findings.extend((*looked[index].findings, *look_at_words(source, compiled.programs, index)))
                    shown = self._shown(source, looked[index], rendered[-1], index)
                    pictures.extend(shown.pictures)
                    findings.extend(shown.findings)
                releases.append(release)
            except PosthouseError as error:
                problems.extend(error.fields or (FieldProblem(f"/variants/{index}", error.detail),))
        if prove and not problems:
            problems.extend(as_problems(list(self._cases.run(source, releases))))
        findings.extend((*look_at_pictures(pictures, source.attachments), *compare(source, looked)))
        told = kept(source, findings)
        return Printed(
            tuple(releases), tuple(gathered(source, problems)), told, tuple(rendered), pictures=tuple(pictures)
        )

    def _shown(self, source: TemplateSource, looked: Looked, rendered: Rendered, index: int) -> Shown:
        """The pictures that are written out and those that the sample shows in place of variables; and what else it tells."""
        transactional = source.category is Category.TRANSACTIONAL
        variant, wanted = source.variants[index], looked.unwritten and rendered.html is not None
        seen = self._linter.shown(variant, rendered, index, pictures=wanted, promotion=transactional)
        known = {one.address for one in looked.pictures}
        more = [one for one in seen.pictures if one.address not in known]
        return Shown(seen.findings, (*looked.pictures, *more))

    def _prove(
        self, release: Release, sample: Mapping[str, Any], index: int, declared: Sequence[Declared] = ()
    ) -> None:
        """Renders with the sample: what cannot be rendered cannot be published."""
        where = f"{release.channel}.{release.locale}"
        if problems := self._checker.problems(release, sample):
            moved = [
                FieldProblem(f"/sample{found.pointer}", f"sample.json, {where}: {found.detail}", found.code)
                for found in problems
            ]
            raise ValidationError("The sample does not fit.", fields=moved)
        try:
            if release.content is None:
                self._renderer.wire(release, sample, at=self._clock.now())
            else:
                self._renderer.plain(release, sample, at=self._clock.now())
            planned = self._renderer.attachments(release, sample, at=self._clock.now()) if release.attachments else ()
        except ValidationError as error:
            hint = _OF_CONTACTS if _ATTRIBUTES in error.detail else ""
            problem = FieldProblem(f"/variants/{index}", f"{where} with sample.json: {error.detail}{hint}", "render")
            raise ValidationError(error.detail, fields=[problem]) from None
        if found := sample_problems(planned, declared):
            told = [
                FieldProblem(f"/attachments/{at}/data", f"{where} with sample.json: {one}", "code") for at, one in found
            ]
            raise ValidationError("A code cannot be made of the sample.", fields=told)

    def _look_at_mobile(
        self, source: TemplateSource, sample: Mapping[str, Any], release: Release, index: int
    ) -> Iterator[Finding]:
        """What the sample shows of an SMS, a push or a WhatsApp message, and how much room its values have."""
        if release.content is None:
            return

        def render(variables: Mapping[str, Any]) -> Rendered:
            if self._checker.problems(release, variables):
                raise ValidationError("These values do not fit.")
            return self._renderer.plain(release, variables, at=self._clock.now())

        file, content = body_file(source.variants[index]), render(sample).content
        if content is not None:
            yield from look_at_mobile(content, source.category, index, file)
        if isinstance(content, Sms):
            yield from look_at_room(content, sample, release.schema, render, index, file)

    def _made(
        self,
        source: TemplateSource,
        variant: VariantSource,
        compiled: Compiled,
        workspace_id: Id,
        template_id: Id,
        version: int,
    ) -> Release:
        return Release(
            id=self._ids(),
            workspace_id=workspace_id,
            template_id=template_id,
            template_key=source.key,
            version=version,
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
            content=compiled.content,
            attachments=compiled.attachments,
            links=compiled.links,
            ratings=compiled.ratings,
            tracking=source.tracking,
            own_links=compiled.own_links,
            always=compiled.always,
            of_contact=compiled.of_contact,
            isolates=compiled.isolates,
        )


def _stamped(releases: Sequence[Release], job: Job) -> Sequence[Release]:
    """With the identifiers and the instant of the house: those of a process that only compiles are its own."""
    if not job.ids:
        return releases
    pairs = zip(releases, job.ids, strict=False)  # fewer releases where some could not be compiled
    return [msgspec.structs.replace(one, id=given, created_at=job.at) for one, given in pairs]


def _without_goldens(source: TemplateSource) -> TemplateSource:
    """A new footer is meant to change whole renderings: these are not compared then, all else in the cases is."""
    if not any(case.written.expect.golden for case in source.tests):
        return source
    replace = msgspec.structs.replace
    tests = [
        replace(case, written=replace(case.written, expect=replace(case.written.expect, golden=False)))
        for case in source.tests
    ]
    return msgspec.structs.replace(source, tests=tuple(tests))


def _warned(variant: VariantSource, problem: FieldProblem) -> Finding:
    """A compiler's warning; its code is the rule where there is one of that name."""
    code = _RULE_OF.get(problem.code, problem.code)
    rule = code if code in RULES else "compiler-note"
    return finding(rule, problem.detail, pointer=problem.pointer, file=body_file(variant))


def stopped(source: TemplateSource, problem: FieldProblem) -> Finding:
    """A problem that stops publishing, with its file and line where it tells them."""
    rule = problem.code if problem.code in RULES else "cannot-publish"
    line = _LINE.match(problem.detail)
    file, _ = place_of(source, problem.pointer)
    detail = problem.detail[line.end() :] if line else problem.detail
    return Finding(rule, Severity.ERROR, detail, problem.pointer, file, int(line[1]) if line else 0)


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
    for index, told in constant_problems(source.attachments):
        problems.append(FieldProblem(f"/attachments/{index}/data", told, "code"))
    return problems


def _summary(key: str, problems: Sequence[FieldProblem]) -> str:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"The template {key!r} cannot be published: {problems[0].detail}{more}"
