"""From declared attachments to programs, and from what those print to attachments that only need making."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.attachments.model import Declared, Pdf
from posthouse.core.templates.conditions import ConditionError, check_condition
from posthouse.core.templates.locales import fallbacks

_PREFIX: Final = "attachment"
_TAGS: Final = ("{{", "{%", "{#")
_CONSTANT: Final = frozenset(
    {"kind", "show_if", "html", "source", "upload", "type", "id", "inline", "symbology", "correction"}
)


def attachment_programs(declared: Sequence[Declared], locale: str, default: str) -> dict[str, str]:
    """The programs of every attachment in one language, by name.

    Each stands inside its attachment's condition, so that what only a shown attachment needs is not needed without it.

    Raises:
        ValidationError: a condition cannot be read, a PDF has no words in any language that would do.
    """
    programs: dict[str, str] = {}
    problems: list[FieldProblem] = []
    for index, one in enumerate(declared):
        pointer = f"/attachments/{index}"
        if one.show_if:
            try:
                check_condition(one.show_if)
            except ConditionError as error:
                problems.append(FieldProblem(f"{pointer}/show_if", str(error), "condition"))
                continue
            programs[_name(index, "show")] = _inside(one.show_if, "1")
        for field, text in _texts(one):
            if any(tag in text for tag in _TAGS):
                programs[_name(index, field)] = _inside(one.show_if, text)
        if isinstance(one, Pdf):
            html = _nearest(one.html, locale, default)
            if html is None:
                detail = f"there is no pdf.{one.source}.{locale}.html, nor one in a language that would do"
                problems.append(FieldProblem(f"{pointer}/source", detail, "missing"))
            else:
                programs[_name(index, "html")] = _inside(one.show_if, html)
    if problems:
        raise ValidationError(f"The attachments have problems: {problems[0].detail}", fields=problems)
    return programs


def planned(declared: Sequence[Declared], programs: Collection[str], run: Callable[[str], str]) -> Iterator[Declared]:
    """The attachments of one message, with their texts filled in; a PDF's ``html`` is its one page source.

    Args:
        declared: what the release declares.
        programs: names of programs that the release has.
        run: renders a program.
    """
    for index, one in enumerate(declared):
        if one.show_if and not run(_name(index, "show")).strip():
            continue
        changed: dict[str, Any] = {
            field: run(_name(index, field)).strip() for field, _ in _texts(one) if _name(index, field) in programs
        }
        if isinstance(one, Pdf):
            changed["html"] = {"": run(_name(index, "html"))}
        yield msgspec.structs.replace(one, **changed)


def without_sources(declared: Sequence[Declared]) -> tuple[Declared, ...]:
    """As a release keeps them: the pages of a PDF stand among the programs."""
    return tuple([msgspec.structs.replace(one, html={}) if isinstance(one, Pdf) else one for one in declared])


def pointer_of(program: str) -> str:
    """Where a program of an attachment was written, empty when it is another's."""
    prefix, _, rest = program.partition(".")
    return f"/attachments/{rest.replace('.', '/')}" if prefix == _PREFIX else ""


def _name(index: int, field: str) -> str:
    return f"{_PREFIX}.{index}.{field}"


def _texts(one: Declared) -> Iterator[tuple[str, str]]:
    for field in one.__struct_fields__:
        value = getattr(one, field)
        if isinstance(value, str) and field not in _CONSTANT:
            yield field, value


def _inside(condition: str, text: str) -> str:
    return f"{{% if {condition} %}}{text}{{% endif %}}" if condition else text


def _nearest(texts: dict[str, str], locale: str, default: str) -> str | None:
    known = {word.lower(): text for word, text in texts.items()}
    return next((known[word] for word in fallbacks(locale, default) if word in known), None)
