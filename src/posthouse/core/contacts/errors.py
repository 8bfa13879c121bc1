"""What can go wrong with contacts.

PosthouseError
├── NotFoundError
│   └── UnknownContactError     there is no such contact
└── ConflictError
    └── ContactKeyTakenError    another contact has this key
"""

from posthouse.core.kernel.errors import ConflictError, NotFoundError


class UnknownContactError(NotFoundError):
    """There is no such contact in this workspace."""

    slug = "unknown-contact"


class ContactKeyTakenError(ConflictError):
    """Another contact of the workspace has this key."""

    slug = "contact-key-taken"
