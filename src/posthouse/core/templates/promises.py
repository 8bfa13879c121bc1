"""What a template's files promise of its messages: ``[service_level]`` in template.toml."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.reading import read_typed

FIELD: Final = "service_level"


class Promise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many messages within so many seconds (core/alerts/levels.py has the same bounds)."""

    share: Annotated[float, Meta(ge=0.5, le=0.9999)]
    """0.95: 95 of a hundred."""
    seconds: Annotated[float, Meta(ge=0.01, le=86_400)]
    measure: Literal["first-attempt", "delivered"] = "first-attempt"
    days: Literal[1, 7, 28] = 28


def take_promise(settings: Mapping[str, Any], refuse: Callable[[str], None]) -> Promise | None:
    """What is promised; None: nothing."""
    given = settings.get(FIELD)
    if given is None:
        return None
    try:
        return read_typed(given, Promise, "service level")
    except ValidationError as error:
        found = error.fields[0]
        where = found.pointer.removeprefix("/").replace("/", ".")
        refuse(f"[{FIELD}] {where + ': ' if where else ''}{found.detail}; for example share = 0.95, seconds = 5")
        return None
