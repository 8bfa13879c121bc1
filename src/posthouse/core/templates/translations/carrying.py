"""A template's texts on their way to a translator and back, in either format, wherever the template is kept."""

import csv
import io
from collections.abc import Sequence
from typing import Final, Literal, Protocol, TypeAlias
from xml.sax.saxutils import quoteattr

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.model import Template, TemplateSource
from posthouse.core.templates.service import PushResult
from posthouse.core.templates.translations.table import read_csv, write_csv
from posthouse.core.templates.translations.units import translated, units_of
from posthouse.core.templates.translations.xliff import read_xliff, write_xliff

Form: TypeAlias = Literal["xliff", "csv"]
MEDIA: Final[dict[Form, str]] = {"xliff": "application/xliff+xml", "csv": "text/csv; charset=utf-8"}
ENDINGS: Final[dict[Form, str]] = {"xliff": "xlf", "csv": "csv"}


class Returned(msgspec.Struct, frozen=True):
    """What a translator gave back: the language and the words by unit; ``key`` is empty where the file does not tell the template."""

    key: str
    locale: str
    words: dict[str, str]


class Brought(msgspec.Struct, frozen=True):
    """What a translation did to the draft."""

    locale: str
    texts: int
    """Texts in the file."""
    changed: tuple[str, ...]
    """The units whose words are others now."""
    pushed: PushResult


class Templates(Protocol):
    """What is needed of the room of templates."""

    async def get(self, workspace_id: Id, key: str) -> Template:
        """One template with its draft."""
        ...

    async def push(
        self, workspace_id: Id, source: TemplateSource, publish: bool = False, *, base: str | None, by: str, dry: bool
    ) -> PushResult:
        """Keeps a source as the draft."""
        ...


def written(source: TemplateSource, locale: str, form: Form) -> tuple[str, int]:
    """The file for a translator into this language, and how many texts it has."""
    units = {
        unit.key: (unit.texts.get(source.default_locale, ""), unit.texts.get(locale, "")) for unit in units_of(source)
    }
    words = (source.default_locale, locale, units)
    return (write_csv(*words) if form == "csv" else write_xliff(source.key, *words)), len(units)


def returned(text: str, form: Form) -> Returned:
    """Reads what came back.

    Raises:
        ValidationError: it cannot be read, or does not say its language.
    """
    key, locale, words = ("", *read_csv(text)) if form == "csv" else read_xliff(text)
    if not locale:
        raise ValidationError("The translation does not say its language.")
    return Returned(key, locale, words)


def put_in(source: TemplateSource, text: str, form: Form, locale: str | None = None) -> tuple[TemplateSource, Returned]:
    """The source with a translation in it.

    Args:
        source: what was translated.
        text: the file.
        form: its format.
        locale: the language that it should be; None takes what it says.

    Raises:
        ValidationError: it is none, or another template's or language's.
        TemplateProblemsError: words do not fit; each with its unit and its line.
    """
    back = returned(text, form)
    if back.key and back.key != source.key:
        raise ValidationError(f"This is a translation of {back.key!r}, not of {source.key!r}.")
    if locale is not None and back.locale != locale:
        raise ValidationError(f"This is a translation into {back.locale!r}, not into {locale!r}.")
    try:
        return translated(source, back.locale, back.words), back
    except TemplateProblemsError as error:
        fields = [_located(one, text, form) for one in error.fields]
        raise TemplateProblemsError(error.detail, fields=fields) from None


async def bring_home(
    templates: Templates,
    workspace_id: Id,
    key: str,
    text: str,
    form: Form,
    *,
    locale: str | None = None,
    base: str | None = None,
    by: str = "",
    dry: bool = False,
) -> Brought:
    """Puts a translation into the draft of a template; what others changed meanwhile is never overwritten.

    Args:
        templates: where they are kept.
        workspace_id: whose.
        key: of the template.
        text: the translator's file.
        form: its format.
        locale: see :func:`put_in`.
        base: hash of the draft that was exported; None: whatever it is now.
        by: who brings it.
        dry: nothing is kept.

    Raises:
        StaleDraftError: the draft is another one.
        ValidationError: see :func:`put_in`; or the draft cannot be kept with it.
    """
    template = await templates.get(workspace_id, key)
    source = draft_of(template)
    made, back = put_in(source, text, form, locale)
    pushed = await templates.push(workspace_id, made, base=base or template.source_hash, by=by, dry=dry)
    return Brought(back.locale, len(back.words), tuple(_changed(source, made, back.locale)), pushed)


def draft_of(template: Template) -> TemplateSource:
    """The draft. ValidationError when there is none."""
    if template.draft is None:
        raise ValidationError(f"the template {template.key!r} has no draft")
    return template.draft


def _changed(before: TemplateSource, after: TemplateSource, locale: str) -> Sequence[str]:
    old = {unit.key: unit.texts.get(locale) for unit in units_of(before)}
    return [unit.key for unit in units_of(after) if unit.texts.get(locale) != old.get(unit.key)]


def _located(problem: FieldProblem, text: str, form: Form) -> FieldProblem:
    """The same with the line in the translator's file, where it can be told."""
    unit = problem.pointer.removeprefix("/")
    line = _line_in_table(text, unit) if form == "csv" else _line_in_xliff(text, unit)
    return msgspec.structs.replace(problem, detail=f"line {line}: {problem.detail}") if line else problem


def _line_in_xliff(text: str, unit: str) -> int:
    at = text.find(f"name={quoteattr(unit)}")
    return text.count("\n", 0, at) + 1 if at >= 0 else 0


def _line_in_table(text: str, unit: str) -> int:
    """Where the row begins: texts may have lines of their own."""
    rows = csv.reader(io.StringIO(text, newline=""))
    begins = 1
    for row in rows:
        if row[:1] == [unit]:
            return begins
        begins = rows.line_num + 1
    return 0
