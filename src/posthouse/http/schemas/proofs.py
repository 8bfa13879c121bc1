"""What the lint and the message tests of a template say, as the API shows it."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from posthouse.core.templates.cases.model import Failure, Outcome
from posthouse.core.templates.lint.model import Overlook
from posthouse.core.templates.lint.rules import RULES


class FindingAnswer(msgspec.Struct, frozen=True):
    """One place that breaks a rule (docs/reference/lint.md)."""

    rule: str
    severity: Literal["error", "warning", "info"]
    detail: str
    pointer: str
    file: Annotated[str, Meta(description="The author's file, empty where it is not known.")]
    line: Annotated[int, Meta(description="0: not known.")]
    explanation: str
    fix: str


class LintAnswer(msgspec.Struct, frozen=True):
    """Everything that the lint says of a draft; errors stop it from being published."""

    items: list[FindingAnswer]
    unasked: Annotated[int, Meta(description="Images on other hosts that were not asked for; `online=true` does.")] = 0


class CaseAnswer(msgspec.Struct, frozen=True):
    """A message test and what does not hold of it."""

    name: str
    channel: str
    locale: str
    passed: bool
    failures: list[Failure]


class CasesAnswer(msgspec.Struct, frozen=True):
    """The message tests of a draft; one that fails stops it from being published."""

    items: list[CaseAnswer]


def linted(seen: Overlook) -> LintAnswer:
    """The findings with the words of their rules."""
    return LintAnswer(
        [
            FindingAnswer(
                one.rule,
                one.severity.value,
                one.detail,
                one.pointer,
                one.file,
                one.line,
                RULES[one.rule].explanation,
                RULES[one.rule].fix,
            )
            for one in seen.findings
        ],
        seen.unasked,
    )


def tested(outcomes: Sequence[Outcome]) -> CasesAnswer:
    """The outcomes, without what golden files would hold."""
    return CasesAnswer(
        [CaseAnswer(one.name, one.channel, one.locale, not one.failures, list(one.failures)) for one in outcomes]
    )
