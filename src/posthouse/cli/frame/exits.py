"""Exit codes, and which error ends in which."""

import enum
from typing import Final

from posthouse.config import SettingsError
from posthouse.core.kernel.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    PosthouseError,
    UnavailableError,
    ValidationError,
)


class Exit(enum.IntEnum):
    """How a command can end. Scripts rely on these numbers."""

    OK = 0
    """It worked."""
    FAILED = 1
    """It did not work; the sentence on standard error says why."""
    USAGE = 2
    """The command line, the settings or a value is wrong: correct it, trying again will not help."""
    NOT_FOUND = 3
    """There is no such thing."""
    CONFLICT = 4
    """The thing exists already, or is not in a state that allows this."""
    UNAVAILABLE = 5
    """The store cannot be reached or cannot write: try again later."""


_BY_ERROR: Final[tuple[tuple[type[PosthouseError], Exit], ...]] = (
    (SettingsError, Exit.USAGE),
    (ValidationError, Exit.USAGE),
    (NotFoundError, Exit.NOT_FOUND),
    (ConflictError, Exit.CONFLICT),
    (ForbiddenError, Exit.CONFLICT),
    (UnavailableError, Exit.UNAVAILABLE),
)


def exit_for(error: PosthouseError) -> Exit:
    """The exit code of an error."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), Exit.FAILED)
