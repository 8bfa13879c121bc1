"""What can be wrong with a message that a source submits.

PosthouseError
├── ConflictError
│   ├── InProgressError      the first request with this idempotency key has not ended yet
│   └── TooLateError         the message is already on its way or has ended
├── KeyReusedError           this idempotency key came with another body before
├── ErasedError              there was something, and it is no longer kept
└── UnavailableError
    └── OverloadedError      more is waiting to be kept than we may hold in memory
"""

from posthouse.core.kernel.errors import ConflictError, PosthouseError, UnavailableError


class InProgressError(ConflictError):
    """A request with this idempotency key is still under way."""

    slug = "idempotency-in-progress"


class TooLateError(ConflictError):
    """It is too late for that."""

    slug = "too-late"


class KeyReusedError(PosthouseError):
    """This idempotency key was used with another body."""

    slug = "idempotency-key-reused"
    status = 422


class ErasedError(PosthouseError):
    """The content of this message was erased."""

    slug = "content-erased"
    status = 410


class OverloadedError(UnavailableError):
    """Too many requests wait for the store."""

    slug = "overloaded"
