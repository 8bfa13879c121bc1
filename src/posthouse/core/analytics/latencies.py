"""Histograms of waiting times that can be merged, for percentiles that are true however many hours and templates they span.

256 buckets of equal width on the scale of the logarithm, from one millisecond to thirty days. What is read from one is the middle of a
bucket: at most 4.4 % off the true value, whatever was merged before. Kept as one word of 32 bits for each bucket that is not
empty: two bits for the span, eight for the bucket, 22 for the count. Words of one bucket may stand several times; they are summed.
"""

import enum
import math
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

BUCKETS: Final = 256
LONGEST: Final = 30 * 86_400_000
"""Milliseconds. What takes longer counts as this."""
STEP: Final = math.log(LONGEST) / (BUCKETS - 1)
ERROR: Final = math.exp(STEP / 2) - 1
"""Of a percentile, relative: 0.0434."""
_COUNT_BITS: Final = 22
_MOST: Final = (1 << _COUNT_BITS) - 1


class Span(enum.IntEnum):
    """What is measured, from the instant at which a message was accepted, or, scheduled for later, due."""

    FIRST_ATTEMPT = 0
    DELIVERED = 1
    OPENED = 2


def bucket_of(milliseconds: float) -> int:
    """The bucket of a time. What ended before it began (a clock was set) took no time."""
    if milliseconds <= 1:
        return 0
    return min(BUCKETS - 1, round(math.log(milliseconds) / STEP))


def key_of(span: Span, milliseconds: float) -> int:
    """Span and bucket in one number."""
    return span << 8 | bucket_of(milliseconds)


def encode(counts: Mapping[int, int]) -> bytes:
    """Counts by span and bucket (:func:`key_of`)."""
    words = array("I")
    for key in sorted(counts):
        left = counts[key]
        while left > 0:
            words.append(key << _COUNT_BITS | min(left, _MOST))
            left -= _MOST
    return _little(words).tobytes()


def decode(kept: bytes) -> Counter[int]:
    """The counts again."""
    found: Counter[int] = Counter()
    _add(found, kept)
    return found


class Latencies:
    """Histograms that are merged."""

    __slots__ = ("_counts",)

    def __init__(self, kept: Iterable[bytes] = ()) -> None:
        self._counts: Counter[int] = Counter()
        self.add(*kept)

    def add(self, *kept: bytes) -> None:
        """Merges what :func:`encode` gave, many at a time."""
        _add(self._counts, b"".join(kept))

    def merge(self, other: "Latencies") -> None:
        """Merges another one."""
        self._counts.update(other._counts)  # noqa: SLF001 - one of the same kind

    def count(self, span: Span, until: int = BUCKETS) -> int:
        """How many were measured; of these, those in buckets before ``until``."""
        return sum([count for key, count in self._counts.items() if key >> 8 == span and key & 0xFF < until])

    def percentile(self, span: Span, percent: float) -> int | None:
        """Milliseconds that so many percent of all did not exceed (nearest rank); None when nothing was measured."""
        buckets = sorted([(key & 0xFF, count) for key, count in self._counts.items() if key >> 8 == span])
        left = math.ceil(sum([count for _, count in buckets]) * percent / 100)
        for bucket, count in buckets:
            left -= count
            if left <= 0:
                return round(math.exp(bucket * STEP))
        return None


def _add(counts: Counter[int], kept: bytes) -> None:
    words = array("I")
    words.frombytes(kept)
    for word, times in Counter(
        _little(words)
    ).items():  # most words stand many times, and counting them is the fast part
        counts[word >> _COUNT_BITS] += (word & _MOST) * times


def _little(words: "array[int]") -> "array[int]":
    """Little-endian whatever the machine: a database may move."""
    if sys.byteorder == "big":
        words.byteswap()
    return words
