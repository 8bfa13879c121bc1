"""Did you mean …?"""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like this one, None when none is."""
    matches = difflib.get_close_matches(word[:100], list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` to put behind a message, or nothing."""
    match = nearest(word, known)
    return f"; did you mean {match!r}?" if match else ""
