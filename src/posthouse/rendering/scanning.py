"""Reads HTML from the first character to the last, once: the time is linear in its length, whatever it holds.

The standard library's parser is not: some comments and declarations that never end cost it the square of their number. No tree
is made and nothing is moved; comments, declarations and raw text end where HTML says (WHATWG HTML §13.2.5).
"""

import functools
import re
import string
from typing import Final, NamedTuple, Protocol

from posthouse.core.kernel.references import resolved
from posthouse.rendering.remembering import remembered

_TAG: Final = re.compile(
    r"(/?)([a-zA-Z][^\s/>]*+)((?>(?:[^>=]++|=\s*+(?>(?:\"[^\"]*+\"|'[^']*+')?))*))>", re.DOTALL
)  # possessive throughout: what does not match once is not tried again in another way
_WELL_FORMED: Final = re.compile(
    r"<(/?)([a-zA-Z][^\s/>]*+)((?>(?:\s++[^\s\"'=<>/]++(?>(?:=\"[^\"]*+\"|='[^']*+')?))*)\s*+/?)>", re.DOTALL
)
"""A tag as programs write them: nothing in it could be read in another way."""
_ATTRIBUTE: Final = re.compile(r"([^\s/>=]++)(?>(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>]*+)))?)")
_OUTLOOK: Final = re.compile(r"<!--\[if (?:mso|lte|gte|lt|gt|\(mso|IE)", re.IGNORECASE)
_OUTLOOK_END: Final = "<![endif]-->"
_BEGINS_TAG: Final = frozenset(f"/{string.ascii_letters}")
_USUAL: Final = 3_000
"""Characters of a tag that is remembered."""
_RAW: Final = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style", "title")}


class _Tag(NamedTuple):
    """A tag: whether it closes, its name in lower case, what follows the name; whether nothing more is to be told of it."""

    closing: bool
    name: str
    rest: str
    plain: bool = False


class Sink(Protocol):
    """Who is told what is there, in order. Names are in lower case; ``at`` is the place in the HTML."""

    def text(self, data: str, at: int) -> None:
        """Text between tags, its character references as they stand."""

    def raw(self, data: str, at: int) -> None:
        """What stands in a style, a script or a title: no markup, whatever it looks like."""

    def opened(self, tag: str, rest: str, at: int) -> None:
        """A start tag. ``rest`` is what follows its name: :func:`attributes` reads it, for those who want to know."""

    def closed(self, tag: str) -> None:
        """An end tag."""

    def comment(self, data: str) -> None:
        """A comment, with its signs; a part for Outlook (``<!--[if mso]>``) is one."""


def scan(html: str, sink: Sink) -> None:
    """Tells ``sink`` everything in ``html``. What is cut off at the end, inside a tag or comment, is left out as in a browser."""
    outlook, find = _OutlookEnds(html), html.find
    text, opened, closed = sink.text, sink.opened, sink.closed
    at = 0
    while at >= 0 and (sign := find("<", at)) >= 0:
        if sign > at:
            text(html[at:sign], at)
        following = html[sign + 1 : sign + 2]
        if following in _BEGINS_TAG:
            end = find(">", sign) + 1
            tag = html[sign:end]
            well = _well_formed(tag) if end - sign < _USUAL else _read(tag)
            if well is None:
                at = _past_tag(html, sign, sink)
            elif not well.plain:
                at = _past(html, (sign, end), well, sink)
            else:
                at = end
                if well.closing:
                    closed(well.name)
                else:
                    opened(well.name, well.rest, sign)
        elif following in {"!", "?"}:
            at = _past_declaration(html, sign, outlook, sink)
        else:
            text("<", sign)
            at = sign + 1
    if 0 <= at < len(html):
        sink.text(html[at:], at)


class _OutlookEnds:
    """Where the next part for Outlook ends. Remembered, so that no stretch is searched twice."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._next = html.find(_OUTLOOK_END)

    def after(self, at: int) -> int:
        """Past its end; 0 when there is none."""
        if 0 <= self._next < at:
            self._next = self._html.find(_OUTLOOK_END, at)
        return self._next + len(_OUTLOOK_END) if self._next >= 0 else 0


def _past_declaration(html: str, sign: int, outlook: _OutlookEnds, sink: Sink) -> int:
    """Past a comment or a declaration; -1 when it never ends."""
    if not html.startswith("<!--", sign):
        end = html.find(">", sign)
        return -1 if end < 0 else end + 1
    if html.startswith(("<!-->", "<!--->"), sign):
        return html.find(">", sign) + 1
    end = outlook.after(sign) if _OUTLOOK.match(html, sign) else 0
    if not end:
        end = html.find("-->", sign + 4) + 3
        if end < 3:
            sink.comment(html[sign:])
            return -1
    sink.comment(html[sign:end])
    return end


def _past_tag(html: str, sign: int, sink: Sink) -> int:
    """Past a tag, and past the raw text that follows some; -1 when it never ends."""
    found = _TAG.match(html, sign + 1)
    if found is not None:
        return _past(html, (sign, found.end()), _Tag(bool(found[1]), found[2].lower(), found[3]), sink)
    if not html.startswith("</", sign):
        return -1
    return html.find(">", sign) + 1 or -1  # no name: a comment for browsers


def _past(html: str, span: tuple[int, int], tag: _Tag, sink: Sink) -> int:
    """Tells of a tag that stands there."""
    at, end = span
    if tag.closing:
        sink.closed(tag.name)
        return end
    sink.opened(tag.name, tag.rest, at)
    raw = _RAW.get(tag.name)
    if raw is None:
        if tag.rest.endswith("/"):
            sink.closed(tag.name)
        return end
    ends = raw.search(html, end)
    sink.raw(html[end : None if ends is None else ends.start()], end)
    return -1 if ends is None else ends.start()


def _read(tag: str) -> _Tag | None:
    """None when it has to be read with what follows, for a quoted ``>`` may not be its end."""
    found = _WELL_FORMED.fullmatch(tag)
    if found is None:
        return None
    closing, name, rest = bool(found[1]), found[2].lower(), found[3]
    return _Tag(closing, name, rest, plain=closing or (name not in _RAW and not rest.endswith("/")))


_well_formed = functools.lru_cache(maxsize=1_024)(_read)
"""The same tags stand in every mail of a theme."""


def attributes(rest: str) -> dict[str, str]:
    """The attributes of a start tag by their names in lower case; one without a value has ''. The first of a name counts."""
    given: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(rest):
        given.setdefault(name.lower(), resolved(double or single or bare))
    return given


known_attributes = remembered(1_024)(attributes)
"""The same of tags that stand in every mail; not to be changed."""
