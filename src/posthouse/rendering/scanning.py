"""Reads HTML from the first character to the last, once: the time is linear in its length, whatever it holds.

The standard library's parser is not: some comments and declarations that never end cost it the square of their number. No tree
is made and nothing is moved; comments, declarations and raw text end where HTML says (WHATWG HTML §13.2.5).
"""

import re
from typing import Final, Protocol

from posthouse.core.kernel.references import resolved
from posthouse.rendering.remembering import remembered

_TAG: Final = re.compile(
    r"(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?+)*+)>", re.DOTALL
)  # possessive throughout: what does not match once is not tried again in another way
_WELL_FORMED: Final = re.compile(
    r"<(/?)([a-zA-Z][^\s/>]*+)((?:\s++[^\s\"'=<>/]++(?:=\"[^\"]*+\"|='[^']*+')?+)*+\s*+/?)>", re.DOTALL
)
"""A tag as programs write them: nothing in it could be read in another way."""
_ATTRIBUTE: Final = re.compile(r"([^\s/>=]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>]*+)))?+")
_OUTLOOK: Final = re.compile(r"<!--\[if (?:mso|lte|gte|lt|gt|\(mso|IE)", re.IGNORECASE)
_OUTLOOK_END: Final = "<![endif]-->"
_RAW: Final = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style", "title")}


class Sink(Protocol):
    """Who is told what is there, in order. Names are in lower case."""

    def text(self, data: str) -> None:
        """Text between tags, its character references resolved."""

    def opened(self, tag: str, rest: str) -> None:
        """A start tag. ``rest`` is what follows its name: :func:`attributes` reads it, for those who want to know."""

    def closed(self, tag: str) -> None:
        """An end tag."""

    def comment(self, data: str) -> None:
        """A comment, with its signs; a part for Outlook (``<!--[if mso]>``) is one."""


def scan(html: str, sink: Sink) -> None:
    """Tells ``sink`` everything in ``html``. What is cut off at the end, inside a tag or comment, is left out as in a browser."""
    outlook = _OutlookEnds(html)
    at = 0
    while at >= 0:
        sign = html.find("<", at)
        if sign < 0:
            break
        if sign > at:
            sink.text(resolved(html[at:sign]))
        following = html[sign + 1 : sign + 2]
        if following in {"!", "?"}:
            at = _past_declaration(html, sign, outlook, sink)
        elif following == "/" or (following.isascii() and following.isalpha()):
            at = _past_tag(html, sign, sink)
        else:
            sink.text("<")
            at = sign + 1
    if 0 <= at < len(html):
        sink.text(resolved(html[at:]))


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
    end = html.find(">", sign) + 1
    well = _well_formed(html[sign:end])
    found = None if well else _TAG.match(html, sign + 1)
    if well is not None:
        closing, name, rest = well
    elif found is not None:
        closing, name, rest = found[1], found[2].lower(), found[3]
        end = found.end()
    else:
        if html.startswith("</", sign):  # no name: a comment for browsers
            end = html.find(">", sign)
            return -1 if end < 0 else end + 1
        return -1
    if closing:
        sink.closed(name)
        return end
    sink.opened(name, rest)
    raw = _RAW.get(name)
    if raw is None:
        if rest.endswith("/"):
            sink.closed(name)
        return end
    ends = raw.search(html, end)
    return -1 if ends is None else ends.start()


@remembered(1_024)
def _well_formed(tag: str) -> tuple[str, str, str] | None:
    """Slash, name and attributes; None when it has to be read with what follows, for a quoted ``>`` may not be its end."""
    found = _WELL_FORMED.fullmatch(tag)
    return None if found is None else (found[1], found[2].lower(), found[3])


def attributes(rest: str) -> dict[str, str]:
    """The attributes of a start tag by their names in lower case; one without a value has ''. The first of a name counts."""
    given: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(rest):
        given.setdefault(name.lower(), resolved(double or single or bare))
    return given
