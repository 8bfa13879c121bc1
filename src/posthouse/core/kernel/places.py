"""Languages and time zones as people write them."""

import re
import zoneinfo
from typing import Final

_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

_OF_THE_MACHINE: Final = frozenset({"localtime", "posixrules", "posix", "right", "Factory"})
"""Files beside the zones that mean another thing on each machine."""

LOCALE_ADVICE: Final = 'write a language tag like "en" or "pt-BR"'
ZONE_ADVICE: Final = 'write an IANA time zone like "Europe/Paris"'


def is_locale(word: str) -> bool:
    """Whether it has the form of a language tag (BCP 47)."""
    return _LOCALE.fullmatch(word) is not None


def is_zone(name: str) -> bool:
    """Whether it names a time zone."""
    if name == "UTC":
        return True
    if name.partition("/")[0] in _OF_THE_MACHINE:
        return False
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
