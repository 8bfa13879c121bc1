"""Addresses, languages, time zones and telephone numbers as people write them."""

import re
import zoneinfo
from typing import Final

_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_NAMED: Final = re.compile(r"[^<>]*<([^<>]*)>")
_PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_OF_THE_MACHINE: Final = frozenset({"localtime", "posixrules", "posix", "right", "Factory"})
"""Files beside the zones that mean another thing on each machine."""

LOCALE_ADVICE: Final = 'write a language tag like "en" or "pt-BR"'
ZONE_ADVICE: Final = 'write an IANA time zone like "Europe/Paris"'
PHONE_ADVICE: Final = "write the number with its country and without blanks, such as +33612345678"


def pasted(address: str) -> str:
    """The bare address of one that somebody looks for, copied out of a mail program perhaps: ``Ann <ann@shop.example>``."""
    bare = address.strip()
    found = _NAMED.fullmatch(bare)
    return found[1].strip() if found else bare


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


def is_phone(word: str) -> bool:
    """Whether it has the form of a telephone number with its country (E.164)."""
    return _PHONE.fullmatch(word) is not None
