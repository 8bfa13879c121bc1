"""What can go wrong with suppressions.

PosthouseError
└── NotFoundError
    └── UnknownSuppressionError    there is no such entry
"""

from posthouse.core.kernel.errors import NotFoundError


class UnknownSuppressionError(NotFoundError):
    """There is no such suppression."""

    slug = "unknown-suppression"
