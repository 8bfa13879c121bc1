"""Runs the cases of a template against its releases."""

from collections.abc import Iterator, Sequence

from posthouse.core.kernel.errors import FieldProblem, PosthouseError
from posthouse.core.kernel.moments import read_moment
from posthouse.core.templates.always import sampled
from posthouse.core.templates.attachments.model import name_of
from posthouse.core.templates.cases.check import failures, golden_failures, golden_of, merged
from posthouse.core.templates.cases.model import Case, Failure, Outcome
from posthouse.core.templates.locales import choose
from posthouse.core.templates.model import Release, TemplateSource
from posthouse.core.templates.ports import Renderer, VariablesChecker


class CaseRunner:
    """Renders cases and looks at what came of them.

    Args:
        checker: checks variables against a release.
        renderer: runs a release.
    """

    def __init__(self, checker: VariablesChecker, renderer: Renderer) -> None:
        self._checker = checker
        self._renderer = renderer

    def run(self, source: TemplateSource, releases: Sequence[Release]) -> Iterator[Outcome]:
        """The outcome of every case, in the order of their names."""
        for case in source.tests:
            yield self._run(source, releases, case)

    def _run(self, source: TemplateSource, releases: Sequence[Release], case: Case) -> Outcome:
        wanted = case.written
        channel, locale = wanted.channel or source.default_channel, wanted.locale or source.default_locale
        try:
            release = choose(releases, channel, locale, source.key)
        except PosthouseError as error:
            return Outcome(case.name, channel, locale, (Failure("/locale", error.detail),))
        given = merged(source.sample if wanted.variables is None else wanted.variables, wanted.changes)
        variables = sampled(given, release.always, release.locale)
        problems = self._checker.problems(release, variables)
        if wanted.expect.refused is not None:
            return Outcome(case.name, channel, release.locale, tuple(_refused(wanted.expect.refused, problems)))
        if problems:
            told = tuple([Failure("/variables", f"{one.pointer}: {one.detail}") for one in problems])
            return Outcome(case.name, channel, release.locale, told)
        try:
            rendered = self._renderer.plain(release, variables, at=read_moment(wanted.at), zone=wanted.zone)
        except PosthouseError as error:
            return Outcome(case.name, channel, release.locale, (Failure("", error.detail),))
        files = self._renderer.attachments(release, variables, at=read_moment(wanted.at)) if release.attachments else ()
        golden = golden_of(rendered) if wanted.expect.golden else {}
        found = (
            *failures(wanted.expect, rendered, tuple([name_of(one) for one in files])),
            *golden_failures(case, golden),
        )
        return Outcome(case.name, channel, release.locale, found, golden)


def as_problems(outcomes: Sequence[Outcome]) -> Iterator[FieldProblem]:
    """What failed, as publishing tells it: the case's file first."""
    for outcome in outcomes:
        for failure in outcome.failures:
            where = f"tests/{outcome.name}.json, {outcome.channel}.{outcome.locale}"
            yield FieldProblem(f"/tests/{outcome.name}{failure.pointer}", f"{where}: {failure.detail}", "test-failed")


def _refused(pointer: str, problems: Sequence[FieldProblem]) -> Iterator[Failure]:
    if not any(found.pointer == pointer for found in problems):
        there = ", ".join(found.pointer or '""' for found in problems)
        told = f"refused for {there}" if there else "not refused"
        yield Failure("/expect/refused", f"the values are {told}; they should be for {pointer!r}")
