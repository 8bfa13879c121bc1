"""XLIFF 2.0 (OASIS): one file element for each template, one unit for each text, expressions as placeholders.

What XML cannot hold is written as ``cp`` elements (§4.2.3.5), so every text comes back as it went.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.translations.marks import parts_of

NAMESPACE: Final = "urn:oasis:names:tc:xliff:document:2.0"
_IN: Final = f"{{{NAMESPACE}}}"
_UNWRITABLE: Final = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\r")
LARGEST: Final = 5_000_000
"""Characters of a file."""
DEEPEST: Final = 100
"""Elements inside one another."""


def write_xliff(key: str, source: str, target: str, units: Mapping[str, tuple[str, str]]) -> str:
    """An XLIFF document.

    Args:
        key: of the template.
        source: the locale translated from.
        target: the locale translated to.
        units: by key, the words of both; empty where they are missing.
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<xliff xmlns="{NAMESPACE}" version="2.0" srcLang={quoteattr(source)} trgLang={quoteattr(target)}>',
        f"  <file id={quoteattr(key)}>",
    ]
    for number, (name, (original, words)) in enumerate(units.items(), 1):
        lines.extend(_unit(number, name, original, words))
    return "\n".join([*lines, "  </file>", "</xliff>", ""])


def read_xliff(text: str) -> tuple[str, str, dict[str, str]]:
    """The template's key, the target locale, and the words by unit; units without words are left out.

    Raises:
        ValidationError: it is no XLIFF 2 of one template.
    """
    if len(text) > LARGEST or "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValidationError("This is no XLIFF that can be read: it is too large, or declares entities.")
    try:
        root = ET.fromstring(text)  # noqa: S314 - without a document type there is nothing to expand
    except (ET.ParseError, ValueError) as error:
        raise ValidationError(f"This is no XML: {error}.") from None
    _check_size(root)
    files = root.findall(f"{_IN}file")
    if root.tag != f"{_IN}xliff" or not (root.get("version") or "").startswith("2.") or len(files) != 1:
        raise ValidationError("This is no XLIFF 2 with one file in it.")
    words = {}
    for unit in files[0].iter(f"{_IN}unit"):
        held = {data.get("id", ""): _said(data, {}) for data in unit.iter(f"{_IN}data")}
        targets = [_said(target, held) for target in unit.iter(f"{_IN}target")]
        if targets:
            words[unit.get("name") or unit.get("id") or ""] = "".join(targets)
    return files[0].get("id", ""), root.get("trgLang", ""), words


def _check_size(root: ET.Element) -> None:
    """Placeholders stand for texts that may be long, and there may be many of them; and nothing stands very deep in a translation."""
    level, depth = [root], 0
    while level and depth <= DEEPEST:
        level, depth = [inner for element in level for inner in element], depth + 1
    if not level:
        longest = max([len(_said(data, {})) for data in root.iter(f"{_IN}data")], default=0)
        marks = sum(1 for _ in root.iter(f"{_IN}ph"))
    if level or longest * marks > 10 * LARGEST:
        raise ValidationError("This is no XLIFF that can be read: its placeholders say too much, or it is too deep.")


def _unit(number: int, name: str, original: str, words: str) -> Iterator[str]:
    marks = dict.fromkeys(piece for text in (original, words) for is_mark, piece in parts_of(text) if is_mark)
    known = {mark: f"d{index}" for index, mark in enumerate(marks, 1)}
    yield f'    <unit id="u{number}" name={quoteattr(name)}>'
    if known:
        held = "".join([f'<data id="{word}">{_written(mark)}</data>' for mark, word in known.items()])
        yield f"      <originalData>{held}</originalData>"
    state = "translated" if words else "initial"
    target = f'<target xml:space="preserve">{_content(words, known)}</target>' if words else ""
    yield f'      <segment state="{state}"><source xml:space="preserve">{_content(original, known)}</source>{target}</segment>'
    yield "    </unit>"


def _content(text: str, known: Mapping[str, str]) -> str:
    written = []
    for number, (is_mark, piece) in enumerate(parts_of(text), 1):
        written.append(f'<ph id="{number}" dataRef="{known[piece]}"/>' if is_mark else _written(piece))
    return "".join(written)


def _written(text: str) -> str:
    """Escaped, with what XML cannot hold as ``cp``."""
    parts: list[str] = []
    at = 0
    for found in _UNWRITABLE.finditer(text):
        parts.extend((escape(text[at : found.start()]), f'<cp hex="{ord(found[0]):04X}"/>'))
        at = found.end()
    return "".join([*parts, escape(text[at:])])


def _said(element: ET.Element, held: Mapping[str, str]) -> str:
    said = [element.text or ""]
    for inner in element:
        if inner.tag == f"{_IN}cp":
            said.append(_character(inner.get("hex", "")))
        elif inner.tag == f"{_IN}ph":
            said.append(held.get(inner.get("dataRef", ""), inner.get("disp", "")))
        else:
            said.append(_said(inner, held))
        said.append(inner.tail or "")
    return "".join(said)


def _character(word: str) -> str:
    try:
        return chr(int(word, 16))
    except (ValueError, OverflowError):
        raise ValidationError(f"This is no XLIFF: {word!r} is no character.") from None
