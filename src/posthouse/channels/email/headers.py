"""Header fields of a mail: addresses, custom fields, dates; nothing can end a line that we did not end."""

import re
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from posthouse.channels.email.addresses import wire_address
from posthouse.channels.email.words import CONTROL, LINE, fold_at_blanks, phrase, text_value
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.model import Sender

OURS: Final = frozenset(
    {
        "from",
        "sender",
        "to",
        "cc",
        "bcc",
        "reply-to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "received",
        "return-path",
        "dkim-signature",
        "x-posthouse-id",
    }
)
"""Fields that only the composer writes; ``Content-…`` and ``Resent-…`` too."""
_STRUCTURED: Final = frozenset({"references", "in-reply-to"})
_STRUCTURED_START: Final = "list-"
_NAME: Final = re.compile(r"[!-9;-~]{1,76}")
_LONGEST_LINE: Final = 998
"""RFC 5322 §2.1.1, without the line end."""
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def refuse_controls(text: str, pointer: str, what: str) -> None:
    """Stops what could break out of a header line. ValidationError at ``pointer``."""
    if not text.isprintable() and CONTROL.search(text):
        raise _refused(pointer, f"{what} has a line break or another control character in it; remove it")


def mailbox(email: str, name: str, pointer: str, used: int) -> str:
    """``Ann <ann@shop.example>``, the name encoded where it must be; ``used`` characters of the line are taken."""
    address = wire_address(email, pointer)
    if not name or name.isspace():
        return address
    refuse_controls(name, f"{pointer}/name", "The display name")
    shown = phrase(name, used)
    start = used if "\r\n" not in shown else 1
    room = LINE - start - (len(shown) - (shown.rfind("\n") + 1))
    return f"{shown} <{address}>" if len(address) + 3 <= room else f"{shown}\r\n <{address}>"


@lru_cache(maxsize=2048)
def known_mailbox(email: str, name: str, pointer: str, used: int) -> str:
    """:func:`mailbox` for senders, which are the same in thousands of messages."""
    return mailbox(email, name, pointer, used)


def mailboxes(people: Iterable[Sender], pointer: str, used: int) -> str:
    """A list of mailboxes, one a line after the first."""
    return ",\r\n ".join(
        [
            mailbox(person.email, person.name, f"{pointer}/{place}", used if place == 0 else 1)
            for place, person in enumerate(people)
        ]
    )


def custom_fields(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The fields that a source asked for, each checked here too whatever the door let in.

    Raises:
        ValidationError: a name that is none or that is ours, a control character, a line that cannot be folded.
    """
    return [(name, _custom_value(name, value)) for name, value in headers.items()]


def _custom_value(name: str, value: str) -> str:
    pointer = "/headers/" + name.replace("~", "~0").replace("/", "~1")
    lowered = name.lower()
    if not _NAME.fullmatch(name):
        raise _refused(pointer, "this is not the name of a header field; use letters, digits and hyphens")
    if lowered in OURS or lowered.startswith(("content-", "resent-")):
        raise _refused(pointer, f"{name} is written by Posthouse; leave it out")
    refuse_controls(value, pointer, "The value")
    used = len(name) + 2
    if lowered in _STRUCTURED or lowered.startswith(_STRUCTURED_START):
        return _structured(value, pointer, used)
    return text_value(value, used)


def _structured(value: str, pointer: str, used: int) -> str:
    """A value with a syntax of its own: encoded words would break it."""
    folded = fold_at_blanks(" ".join(value.split()), used)
    if not value.isascii() or max(map(len, folded.split("\r\n"))) + used > _LONGEST_LINE:
        raise _refused(pointer, "this field takes plain ASCII with a blank at least every 900 characters")
    return folded


def date(instant: int) -> str:
    """A date (RFC 5322 §3.3), in UTC."""
    year, month, day, hour, minute, second, weekday, _, _ = time.gmtime(instant // 1_000_000)
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year} {hour:02}:{minute:02}:{second:02} +0000"


def _refused(pointer: str, detail: str) -> ValidationError:
    return ValidationError("A header of the message cannot be written.", fields=[FieldProblem(pointer, detail)])
