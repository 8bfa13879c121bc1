"""What enhanced status codes mean (RFC 3463, its registry at IANA, and the wider numbers of large receivers).

Used when the words say nothing: servers choose words with more care than codes.
"""

import re
from typing import Final

from posthouse.core.suppressions.model import Verdict

_EXACT: Final[dict[str, Verdict]] = {
    # X.1: addresses
    "1.1": Verdict.HARD,
    "1.2": Verdict.HARD,
    "1.3": Verdict.HARD,
    "1.4": Verdict.HARD,
    "1.6": Verdict.HARD,
    "1.7": Verdict.POLICY,
    "1.8": Verdict.POLICY,
    "1.9": Verdict.SOFT,
    "1.10": Verdict.HARD,  # null MX, RFC 7505
    # X.2: mailboxes
    "2.1": Verdict.HARD,
    "2.2": Verdict.FULL,
    "2.3": Verdict.CONTENT,
    "2.4": Verdict.SOFT,
    # X.3: mail systems
    "3.2": Verdict.SOFT,
    "3.4": Verdict.CONTENT,
    # X.4: networks and routing
    "4.4": Verdict.HARD,
    # X.7: security
    "7.13": Verdict.HARD,
    "7.17": Verdict.HARD,  # the mailbox has another owner, RFC 7293
    "7.18": Verdict.HARD,
    "7.28": Verdict.SOFT,  # a flood
}
_SUBJECT: Final[dict[str, Verdict]] = {
    "3": Verdict.SOFT,
    "4": Verdict.SOFT,
    "5": Verdict.SOFT,
    "6": Verdict.CONTENT,
    "7": Verdict.POLICY,
}
_VENDOR: Final[tuple[tuple[re.Pattern[str], Verdict], ...]] = (
    (re.compile(r"^7\.(?:6\d\d|60[0-9]|7[0-4]\d)$"), Verdict.BLOCK),
    (re.compile(r"^1\.\d{2,3}$"), Verdict.HARD),
)


def judge_code(enhanced: str) -> Verdict | None:
    """The verdict of an enhanced status code; None for ``5.0.0``, ``5.1.0``, ``5.2.0``, ``5.5.0`` and what is no code."""
    _, _, detail = enhanced.partition(".")
    exact = _EXACT.get(detail)
    if exact is Verdict.HARD and enhanced.startswith("4"):
        return Verdict.SOFT
    if exact is not None:
        return exact
    for pattern, verdict in _VENDOR:
        if pattern.match(detail):
            return verdict
    subject, _, number = detail.partition(".")
    return None if subject in {"1", "2", "5"} and number == "0" else _SUBJECT.get(subject)
