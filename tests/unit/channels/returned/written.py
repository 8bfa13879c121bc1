"""Returned mails written after the wordings of many servers: those of ``tests/data/returned``, filled in.

They were written before the rules were read, and every third is held out: rules are never made from these.
"""

import zlib
from pathlib import Path
from typing import NamedTuple

from posthouse.channels.email.returned import read_returned
from posthouse.core.returned.model import Kind

FOLDER = Path(__file__).parents[3] / "data" / "returned"
SUBJECT = "Your order A-1001"
_ORIGINAL = f"""From: Shop <b@shop.example>
To: {{r}}
Subject: {SUBJECT}
Message-ID: <1.order@shop.example>
Date: Sat, 28 Nov 2026 10:00:00 +0000

Thank you for your order."""
_DSN = """--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.sender.example
Arrival-Date: Sat, 28 Nov 2026 10:00:00 +0000

Final-Recipient: rfc822; {r}
Original-Recipient: rfc822;{r}
Action: failed
Status: {status}
Diagnostic-Code: smtp; {words}

--B
Content-Type: message/rfc822

{original}
--B--"""
_PEOPLE = ("ann.smith", "jdoe", "info", "k.mueller", "o_brien", "m+shop", "x4711")
_HOSTS = ("one.example", "mail.two.example", "drei.example", "quatre.example")


class Case(NamedTuple):
    """A mail and what is right about it."""

    name: str
    raw: bytes
    kind: Kind
    classes: frozenset[str]
    """Of its recipient; empty where there is none to tell."""
    recipient: str
    held_out: bool


def cases() -> list[Case]:
    shapes = _shapes()
    found = []
    for number, line in enumerate(_lines("bounces.txt")):
        classes, shape, status, words = line.split("\t")
        filled = words.replace("\\n", "\n    " if shape == "exim" else "\n")
        found.append(_case(line, number, shapes[shape], Kind.BOUNCE, classes, status, filled, ""))
    for number, line in enumerate(_lines("answers.txt")):
        kind, headers, subject, words = line.split("\t")
        if kind in {"delayed", "delivered", "complaint"}:
            shape, verdict = shapes[headers], "complaint" if kind == "complaint" else ""
        else:
            shape, verdict = _answer(headers), ""
        found.append(_case(line, number, shape, Kind(kind), verdict, "", words, subject))
    return found


def _case(line: str, number: int, shape: str, kind: Kind, classes: str, status: str, words: str, subject: str) -> Case:
    user, host = _PEOPLE[number % len(_PEOPLE)], _HOSTS[number % len(_HOSTS)]
    filled = shape
    for name, value in (
        ("dsn", _DSN), ("original", _ORIGINAL), ("words", words), ("status", status), ("subject", subject),
        ("s", SUBJECT), ("r", f"{user}@{host}"), ("u", user), ("d", host),
    ):  # fmt: skip
        filled = filled.replace(f"{{{name}}}", value)
    hidden = "redacted" in line
    return Case(
        line, filled.encode(), kind, frozenset(classes.split("/")) - {""}, "" if hidden else f"{user}@{host}",
        zlib.crc32(line.encode()) % 3 == 0,
    )  # fmt: skip


def _answer(headers: str) -> str:
    """A mail of a person's own machine."""
    said = "".join(f"{one}\n" for one in headers.split(" / ") if one)
    return (
        f"From: Ann <{{r}}>\nTo: b@shop.example\nSubject: {{subject}}\nIn-Reply-To: <1.order@shop.example>\n{said}"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{words}\n"
    )


def _lines(name: str) -> list[str]:
    return [one for one in (FOLDER / name).read_text("utf-8").splitlines() if one and not one.startswith("#")]


def _shapes() -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in (FOLDER / "shapes").iterdir()}


def wrong(case: Case) -> str:
    """What is wrong about how a mail is read: ``kind``, ``recipient``, ``verdict`` (hard, complaint or not), ``class``, or nothing."""
    read = read_returned(case.raw)
    if read.kind is not case.kind:
        return f"kind: {read.kind}"
    if not case.classes:
        return ""
    people = {one.address for one in read.recipients}
    if case.recipient and people != {case.recipient}:
        return f"recipient: {sorted(people)}"
    got = {str(one.verdict) for one in read.recipients}
    if got <= case.classes:
        return ""
    severe = {"hard", "complaint"}
    return f"{'verdict' if got & severe != case.classes & severe else 'class'}: {sorted(got)}"
