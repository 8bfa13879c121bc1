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
_BEFORE_WORDS: Final = re.compile(r">(?=\s*+[^<\s])")
_RAW: Final = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style", "title")}


class _Tag(NamedTuple):
    """A tag: whether it closes, its name in lower case, what follows the name."""

    closing: bool
    name: str
    rest: str


class _Event(NamedTuple):
    """What a sink is told: of a tag its name and what follows it, of others the text; and its place."""

    what: int
    name: str
    rest: str
    at: int


_TEXT, _OPENED, _CLOSED, _COMMENT = range(4)


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
    outlook, runs = _OutlookEnds(html), _Runs(html)
    at = 0
    while at >= 0 and (sign := html.find("<", at)) >= 0:
        if sign > at:
            sink.text(html[at:sign], at)
        at = runs.past(sign, sink) or _past_one(html, sign, outlook, sink)
    if 0 <= at < len(html):
        sink.text(html[at:], at)


def _past_one(html: str, sign: int, outlook: "_OutlookEnds", sink: Sink) -> int:
    """Past whatever begins with a sign; -1 when it never ends."""
    following = html[sign + 1 : sign + 2]
    if following in _BEGINS_TAG:
        end = html.find(">", sign) + 1
        tag = html[sign:end]
        well = _well_formed(tag) if end - sign < _USUAL else _read(tag)
        return _past_tag(html, sign, sink) if well is None else _past(html, (sign, end), well, sink)
    if following in {"!", "?"}:
        return _past_declaration(html, sign, outlook, sink)
    sink.text("<", sign)
    return sign + 1


class _Runs:
    """Markup between two words: tells of all its tags at once, where they were read before. No stretch is searched twice."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._next = 0
        self._others = 0
        """Up to here stands what has to be read tag by tag."""

    def past(self, sign: int, sink: Sink) -> int:
        """Past the run that begins with a sign; 0 when there is none."""
        if sign < self._others:
            return 0
        if sign >= self._next:
            found = _BEFORE_WORDS.search(self._html, sign)
            self._next = found.end() if found else len(self._html)
        end = self._next
        known = _events(self._html[sign:end]) if end - sign < _USUAL else ()
        if not known:
            self._others = end
            return 0
        for what, name, rest, offset in known:
            if what == _OPENED:
                sink.opened(name, rest, sign + offset)
            elif what == _CLOSED:
                sink.closed(name)
            elif what == _TEXT:
                sink.text(name, sign + offset)
            else:
                sink.comment(name)
        return end


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
    return _Tag(bool(found[1]), found[2].lower(), found[3])


_well_formed = functools.lru_cache(maxsize=1_024)(_read)
"""The same tags stand in every mail of a theme."""


@functools.lru_cache(maxsize=1_024)
def _events(run: str) -> tuple[_Event, ...]:
    """What is told of markup without words; nothing when it may have to be read with what follows.

    Mails are tables in tables: between two words stand dozens of tags, the same ones in every language and below every block of a kind.
    """
    made: list[_Event] = []
    at = 0
    while at < len(run):
        sign = run.find("<", at)
        if sign != at:
            made.append(_Event(_TEXT, run[at : sign if sign > 0 else None], "", at))
            at = sign if sign > 0 else len(run)
            continue
        if run[at + 1 : at + 2] in _BEGINS_TAG:
            end = run.find(">", at) + 1
            tag = _well_formed(run[at:end])
            if tag is None or tag.name in _RAW:
                return ()
            if not tag.closing:
                made.append(_Event(_OPENED, tag.name, tag.rest, at))
            if tag.closing or tag.rest.endswith("/"):
                made.append(_Event(_CLOSED, tag.name, "", at))
        elif run.startswith("<!--", at) and not run.startswith(("<!-->", "<!--->"), at):
            closing = _OUTLOOK_END if _OUTLOOK.match(run, at) else "-->"
            end = run.find(closing, at + 4) + len(closing)
            if end < len(closing):
                return ()
            made.append(_Event(_COMMENT, run[at:end], "", at))
        else:
            return ()
        at = end
    return tuple(made)


def attributes(rest: str) -> dict[str, str]:
    """The attributes of a start tag by their names in lower case; one without a value has ''. The first of a name counts."""
    given: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(rest):
        given.setdefault(name.lower(), resolved(double or single or bare))
    return given


known_attributes = remembered(1_024)(attributes)
"""The same of tags that stand in every mail; not to be changed."""
