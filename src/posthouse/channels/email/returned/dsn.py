"""Delivery status notifications: RFC 3464, and RFC 6533 for addresses in UTF-8."""

import re
from typing import Final

import msgspec

from posthouse.channels.email.returned.words import address_of_field, fold

_FIELD: Final = re.compile(r"[ \t]{0,8}([A-Za-z][A-Za-z0-9-]{1,40})[ \t]{0,8}:[ \t]{0,8}(.*)")
_NAMES: Final = frozenset(
    {
        "final-recipient",
        "original-recipient",
        "x-actual-recipient",
        "action",
        "status",
        "diagnostic-code",
        "remote-mta",
        "x-display-name",
    }
)
_FIRST: Final = re.compile(
    r"^[ \t]{0,8}(?:reporting-mta|final-recipient|original-recipient|action):", re.IGNORECASE | re.MULTILINE
)
_MOST: Final = 200


class Status(msgspec.Struct, frozen=True):
    """The fields of one recipient."""

    address: str
    written_to: str
    action: str
    status: str
    diagnostic: str
    remote: str


def read_status(text: str) -> list[Status]:
    """The recipients of a delivery status; at most 200.

    Lenient: recipients that follow each other without a blank line, fields in any order, folded or not.
    """
    found: list[Status] = []
    fields: dict[str, list[str]] = {}
    last: list[str] | None = None
    for line in text[: 1 << 17].split("\n"):
        if len(found) >= _MOST:
            return found
        match = _FIELD.match(line)
        if match and match[1].lower() in _NAMES:
            name = match[1].lower()
            if name in fields and name in {"final-recipient", "original-recipient", "action"}:
                _take(fields, found)
            last = fields.setdefault(name, [])
            last.append(match[2])
        elif match and line[:1] not in " \t":
            last = None
        elif line.strip():
            if last is not None:
                last.append(line.strip())
        else:
            _take(fields, found)
            last = None
    _take(fields, found)
    return found


def before_fields(text: str) -> str:
    """What stands before the fields, where a server put them into the text for people."""
    found = _FIRST.search(text)
    return text[: found.start()] if found else text


def _take(fields: dict[str, list[str]], found: list[Status]) -> None:
    values = {name: " ".join(lines[:40]) for name, lines in fields.items()}
    fields.clear()
    final = address_of_field(values.get("final-recipient", ""))
    written = address_of_field(values.get("original-recipient", ""))
    address = final or written or address_of_field(values.get("x-actual-recipient", ""))
    if not address:
        return
    action = values.get("action", "").partition("(")[0].strip().lower().split(" ")[0]
    kind, semicolon, words = values.get("diagnostic-code", "").partition(";")
    diagnostic = words if semicolon and " " not in kind.strip() else values.get("diagnostic-code", "")
    remote = values.get("remote-mta", "").partition(";")[2].strip().split(" ")[0]
    other = written if written.lower() != address.lower() else ""
    found.append(Status(address, other, action, values.get("status", ""), fold(diagnostic), fold(remote[:255])))
