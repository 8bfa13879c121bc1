"""Keeps addresses that expressions give from running something: ``href="{{ url }}"`` with ``javascript:`` prints ``#``.

Escaping makes a value safe inside its quotes; what an address does when it is followed, its scheme decides (WHATWG URL §4.4: blanks at its
beginning, and tabs and line breaks anywhere in it, are passed over). At publish the expressions that an address begins with are handed
through a filter (guarding.py finds them). What the author wrote as a scheme is the author's.
"""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from posthouse.rendering.link_parameters import joined
from posthouse.rendering.tags import Kind, Piece, pieces

NOWHERE: Final = "#"
_NEVER: Final = frozenset({"javascript", "vbscript", "data", "file", "blob", "about"})
"""Schemes that run something or read what is beside it. ``data:`` is allowed for pictures of points."""
_PICTURE: Final = re.compile(r"data:image/(?:png|jpe?g|gif|webp)[;,]", re.IGNORECASE)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PASSED_OVER: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff]+")
_AFTER_SCHEME: Final = re.compile(r"[:/?#]")
_CONSTANT: Final = re.compile(r"\(\"\" ~ [\"']https?://", re.IGNORECASE)
"""What link_parameters.py makes of an address that is known."""
_ENDS_URL: Final = re.compile(r"[\x00-\x20\"'()\\\\<>{};]")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]+")
_CSS_LOADS: Final = re.compile(
    r"[{}<>\\@]|/\*|(?:url|image|image-set|cross-fade|element|src|expression)\s*\(|script\s*:|-moz-binding|behavior"
)
_SAFE: Final = re.compile(r"\|\s*safe\b")
_GUARDED: Final = re.compile(r'\{\{-? \("" ~ \((.*)\)\)\|as_(?:address|marked_address) -?\}\}', re.DOTALL)


def as_address(value: object) -> str:
    """The address, or :data:`NOWHERE` if it would run something; a filter of programs."""
    address = str(value)
    if address[:8] == "https://":
        return address
    bare = _PASSED_OVER.sub("", address)
    found = _SCHEME.match(bare)
    if found is None or found[1].lower() not in _NEVER or _PICTURE.match(bare):
        return address
    return NOWHERE


def as_marked_address(value: object) -> str:
    """The same of a value that is markup (``|safe``)."""
    return as_address(html.unescape(str(value)))


def as_addresses(value: object) -> str:
    """Several addresses with commas between them (``srcset``): all of them, or :data:`NOWHERE`."""
    listed = html.unescape(str(value))
    if any(as_address(one) == NOWHERE and one.strip() != NOWHERE for one in listed.split(",")):
        return NOWHERE
    return str(value)


def as_css_address(value: object) -> str:
    """An address inside ``url(…)``, which nothing in it ends; or :data:`NOWHERE`."""
    return _ENDS_URL.sub(lambda found: f"%{ord(found[0]):02X}", as_marked_address(value))


def as_css(value: object) -> str:
    """A value of a style, nothing where it would load, run or end something (CSS Values 4 §3, CSS Syntax 3 §4)."""
    bare = _CONTROLS.sub("", html.unescape(str(value))).lower()
    return "" if _CSS_LOADS.search(bare) else str(value)


ADDRESS_FILTERS: Final[dict[str, Callable[..., str]]] = {
    "as_address": as_address,
    "as_marked_address": as_marked_address,
    "as_addresses": as_addresses,
    "as_css_address": as_css_address,
    "as_css": as_css,
}


def unguarded(value: str) -> str:
    """An address as its author wrote it, to be shown."""
    found = _GUARDED.match(value)
    return f"{{{{ {found[1].replace(') ~ (', ' }}{{ ')} }}}}{value[found.end() :]}" if found else value


def guarded_value(value: str) -> str:
    """The value of an attribute that begins with a tag of the template, its address judged when it is printed."""
    listed = pieces(value)
    if all(piece.kind in {Kind.LITERAL, Kind.EXPRESSION} for piece in listed):
        start, end = _scheme(listed)
        if start == end or _CONSTANT.match(pieces(value[start:end])[0].code):
            return value
        try:
            return value[:start] + _filtered(value[start:end]) + value[end:]
        except ValueError:
            pass  # a text that no string can hold: each expression by itself
    return "".join(_one_by_one(listed))


def _scheme(listed: Sequence[Piece]) -> tuple[int, int]:
    """Where the expressions stand that the scheme may come from, with the words between them; nothing when the author wrote it."""
    start, end = -1, 0
    for piece in listed:
        after = piece.start + len(piece.source)
        if piece.kind is Kind.EXPRESSION:
            start, end = piece.start if start < 0 else start, after
            continue
        if start < 0 and piece.source.strip():
            break
        if found := _AFTER_SCHEME.search(piece.source):
            end = piece.start + found.end() if start >= 0 and found[0] == ":" else end
            break
    return max(start, 0), end if start >= 0 else 0


def _filtered(source: str) -> str:
    listed = pieces(source)
    name = "as_marked_address" if any(_SAFE.search(piece.code) for piece in listed) else "as_address"
    before, after = "-" * listed[0].trims_before, "-" * listed[-1].trims_after
    return f"{{{{{before} ({joined(source, markup=True)})|{name} {after}}}}}"


def _one_by_one(listed: Sequence[Piece]) -> Iterator[str]:
    """Each expression that stands at the beginning of a branch, or behind another expression."""
    before = None
    for piece in listed:
        words = before is not None and before.kind is Kind.LITERAL and bool(before.source.strip())
        if piece.kind is Kind.EXPRESSION and not words:
            yield _filtered(piece.source)
        else:
            yield piece.source
        before = piece
