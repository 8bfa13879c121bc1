"""Control characters, which no program and no body may hold."""

import re
from typing import Final

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_OCTETS: Final = bytes([*range(9), *range(0x0B, 0x20), 0x7F])
"""The same; in UTF-8 no octet of another character is among them."""
_LONG: Final = 500
"""Characters from which on going by way of UTF-8 is faster: a whole mail in a sixth of the time."""


def without_controls(text: str) -> str:
    """Drops control characters other than tab and line feed (so CRLF becomes LF)."""
    if len(text) < _LONG:
        return _CONTROLS.sub("", text)
    return text.encode("utf-8", "surrogatepass").translate(None, _OCTETS).decode("utf-8", "surrogatepass")
