"""Which mails a request means."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.testing.mailbox.reading import Summary


class MailQuery(msgspec.Struct, frozen=True):
    """Which mails; all that is given must hold. Nothing given: all."""

    to: str = ""
    """An address, whole; envelope or header, case aside."""
    subject: str = ""
    """A part of the subject, case aside."""
    q: str = ""
    """A part of sender, recipients or subject, case aside."""
    since: int = 0
    """Arrived at or after this instant, microseconds since the Unix epoch."""

    def matches(self, row: Summary) -> bool:
        """Whether a mail is meant."""
        everything = f"{row.sender}\n{' '.join(row.to)}\n{' '.join(row.recipients)}\n{row.subject}".lower()
        return (
            (not self.to or self.to.lower() in row.recipients)
            and self.subject.lower() in row.subject.lower()
            and self.q.lower() in everything
            and row.received_at >= self.since
        )


def query_of(parameters: Mapping[str, str]) -> MailQuery:
    """Reads the filters of a request. ValidationError when ``since`` is no instant."""
    return MailQuery(
        to=parameters.get("to", "").strip(),
        subject=parameters.get("subject", ""),
        q=parameters.get("q", "").strip(),
        since=_instant(parameters.get("since", "")),
    )


def _instant(word: str) -> int:
    if not word:
        return 0
    try:
        moment = dt.datetime.fromisoformat(word.replace(" ", "+"))  # an unescaped + arrives as a space
        return int(moment.astimezone(dt.UTC).timestamp() * SECOND)
    except (ValueError, OverflowError):
        detail = "write an instant as RFC 3339 has it: 2026-11-22T03:00:00Z"
        raise ValidationError("since is not an instant", fields=[FieldProblem("/since", detail)]) from None


def number_of(parameters: Mapping[str, str], name: str, default: float, *, lowest: float, highest: float) -> Any:
    """Reads a number of the kind of ``default``. ValidationError when it is none or outside the bounds."""
    word = parameters.get(name, "")
    if not word:
        return default
    try:
        value = type(default)(word)
    except ValueError:
        value = lowest - 1
    if not lowest <= value <= highest:
        detail = f"write a number from {lowest:g} to {highest:g}"
        raise ValidationError(f"{name} is not a number that fits", fields=[FieldProblem(f"/{name}", detail)])
    return value
