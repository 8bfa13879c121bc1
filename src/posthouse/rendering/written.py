"""Puts into a rendered body what stands for its marks (rendering/links.py). The hot half: one split, no parsing."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from posthouse.core.templates.ports import LinkWriter
from posthouse.rendering import quoted
from posthouse.rendering.links import HERE, MARK

_ESCAPED: Final = b"\\u000"
"""How every mark begins in JSON, where a control character is always an escape."""
_ROOM: Final = 75
_MARKS: Final = dict.fromkeys(map(ord, "\x01\x02\x03\x04"))
_BODIES: Final = ("html", "text")


def has_marks(programs: Mapping[str, str]) -> bool:
    """Whether a release has anything to be written."""
    return "links.html" in programs or "links.text" in programs


def unmarked_programs(programs: Mapping[str, str]) -> dict[str, str]:
    """The programs of those who write no links."""
    return {name: source for name, source in programs.items() if "links." not in name}


def marked_programs(programs: Mapping[str, str]) -> dict[str, str]:
    """The programs of those who do, under the names of the others."""
    made = unmarked_programs(programs)
    for name in _BODIES:
        if f"links.{name}" in programs:
            made[name] = programs[f"links.{name}"]
            made.pop(f"wire.{name}", None)
            if f"wire.links.{name}" in programs:
                made[f"wire.{name}"] = programs[f"wire.links.{name}"]
    return made


def may_hold_marks(variables: bytes | None) -> bool:
    """Whether a variable (all of them as JSON) may hold one of the marks."""
    return variables is None or _ESCAPED in variables


def without_marks(value: Any) -> Any:
    """Variables without the marks: control characters that no reader would see either."""
    if isinstance(value, str):
        return value.translate(_MARKS)
    if isinstance(value, Mapping):
        return {without_marks(name): without_marks(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_marks(item) for item in value]
    return value


def in_plain(printed: str, links: LinkWriter) -> str:
    """A body with its marks written."""
    parts = printed.split(MARK)
    parts[1::2] = links.write(parts[1::2])
    return "".join(parts)


def quote_values(links: LinkWriter, values: list[str], *, html: bool) -> list[bytes]:
    """The values of a wire program, encoded, the marks among them written."""
    at = [index for index, value in enumerate(values) if value and value[0] == MARK]
    if not at:
        return quoted.quote_values(values, html=html)
    marks = [values[index][1:] for index in at]
    if html and HERE in "".join(marks):
        marks = [mark.replace(quoted.SLASH, "/") for mark in marks]
    for index in at:
        values[index] = ""
    encoded = quoted.quote_values(values, html=html)
    for index, text in zip(at, _quoted(links.write(marks)), strict=True):
        encoded[index] = text
    return encoded


def _quoted(texts: list[str]) -> list[bytes]:
    """Each encoded; addresses of ours are short and plain, and looked over all at once."""
    short = " ".join([text for text in texts if len(text) <= _ROOM])
    if short.isascii() and short.isprintable() and not ("=" in short or "  " in short or " ." in short):
        return [(text if len(text) <= _ROOM and text[:1] != "." else quoted.quote(text)).encode() for text in texts]
    return [quoted.quote(text).encode() for text in texts]


def addresses(marks: Sequence[str]) -> list[tuple[int, str]]:
    """The links among marks: their numbers, and the addresses of those that depend on variables."""
    return [
        (int(word), address)
        for word, _, address in (mark.replace(quoted.SLASH, "/").partition(HERE) for mark in marks)
        if word.isdigit()
    ]
