"""What template.toml says about links: tracking, and the parameters that are added to addresses."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from posthouse.core.templates.model import Tracking

FIELDS: Final = frozenset({"track_opens", "track_clicks", "link_parameters", "link_parameters_exclude"})
MAX_PARAMETERS: Final = 20
_NAME: Final = re.compile(r"[A-Za-z0-9_.~-]{1,64}")
_PATTERN: Final = re.compile(r"[a-z0-9*.-]+(?:/\S*)?", re.IGNORECASE)
_TEXT: Final = re.compile(r"(?:[^{}\\\x00-\x1f]|\{\{(?:(?!\}\}|\{\{)[^\\\x00-\x1f])*\}\}|[{}](?![{%#}]))*")

Refuse = Callable[[str], None]
"""Told what is wrong."""


def tracking(settings: Mapping[str, Any], refuse: Refuse) -> Tracking:
    """Whether opens and clicks are noticed; what is not said is left to the workspace."""
    said: dict[str, bool | None] = {}
    for name in ("opens", "clicks"):
        given = settings.get(f"track_{name}")
        if given is not None and not isinstance(given, bool):
            refuse(f"track_{name} must be true or false")
            given = None
        said[name] = given
    return Tracking(**said)


def link_parameters(settings: Mapping[str, Any], refuse: Refuse) -> dict[str, str]:
    """Names and values, such as ``utm_source = "shop"``; values may hold ``{{ expressions }}``."""
    given = settings.get("link_parameters", {})
    if not isinstance(given, dict) or len(given) > MAX_PARAMETERS:
        refuse(f'link_parameters must be a table of at most {MAX_PARAMETERS} texts: [link_parameters] utm_source = "…"')
        return {}
    found: dict[str, str] = {}
    for name, value in given.items():
        if not _NAME.fullmatch(name):
            refuse(f"link_parameters: the name {name!r} must be made of letters, digits, '_', '-', '.' and '~'")
        elif not isinstance(value, str) or len(value) > 500 or not _TEXT.fullmatch(value):
            refuse(f"link_parameters: {name} must be a short text with {{{{ expressions }}}} only, without backslashes")
        else:
            found[name] = value
    return found


def excluded(settings: Mapping[str, Any], refuse: Refuse) -> tuple[str, ...]:
    """Addresses that get no parameters."""
    given = settings.get("link_parameters_exclude", [])
    if isinstance(given, list) and all(isinstance(word, str) and _PATTERN.fullmatch(word) for word in given):
        return tuple(given)
    refuse(
        'link_parameters_exclude must be a list of hosts or hosts with paths: ["*.pay.example", "shop.example/cart*"]'
    )
    return ()
