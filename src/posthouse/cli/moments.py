"""Times as people type them: RFC 3339, or ``2h`` for two hours from (or before) now."""

import re
import time
from typing import Final

from posthouse.core.kernel.clock import DAY, HOUR, MINUTE, SECOND
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.moments import read_moment, show_moment

_UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_SPAN: Final = re.compile(r"(\d{1,6})([smhd])")


def ago(word: str | None) -> int | None:
    """The instant meant by ``--since 2h`` or ``--since 2026-11-22T09:30:00Z``."""
    return None if word is None else _instant(word, -1)


def ahead(word: str | None) -> str | None:
    """The RFC 3339 form of what is meant by ``--send-at 2h``."""
    return None if word is None else show_moment(_instant(word, 1))


def _instant(word: str, direction: int) -> int:
    span = _SPAN.fullmatch(word)
    if span:
        return time.time_ns() // 1000 + direction * int(span[1]) * _UNITS[span[2]]
    try:
        return read_moment(word)
    except ValueError as error:
        raise ValidationError(
            f"{word!r} is no time ({error}); write it like 2026-11-22T09:30:00Z or 90s, 15m, 2h, 3d"
        ) from None
