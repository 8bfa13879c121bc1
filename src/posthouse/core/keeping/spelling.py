"""The ways in which programs write an address, letter by letter: as it is, in URLs (also in those inside URLs), in JSON, in HTML."""

import html
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

_BEFORE: Final = (
    r"(?:(?<![\w.+~-])(?<!\w')"
    r"|(?<=\\[bfnrt])|(?<=\\u[0-9a-f]{4})"
    r"|(?<=(?-i:=3D))"
    r"|(?<=%[0-9a-f]{2})(?<!%2[bde])(?<!%3[0-9])(?<!%[46][1-9a-f])(?<!%[57][0-9a])(?<!%5f)(?<!%7e))"
)
"""No letter of a longer name: not ``joann``, ``jo.ann``, ``jo+ann`` or ``o'ann``. What looks like a letter may be the end of an escape, of JSON
(``\\n``), of quoted-printable or of a URL (``%3D``)."""
_AFTER: Final = r"(?![\w-]|\.\w)"
_NAMES: Final = {"@": "commat", ".": "period", "+": "plus", "_": "lowbar"}
_DOTLESS: Final = "\u0131"
_DOTTED: Final = "i\u0307"
"""Without regard to case both are an i for `re`, and for nobody else."""
_DEEPEST: Final = 3
"""URLs inside URLs inside URLs."""
_URL: Final = re.compile(r"%(?:25|[46][1-9A-Fa-f]|[57][0-9Aa]|3[0-9]|2[Ee]|5[Ff]|[C-Fc-f])")
"""What makes a text worth undoing: a letter, figure or dot that need not have been escaped, one beyond ASCII, or a URL in a URL.
The usual ``%40`` is looked for as it is."""
_HTML: Final = re.compile(r"&(?:#|commat;|period;|plus;|lowbar;)")
_ESCAPES: Final = re.compile(r"(?:\\u[0-9a-f]{4})+", re.IGNORECASE)
"""Of JSON: a letter beyond the first 65,536 is two of them."""


def plainly(words: Iterable[str]) -> re.Pattern[str]:
    """Finds these words, whatever the case, and not inside longer addresses."""
    return _whole("|".join(map(re.escape, words)))


def escaped(words: Iterable[str]) -> re.Pattern[str]:
    """Finds them where any letter may be escaped in its own way; slow, for texts that are known to have them."""
    return _whole("|".join("".join(map(_any_way, word)) for word in words))


def unescaped(text: str) -> str:
    """A text with its escapes undone, if it has any: only to be looked at."""
    seen = text
    if "%" in seen and _URL.search(seen):
        for _ in range(_DEEPEST):
            seen = unquote(seen, errors="replace")
    if "&" in seen and _HTML.search(seen):
        seen = html.unescape(seen)
    return _ESCAPES.sub(_letters, seen) if "\\u" in seen else seen


def folded(text: str) -> str:
    """A text in which all that `re` takes for the same letter, without regard to case, is the same."""
    if text.isascii():
        return text.lower()
    return text.casefold().replace(_DOTLESS, "i").replace(_DOTTED, "i")


def _letters(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].lower().replace("\\u", "")).decode("utf-16-be", "replace")


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(f"{_BEFORE}(?:{words}){_AFTER}", re.IGNORECASE)


def _any_way(letter: str) -> str:
    ways = [re.escape(letter)]
    for one in dict.fromkeys((letter, letter.lower(), letter.upper())):
        ways += [_percent(one), _of_units(one), *(f"&#0*{ord(char)};|&#x0*{ord(char):x};" for char in one[:1])]
    if letter in _NAMES:
        ways.append(f"&{_NAMES[letter]};")
    return f"(?:{'|'.join(ways)})"


def _percent(letter: str) -> str:
    return "".join(f"%(?:25)*{byte:02x}" for byte in letter.encode())


def _of_units(letter: str) -> str:
    raw = letter.encode("utf-16-be")
    return "".join(rf"\\u{raw[place : place + 2].hex()}" for place in range(0, len(raw), 2))
