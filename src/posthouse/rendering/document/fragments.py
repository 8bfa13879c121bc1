"""Developers' own MJML and HTML: judged by itself, so that what is wrong is told at its block."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

from posthouse.core.kernel.references import bounded
from posthouse.rendering import guard, mjml_lint, mrml
from posthouse.rendering.document.texts import Shield, checked
from posthouse.rendering.document.urls import url_problem
from posthouse.rendering.document.writing import Writing
from posthouse.rendering.tags import TagError

_VOID: Final = frozenset({"area", "br", "col", "hr", "img", "input", "source", "track", "wbr"})
_FORBIDDEN: Final = frozenset(
    {"script", "iframe", "frame", "frameset", "object", "embed", "applet", "form", "input", "textarea", "select", "base",
     "meta", "link", "html", "head", "body", "title", "noscript", "template", "plaintext", "xmp", "math", "svg"}
)  # fmt: skip
_ADDRESSES: Final = frozenset({"href", "src", "background", "action", "srcset", "poster"})
_CONTENT: Final = frozenset(
    {"mj-text", "mj-button", "mj-image", "mj-divider", "mj-spacer", "mj-table", "mj-social", "mj-navbar", "mj-accordion",
     "mj-carousel", "mj-raw"}
)  # fmt: skip
_SECTIONS: Final = frozenset({"mj-section", "mj-wrapper", "mj-hero"})
_TAG: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<close>/?)(?P<name>[A-Za-z][\w-]*+)(?>(?:[^<>\"'/]++|/(?!>)|\"[^\"<]*+\"|'[^'<]*+')*)(?P<self>/?)>",
    re.DOTALL,
)
_ERROR_PLACE: Final = re.compile(r"\s*(?:at )?(?:position|span) .*$", re.IGNORECASE)


def own_html(writing: Writing, value: str | dict[str, str], pointer: str) -> str:
    """HTML of a developer, every element closed; empty when refused."""
    source = _source(writing, value, pointer)
    shield = Shield()
    judge = _Judge(shield)
    judge.feed(bounded(shield.over(source)))
    judge.close()
    for problem in judge.all_problems():
        writing.refuse(f"{pointer}", problem, "html")
    return source


def own_mjml(writing: Writing, value: str | dict[str, str], pointer: str, *, sections: bool) -> str:
    """MJML of a developer: elements of a column, or sections; empty when refused."""
    source = _source(writing, value, pointer)
    problems = list(_mjml_problems(source, sections=sections))
    for problem in problems:
        writing.refuse(pointer, problem, "mjml")
    return "" if problems else source


def _source(writing: Writing, value: str | dict[str, str], pointer: str) -> str:
    """The source for this locale; a developer may write ``{% tags %}`` that are balanced in themselves."""
    if isinstance(value, dict):
        chosen = writing.locale_of(value, pointer)
        if chosen is None:
            return ""
        pointer, value = f"{pointer}/{chosen}", value[chosen]
    judged = checked(value, blocks=True)
    if judged.problem:
        writing.refuse(pointer, judged.problem, "syntax")
    return judged.source


def _mjml_problems(source: str, *, sections: bool) -> Iterator[str]:
    wrong = next(_misplaced(source, _SECTIONS if sections else _CONTENT), "")
    if wrong:
        yield wrong
        return
    inside = source if sections else f"<mj-section><mj-column>{source}</mj-column></mj-section>"
    try:
        protected, held = guard.protect(f"<mjml><mj-body>{inside}</mj-body></mjml>")
    except TagError as error:
        yield str(error)
        return
    found = [problem.detail for problem in mjml_lint.lint(inside, protected, held, "")]
    yield from found
    if not found:
        try:
            compiled = mrml.to_html(protected)
        except ValueError as error:
            message = _ERROR_PLACE.sub("", str(error))
            yield f"MJML is strict XML: {message} (every element closed, & written as &amp;)"
            return
        yield from (f"{gone.piece.source} would be lost or moved by MJML here" for gone in guard.lost(compiled, held))


def _misplaced(source: str, allowed: frozenset[str]) -> Iterator[str]:
    """Elements that are not closed where they were opened, or do not belong on the first level."""
    shield = Shield()
    stack: list[str] = []
    for found in _TAG.finditer(shield.over(source)):
        name = found["name"]
        if name is None:
            continue
        if found["close"]:
            if not stack or stack.pop() != name:
                yield f"</{name}> closes nothing that is open here"
            continue
        if not stack and name not in allowed:
            yield f"<{name}> cannot stand here; what can: {', '.join(sorted(allowed))}"
        if not found["self"]:
            stack.append(name)
    if stack:
        yield f"<{stack[-1]}> is never closed"


class _Judge(HTMLParser):
    """Finds what may not stand in a mail, and elements that are not closed."""

    def __init__(self, shield: Shield) -> None:
        super().__init__(convert_charrefs=True)
        self._problems: list[str] = []
        self._stack: list[str] = []
        self._shield = shield

    def all_problems(self) -> list[str]:
        """What was found, and what is still open at the end."""
        rest = [f"<{self._stack[-1]}> is never closed"] if self._stack else []
        tail = ["it ends in the middle of a tag"] if "<" in self.rawdata else []
        return list(dict.fromkeys([*self._problems, *rest, *tail]))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judges an element and its attributes."""
        if tag in _FORBIDDEN or tag.startswith("mj-"):
            self._problems.append(f"<{tag}> has no place in a mail's HTML block")
        if tag not in _VOID:
            self._stack.append(tag)
        for name, given in attrs:
            if name.startswith("on"):
                self._problems.append(f"the attribute {name} is a script: mail programs refuse it")
            picture = tag == "img" and name == "src"
            if name in _ADDRESSES and (problem := url_problem(self._shield.off(given or ""), picture=picture)):
                self._problems.append(f"{name} of <{tag}>: {problem}")
            if self._shield.token.search(name):
                self._problems.append(f"{self._shield.off(name)} stands between attributes; put it into a value")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """``<br />``; HTML knows no other element that closes itself."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._stack.pop()
            self._problems.append(f"<{tag}/> is not closed by the slash; write <{tag}></{tag}>")

    def handle_endtag(self, tag: str) -> None:
        """Closes the element that was opened last."""
        if not self._stack or self._stack[-1] != tag:
            self._problems.append(f"</{tag}> closes nothing that is open here")
        else:
            self._stack.pop()

    def handle_comment(self, data: str) -> None:
        """Comments have no place: mail programs read some of them."""
        del data
        self._problems.append("comments have no place in a document; mail programs read some of them")

    def handle_decl(self, decl: str) -> None:
        """``<!DOCTYPE …>``."""
        self._problems.append(f"<!{decl[:20]}> belongs to whole pages")

    def handle_pi(self, data: str) -> None:
        """``<?xml …>``."""
        self._problems.append(f"<?{data[:20]}> belongs to XML")

    def unknown_decl(self, data: str) -> None:
        """``<![CDATA[…]]>``."""
        self._problems.append(f"<![{data[:20]}]> has no place in HTML")
