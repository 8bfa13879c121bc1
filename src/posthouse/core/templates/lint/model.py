"""Rules and findings."""

import enum

import msgspec

from posthouse.core.kernel.errors import FieldProblem


class Severity(enum.StrEnum):
    """How bad it is."""

    ERROR = "error"
    """Publishing refuses."""
    WARNING = "warning"
    """Publishing says so and goes on; readers will see it."""
    INFO = "info"
    """Worth knowing; told by the lint only."""


class Rule(msgspec.Struct, frozen=True):
    """One thing that is looked for."""

    id: str
    severity: Severity
    explanation: str
    fix: str


class Finding(msgspec.Struct, frozen=True):
    """One place that breaks a rule. ``file`` and ``line`` are those of the author's source, empty and 0 where not known."""

    rule: str
    severity: Severity
    detail: str
    pointer: str = ""
    file: str = ""
    line: int = 0

    def as_problem(self) -> FieldProblem:
        """The same as other problems are told: place first."""
        where = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        return FieldProblem(self.pointer, f"{where}{self.detail}", self.rule)


class Picture(msgspec.Struct, frozen=True):
    """A picture that a mail shows, and the place where its address was written."""

    address: str
    pointer: str = ""
    file: str = ""
    line: int = 0
    sampled: bool = False
    """Whether the address comes from the sample: a variable gives it."""


class Looked(msgspec.Struct, frozen=True):
    """What a look at one variant gave: findings, its sentences for the comparison of languages, and its pictures."""

    findings: tuple[Finding, ...] = ()
    sentences: frozenset[str] = frozenset()
    pictures: tuple[Picture, ...] = ()
    """Those whose address is written out."""
    unwritten: bool = False
    """Whether there are pictures too whose address a variable gives."""


class Shown(msgspec.Struct, frozen=True):
    """What a page said as it was rendered with a sample."""

    findings: tuple[Finding, ...] = ()
    pictures: tuple[Picture, ...] = ()


class Overlook(msgspec.Struct, frozen=True):
    """All that was said of a source, the worst first."""

    findings: tuple[Finding, ...] = ()
    pictures: tuple[Picture, ...] = ()
    """What its mails show."""
    unasked: int = 0
    """Pictures on other hosts that nobody asked for."""
