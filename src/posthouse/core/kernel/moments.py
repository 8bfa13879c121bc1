"""RFC 3339 in and out."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def read_moment(word: str) -> int:
    """Microseconds since the epoch of an RFC 3339 date-time.

    Raises:
        ValueError: it is none, or it has no offset.
    """
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise ValueError("it is not a date and time") from None
    if moment.tzinfo is None:
        raise ValueError("a time zone is missing: end it with Z or an offset such as +02:00")
    return (moment - _EPOCH) // _MICROSECOND


def show_moment(instant: int) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    seconds, rest = divmod(instant, 1_000_000)
    return f"{_to_the_second(seconds)}.{rest // 1000:03d}Z"


@lru_cache(maxsize=64)
def _to_the_second(seconds: int) -> str:
    """Most moments that are shown are of now, so the same second is asked for again and again."""
    return (_EPOCH + timedelta(seconds=seconds)).isoformat().removesuffix("+00:00")
