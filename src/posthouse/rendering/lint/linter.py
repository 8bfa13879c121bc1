"""Looks at one variant: the author's source for what has a line, what was compiled for what a reader sees."""

import functools
import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

import msgspec
from msgspec.structs import replace

from posthouse.core.templates.lint.content import body_file
from posthouse.core.templates.lint.model import Finding, Looked, Shown
from posthouse.core.templates.lint.rules import finding
from posthouse.core.templates.model import Rendered, VariantSource
from posthouse.rendering.lint.access import look_at_access
from posthouse.rendering.lint.clients import look_at_support
from posthouse.rendering.lint.contrast import look_at_contrast
from posthouse.rendering.lint.language import look_at_language
from posthouse.rendering.lint.links import look_at_links
from posthouse.rendering.lint.pictures import pictures_of, sorted_out
from posthouse.rendering.lint.promotion import look_at_promotion
from posthouse.rendering.lint.reader import DYNAMIC, Document
from posthouse.rendering.lint.sight import is_hidden, is_silent, texts_of
from posthouse.rendering.tags import line_of

_ADDRESS: Final = re.compile(r"https?://(?:\{\{.*?\}\}|[^\s<>\"'{])+", re.IGNORECASE)
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_LEAST_WORDS: Final = 3
_LEAST_LETTERS: Final = 12
_OTHER_FORMS: Final = ("wire.", "links.")
"""Programs that print the same as others."""
_KEPT: Final = 512
"""Looks that are remembered; some kilobytes each."""
_ENCODER: Final = msgspec.json.Encoder()


class MarkupLinter:
    """The lint's part that reads markup. Remembers what it said: a look depends on nothing but what it looks at."""

    def __init__(self) -> None:
        self._said: OrderedDict[tuple[bytes, int], Looked] = OrderedDict()

    def look(self, variant: VariantSource, programs: Mapping[str, str], index: int) -> Looked:
        """Everything that can be told without a store or a network."""
        apart = {name: program for name, program in programs.items() if not name.startswith(_OTHER_FORMS)}
        key = (_digest(variant, apart), index)
        looked = self._said.get(key)
        if looked is None:
            looked = self._said[key] = self._look(variant, apart, index)
            if len(self._said) > _KEPT:
                self._said.popitem(last=False)
        else:
            self._said.move_to_end(key)
        return looked

    def _look(self, variant: VariantSource, programs: Mapping[str, str], index: int) -> Looked:
        base, file = f"/variants/{index}", body_file(variant)
        kind = "mjml" if variant.mjml is not None else "html"
        written = variant.mjml if variant.mjml is not None else variant.html
        if written is None:
            return self._compiled_only(variant, programs, file, base)
        pointer, source = f"{base}/{kind}", Document(written)
        seen = Document(programs.get("html", "")) if kind == "mjml" else source
        findings = [
            *look_at_language(variant.locale, written, file, pointer),
            *look_at_links(source, file, pointer),
            *(look_at_access(source, variant.locale, file, pointer) if kind == "html" else ()),
            *look_at_support(source, file, pointer),
            *_contrast(seen, written, file, pointer),
            *_preheader(variant, seen, file, base),
        ]
        shown, unwritten = sorted_out(pictures_of(source, file, pointer))
        if seen is not source:  # what MJML adds: icons of social networks
            there = {one.address for one in shown}
            added, _ = sorted_out(pictures_of(seen, file, pointer))
            shown += tuple([replace(one, line=0) for one in added if one.address not in there])
        return Looked(tuple(findings), frozenset(_sentences(source)), shown, unwritten)

    def _compiled_only(self, variant: VariantSource, programs: Mapping[str, str], file: str, base: str) -> Looked:
        """A document or a text: there is no markup of the author's, so nothing has a line."""
        findings = list(look_at_language(variant.locale, "".join(programs.values()), file, base))
        if "html" not in programs:
            return Looked(_without_lines([*findings, *_mobile_links(variant, file, base)]), _mobile_sentences(variant))
        seen = Document(programs["html"])
        findings += [
            *look_at_links(seen, file, base),
            *_contrast(seen, "", file, base),
            *_preheader(variant, seen, file, base),
        ]
        shown, unwritten = sorted_out(pictures_of(seen, file, base))
        placed = tuple([replace(one, line=0) for one in shown])
        return Looked(_without_lines(findings), frozenset(_sentences(seen)), placed, unwritten)

    def shown(
        self, variant: VariantSource, rendered: Rendered, index: int, *, pictures: bool, promotion: bool
    ) -> Shown:
        """See Linter. The page is read once, and only if somebody wants to know."""
        page = functools.cache(lambda: Document(rendered.html or "", tags=False))
        found = pictures_of(page(), body_file(variant), f"/variants/{index}") if pictures else ()
        told = look_at_promotion(rendered, page, variant, index) if promotion else ()
        return Shown(tuple(told), tuple([replace(one, line=0, sampled=True) for one in found]))


def _digest(variant: VariantSource, programs: Mapping[str, str]) -> bytes:
    """Of all that a look depends on."""
    return hashlib.sha256(_ENCODER.encode((variant, programs))).digest()


def _mobile_links(variant: VariantSource, file: str, base: str) -> Iterator[Finding]:
    """Addresses in an SMS, a push or a WhatsApp message are looked at like those of a mail."""
    found = [address for text in texts_of(variant.content) for address in _ADDRESS.findall(text)]
    markup = "".join([f'<a href="{escape(address, quote=False)}">…</a>' for address in found])
    yield from look_at_links(Document(markup), file, base)


def _mobile_sentences(variant: VariantSource) -> frozenset[str]:
    """An address is no sentence: it may be the same in every language."""
    words = [escape(_ADDRESS.sub("", text), quote=False) for text in texts_of(variant.content)]
    return frozenset(_sentences(Document("".join([f"<p>{text}</p>" for text in words]))))


def _without_lines(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple([replace(found, line=0) for found in findings])


def _contrast(seen: Document, written: str, file: str, pointer: str) -> Iterator[Finding]:
    for words, detail in look_at_contrast(seen):
        at = written.find(max(words.split(DYNAMIC), key=len).strip())
        yield finding("contrast", detail, pointer=pointer, file=file, line=line_of(written, at) if at >= 0 else 0)


def _preheader(variant: VariantSource, seen: Document, file: str, base: str) -> Iterator[Finding]:
    """The first words of the body must stand in a hidden element."""
    if variant.preheader:
        return
    for words in seen.words:
        if is_silent(words.parent):
            continue
        if not is_hidden(words.parent):
            yield finding("preheader-missing", "there is no preheader", pointer=f"{base}/preheader", file=file)
        return


def _sentences(source: Document) -> Iterator[str]:
    """Texts that a translator would have to touch."""
    for words in source.words:
        letters = _LETTERS.findall(words.text)
        long_enough = len(letters) >= _LEAST_WORDS and sum(map(len, letters)) >= _LEAST_LETTERS
        if (
            long_enough
            and not any(sign.isdigit() or sign == "@" for sign in words.text)
            and not is_silent(words.parent)
        ):
            yield words.text.replace(DYNAMIC, "…")
