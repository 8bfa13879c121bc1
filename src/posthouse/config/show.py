"""The effective settings for people's eyes: secrets hidden, passwords taken out of addresses."""

import re
from typing import Any, Final

import msgspec

from posthouse.config.fields import Setting, all_settings
from posthouse.config.load import Loaded

HIDDEN: Final = "(hidden)"
_PASSWORD: Final = re.compile(r"^(?P<head>[^:/?#]+://[^/?#]*?:)[^/?#]*(?P<tail>@)")
_QUERY_PASSWORD: Final = re.compile(r"(?P<head>[?&](?:password|sslpassword)=)[^&#]*", re.IGNORECASE)


class Shown(msgspec.Struct, frozen=True):
    """One line of ``posthouse config``."""

    name: str
    value: Any
    origin: str
    variable: str


def shown(loaded: Loaded) -> list[Shown]:
    """Every setting with its effective value and where it came from."""
    lines = []
    for setting in all_settings():
        holder: Any = getattr(loaded.settings, setting.section) if setting.section else loaded.settings
        value = hide(setting, getattr(holder, setting.name))
        lines.append(Shown(setting.path, value, loaded.origins.get(setting.path, "default"), setting.variable))
    return lines


def hide(setting: Setting, value: Any) -> Any:
    """The value as it may be shown."""
    if setting.secret:
        return HIDDEN if value else ""
    return without_password(value) if setting.url else value


def without_password(url: str) -> str:
    """A database address without its password, wherever it stands."""
    return _QUERY_PASSWORD.sub(rf"\g<head>{HIDDEN}", _PASSWORD.sub(rf"\g<head>{HIDDEN}\g<tail>", url))
