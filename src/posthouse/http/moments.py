"""Instants in a query."""

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.moments import read_moment


def moment_in_query(name: str, word: str | None) -> int | None:
    """Microseconds since the epoch of a parameter that may be missing.

    Raises:
        ValidationError: it is no RFC 3339 date-time.
    """
    if word is None:
        return None
    try:
        return read_moment(word)
    except (ValueError, OverflowError) as error:
        problem = FieldProblem(
            f"/{name}", f"write an RFC 3339 date and time such as 2027-01-31T09:00:00Z ({error})", "bad-time"
        )
        raise ValidationError("The query has bad values.", fields=[problem]) from None
