"""Did you mean …?"""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like this one, None when none is. One with the very same letters comes first: they were swapped."""
    matches = difflib.get_close_matches(word[:100], list(known), n=3, cutoff=0.6)
    letters = sorted(word)
    return min(matches, key=lambda match: sorted(match) != letters, default=None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` to put behind a message, or nothing."""
    match = nearest(word, known)
    return f"; did you mean {match!r}?" if match else ""
