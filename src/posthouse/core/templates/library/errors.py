"""What can go wrong with the library.

PosthouseError
├── UnknownItemError            no such block, theme or version
├── ItemProblemsError           the block or theme cannot be published as it is
├── ItemInUseError              templates still name it
└── PublicationRunningError     another publication of the library is under way
"""

from posthouse.core.kernel.errors import ConflictError, NotFoundError, ValidationError


class UnknownItemError(NotFoundError):
    """There is no such block or theme."""

    slug = "unknown-item"
    status = 404


class ItemProblemsError(ValidationError):
    """The block or theme has problems."""

    slug = "item-problems"
    status = 422


class ItemInUseError(ConflictError):
    """Templates still use this block or theme."""

    slug = "item-in-use"


class PublicationRunningError(ConflictError):
    """Another block or theme is being published."""

    slug = "publication-running"
