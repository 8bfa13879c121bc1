"""How much of a transactional message is promotion: letters and links of slots, and of sentences with the words of advertising.

An estimate that shows its numbers, by data that anybody can read (promotion.toml). Who knows better puts the rule into ``lint_ignore``.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from posthouse.core.templates.lint.content import body_file
from posthouse.core.templates.lint.model import Finding
from posthouse.core.templates.lint.rules import finding
from posthouse.core.templates.mobile import shown
from posthouse.core.templates.model import Rendered, VariantSource
from posthouse.rendering.lint.reader import Document, Element
from posthouse.rendering.lint.sight import is_hidden, is_silent

SLOT: Final = "ph-slot"
"""The class of what a slot shows; a developer's own promotion may have it too."""
_DATA: Final = Path(__file__).with_name("promotion.toml")
_INLINE: Final = frozenset(
    {"a", "b", "strong", "i", "em", "u", "s", "span", "font", "small", "bdi", "sup", "sub", "code"}
)
_SENTENCE: Final = re.compile(r"(?<=[.!?…])\s+|\n+")
_SHOWN: Final = 60


class Promotion(msgspec.Struct, frozen=True):
    """The data file."""

    date: str
    source: str
    text: float
    links: float
    least: int
    words: dict[str, tuple[str, ...]]


class _Words(NamedTuple):
    """The expressions of one language."""

    parts: tuple[str, ...]
    """The longest part of each: a text without any of them is told by that."""
    pattern: re.Pattern[str]

    def search(self, text: str) -> str:
        """The first that stands in a text; empty: none does."""
        small = " ".join(text.lower().split())
        if not any(part in small for part in self.parts):
            return ""
        found = self.pattern.search(small)
        return found[0] if found else ""


class _Count(msgspec.Struct):
    letters: int = 0
    slots: int = 0
    promotion: int = 0
    """Letters of slots and of sentences."""
    links: int = 0
    promotional: int = 0
    """Of the links."""
    said: str = ""
    """The longest sentence that was taken for promotion, and because of which words."""
    because: str = ""


@lru_cache(maxsize=1)
def promotion() -> Promotion:
    """The data, read at the first use."""
    return msgspec.convert(tomllib.loads(_DATA.read_text(encoding="utf-8")), Promotion)


def look_at_promotion(
    rendered: Rendered, page: Callable[[], Document], variant: VariantSource, index: int
) -> Iterator[Finding]:
    """Whether there is too much of it in one message as it was rendered with the sample; ``page`` reads its HTML."""
    count = _counted(rendered, page, _words_in(variant.locale), derived=variant.text is None)
    limits = promotion()
    if count is None or count.promotion < limits.least:
        return
    text, links = count.promotion / count.letters, count.promotional / max(1, count.links)
    if text <= limits.text and links <= limits.links:
        return
    detail = f"{text:.0%} of the words in {variant.locale!r} ({count.promotion:,} of {count.letters:,} letters)"
    if count.links:
        detail += f" and {count.promotional} of {count.links} links"
    detail += f" are promotion; at most {limits.text:.0%} of the words and {limits.links:.0%} of the links should be"
    detail += f"; slots: {count.slots:,} letters" if count.slots else ""
    detail += f"; {count.said[:_SHOWN]!r} (because of {count.because!r})" if count.said else ""
    yield finding("promotion-share", detail, pointer=f"/variants/{index}", file=body_file(variant))


def _counted(
    rendered: Rendered, page: Callable[[], Document], words: _Words | None, *, derived: bool = True
) -> _Count | None:
    """None: there is nothing that could be promotion; where the text part is derived from the page, that is told in no time."""
    if rendered.html is None:
        whole = shown(rendered.content) if rendered.content is not None else rendered.text
        return _of_lines(whole, words) if words and words.search(whole) else None
    if derived and SLOT not in rendered.html and not (words and words.search(rendered.text)):
        return None
    return _of_page(page(), words)


def _of_lines(whole: str, words: _Words | None) -> _Count:
    count = _Count()
    _add(count, whole, words)
    return count


def _of_page(page: Document, words: _Words | None) -> _Count:
    count = _Count()
    paragraph, around = list[str](), None
    for one in page.words:
        if is_silent(one.parent) or is_hidden(one.parent):
            continue
        block = _block(one.parent)
        if block is not around:
            _add(count, " ".join(paragraph), words, slot=_in_slot(around))
            paragraph, around = [], block
        paragraph.append(one.text)
    _add(count, " ".join(paragraph), words, slot=_in_slot(around))
    for link in page.elements:
        if link.name == "a" and link.get("href") and not is_hidden(link):
            count.links += 1
            count.promotional += _in_slot(link) or bool(words and words.search(link.label))
    return count


def _add(count: _Count, text: str, words: _Words | None, *, slot: bool = False) -> None:
    """Counts one paragraph, sentence by sentence."""
    for sentence in _SENTENCE.split(text):
        letters = sum(map(str.isalnum, sentence))
        count.letters += letters
        found = "" if slot or words is None else words.search(sentence)
        if slot:
            count.slots += letters
        if slot or found:
            count.promotion += letters
        if found and len(sentence) > len(count.said):
            count.said, count.because = sentence.strip(), found


def _block(element: Element | None) -> Element | None:
    """What a sentence ends with at the latest."""
    while element is not None and element.name in _INLINE:
        element = element.parent
    return element


def _in_slot(element: Element | None) -> bool:
    while element is not None:
        if any(one == SLOT or f"-{SLOT}-" in one for one in element.get("class").split()):
            return True
        element = element.parent
    return False


@lru_cache(maxsize=64)
def _words_in(locale: str) -> _Words | None:
    """The expressions of a language; None: there is no list, so that slots alone are counted."""
    known = promotion().words.get(locale.replace("_", "-").partition("-")[0].lower())
    if not known:
        return None
    choices = "|".join([_expression(one) for one in known])
    parts = tuple({max(one.split("*"), key=len).strip() for one in known})
    return _Words(parts, re.compile(rf"(?:{choices})(?!\w)"))


def _expression(phrase: str) -> str:
    """What begins with a letter begins a word; ``*`` is any ending."""
    pieces = r"\w*".join([re.escape(piece) for piece in phrase.split("*")])
    return (r"(?<!\w)" if phrase[0].isalnum() else "") + pieces
