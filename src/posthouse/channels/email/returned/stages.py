"""At which point of the SMTP dialogue a message was refused, as far as a report tells.

A missing mailbox is only believed where a mailbox was asked for: suppressing a living person is the worst mistake that reading a bounce can make.
"""

import enum
import re
from typing import Final


class Stage(enum.Enum):
    """The point of refusal."""

    UNTOLD = enum.auto()
    HELLO = enum.auto()
    SENDER = enum.auto()
    RECIPIENT = enum.auto()
    CONTENT = enum.auto()


_AT: Final[tuple[tuple[Stage, re.Pattern[str]], ...]] = (
    (
        Stage.CONTENT,
        re.compile(
            r"after (?:the )?end of data|in reply to end of data|end of data command|did not like our final data|"
            r"failed after i sent the message"
            r"|after (?:sending )?the (?:message|data)\b|after transmitting (?:the )?(?:message|data)|"
            r"error (?:following|after) data"
            r"|smtp command data\b|at the data stage|\(state 1[5-8]\)"
        ),
    ),
    (
        Stage.SENDER,
        re.compile(
            r"after (?:pipelined )?mail from\b|reply to (?:the )?mail from|did not like our mail|"
            r"error (?:following|after) mail|rejected sender|\(state 1[23]\)"
        ),
    ),
    (
        Stage.HELLO,
        re.compile(r"(?:after|reply to|like our|error following) (?:the )?(?:ehlo|helo|initial connection|connect)\b"),
    ),
    # Postfix and Sendmail answer to RCPT with <ann@example.net>: … and <ann@example.net>... …
    (
        Stage.RECIPIENT,
        re.compile(
            r"\brcpt\b|\(state 14\)|does not like recipient|rejected (?:the )?recipient|"
            r"recipient (?:address )?rejected"
            r"|[45]\d\d[: -]{1,3}(?:#?\d\.\d\.\d{1,3} )?<[^<>]{1,320}>(?:: |\.\.\.)"
        ),
    ),
)


def stage_in(text: str) -> Stage:
    """The stage told in a text of one line in lower case."""
    for stage, pattern in _AT:
        if pattern.search(text):
            return stage
    return Stage.UNTOLD
