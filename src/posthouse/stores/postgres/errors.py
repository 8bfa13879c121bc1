"""What PostgreSQL says, in our words.

Three kinds matter: *try the same transaction again at once* (deadlock, serialization), *the server is not there just now*
(UnavailableError: down, starting, full, cut off) and everything else, which is a defect of ours and stays as it is.
"""

from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from posthouse.core.kernel.errors import UnavailableError

Transient: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""The transaction was rolled back by the server and may simply be run again."""

_AWAY: Final = (
    PoolTimeoutError,  # every connection was busy for too long
    OSError,  # refused, reset, no socket file; TimeoutError too
    asyncpg.PostgresConnectionError,  # class 08
    asyncpg.InsufficientResourcesError,  # class 53: disk full, out of memory, too many connections
    asyncpg.OperatorInterventionError,  # class 57: shutting down, starting up, cancelled
    asyncpg.PostgresSystemError,  # class 58: input/output error
    asyncpg.ReadOnlySQLTransactionError,  # a standby, before it is promoted
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCatalogNameError,  # being restored under our feet
    asyncpg.InvalidAuthorizationSpecificationError,  # its password is being changed
)
_CLOSED: Final = ("closed", "closing", "released back to the pool", "another operation")
"""In the words of the driver's InterfaceError: the connection went away under us."""


def cause_of(error: BaseException) -> BaseException:
    """The driver's own exception behind SQLAlchemy's."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error


def unavailable(error: BaseException) -> UnavailableError | None:
    """The error to raise when the server is not there just now, None when that is not what happened."""
    cause = cause_of(error)
    away = isinstance(cause, _AWAY)
    if not away and isinstance(cause, asyncpg.InterfaceError) and not isinstance(cause, ValueError):
        away = any(word in str(cause) for word in _CLOSED)
    if isinstance(cause, asyncpg.InternalClientError):
        away = True
    if not away:
        return None
    words = str(cause) or type(cause).__name__
    return UnavailableError(f"PostgreSQL cannot be used just now ({words}); try again, nothing is lost")
