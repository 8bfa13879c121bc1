"""The rich subset of a text block: cleaned by nh3 (ammonia), then given the theme's styles."""

import re
from html.parser import HTMLParser
from typing import Final

import nh3

from posthouse.core.kernel.references import bounded
from posthouse.rendering.document.texts import Shield
from posthouse.rendering.document.urls import url_problem
from posthouse.rendering.document.writing import Writing

TAGS: Final = frozenset({"p", "br", "strong", "b", "em", "i", "u", "s", "a", "ul", "ol", "li"})
_CLEANER: Final = nh3.Cleaner(
    tags=set(TAGS),
    attributes={"a": {"href"}},
    clean_content_tags={"script", "style", "title", "textarea", "noscript", "template", "iframe", "object"},
    url_schemes={"http", "https", "mailto", "tel", "posthouse"},
    link_rel=None,
    strip_comments=True,
)
_PARAGRAPHS: Final = re.compile(r"<(?:p|ul|ol|li)[\s>]", re.IGNORECASE)
_EMPTY_LINE: Final = re.compile(r"\n[ \t]*\n\s*")
_OPEN: Final = re.compile(r"<(p|ul|ol|li|a)( href=\"[^\"]*\")?>")
_EMPTY: Final = re.compile(r"<p>\s*</p>")


def rich(writing: Writing, value: dict[str, str], pointer: str) -> str:
    """The text as XML for an ``mj-text``. Elements and attributes that are not allowed are cleaned away with a warning."""
    source = writing.chosen(value, pointer)
    shield = Shield()
    shielded = shield.over(source)
    seen = _Seen(shield)
    if "<" in shielded:
        seen.feed(bounded(shielded))
        seen.close()
    for problem in seen.problems:
        writing.refuse(pointer, problem, "url")
    if seen.dropped:
        names = ", ".join(sorted(seen.dropped))
        writing.warn(pointer, f"cleaned away: {names}; a text has {', '.join(sorted(TAGS))}", "cleaned")
    if not _PARAGRAPHS.search(shielded):
        shielded = "".join([f"<p>{part}</p>" for part in _EMPTY_LINE.split(shielded.strip())])
    cleaned = _EMPTY.sub("", _CLEANER.clean(shielded))
    for lost in shield.lost(cleaned):
        writing.refuse(pointer, f"{lost} stands where it cannot be printed: put it into the text or a link", "syntax")
    # A character reference may have given a brace: only the shielded tags are tags.
    cleaned = cleaned.replace("{", "&#123;").replace("<br>", "<br />").replace("&nbsp;", "\N{NO-BREAK SPACE}")
    return writing.spoken(shield.off(_styled(writing, cleaned)))


def _styled(writing: Writing, cleaned: str) -> str:
    """Styles stand inline: not every reader keeps a style sheet. The last paragraph has no room below."""
    room = f"margin:0 0 {writing.theme.spacing.medium}px 0"
    indent = "right" if writing.direction == "rtl" else "left"
    styles = {
        "p": room,
        "ul": f"{room};padding:0;padding-{indent}:22px",
        "ol": f"{room};padding:0;padding-{indent}:22px",
        "li": "margin:0 0 4px 0",
        "a": f"color:{writing.color('link')};text-decoration:underline",
    }
    last = max(cleaned.rfind("<p>"), cleaned.rfind("<ul>"), cleaned.rfind("<ol>"))

    def styled(found: re.Match[str]) -> str:
        style = styles[found[1]]
        if found.start() == last:
            style = style.replace(room, "margin:0")
        kind = ' class="k-link" target="_blank"' if found[1] == "a" else ""
        return f'<{found[1]}{found[2] or ""}{kind} style="{style}">'

    return _OPEN.sub(styled, cleaned)


class _Seen(HTMLParser):
    """What stands in a text that is not allowed."""

    def __init__(self, shield: Shield) -> None:
        super().__init__(convert_charrefs=True)
        self.dropped: set[str] = set()
        self.problems: list[str] = []
        self._shield = shield

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judges an element and its attributes."""
        if tag not in TAGS:
            self.dropped.add(f"<{tag}>")
            return
        for name, given in attrs:
            if tag == "a" and name == "href":
                if problem := url_problem(self._shield.off(given or "")):
                    self.problems.append(problem)
            elif not (tag == "a" and name in {"target", "rel"}):
                self.dropped.add(f"{name}=")

    def handle_comment(self, data: str) -> None:
        """Comments are dropped too."""
        del data
        self.dropped.add("a comment")
