"""The closed set of what one attempt can come to. Vendor codes become these in a table, at the border."""

import enum

import msgspec

from posthouse.core.suppressions.model import Verdict


class Scope(enum.StrEnum):
    """What an answer is about, which decides what is tried next."""

    RECIPIENT = "recipient"
    """This address or this message: another provider would say the same."""
    PROVIDER = "provider"
    """This way out (cannot connect, bad credentials, blocked): try the next one of the route."""


class Copy(msgspec.Struct, frozen=True):
    """A further recipient (cc, bcc) that was refused while the message went out."""

    recipient: str
    code: int
    enhanced: str
    text: str
    verdict: Verdict = Verdict.UNKNOWN


class Accepted(msgspec.Struct, frozen=True):
    """The other side took it. ``delivered`` when it is the person's own server (or the sandbox's mailbox)."""

    remote_id: str = ""
    code: int = 250
    enhanced: str = ""
    text: str = ""
    remote: str = ""
    """Who took it: host and address, for the timeline."""
    delivered: bool = False
    refused_copies: tuple[Copy, ...] = ()
    tls: str = ""


class Refused(msgspec.Struct, frozen=True):
    """A permanent no. ``verdict`` says why, as far as it can be told: whether the person is suppressed depends on it."""

    code: int
    enhanced: str
    text: str
    remote: str = ""
    scope: Scope = Scope.RECIPIENT
    verdict: Verdict = Verdict.UNKNOWN


class Deferred(msgspec.Struct, frozen=True):
    """Not now; nothing was delivered. ``retry_after`` in microseconds when the other side named a time."""

    code: int
    enhanced: str
    text: str
    remote: str = ""
    scope: Scope = Scope.RECIPIENT
    retry_after: int | None = None
    verdict: Verdict = Verdict.UNKNOWN


class Throttled(msgspec.Struct, frozen=True):
    """The way out wants a pause: costs no attempt. ``pause`` in microseconds."""

    pause: int
    text: str
    remote: str = ""
    code: int = 421
    scope: Scope = Scope.PROVIDER
    """PROVIDER pauses the whole way out; RECIPIENT only this message (one busy domain of many)."""


class Unknown(msgspec.Struct, frozen=True):
    """The bytes left and no answer came: it may have been delivered."""

    text: str
    remote: str = ""


Outcome = Accepted | Refused | Deferred | Throttled | Unknown


def word_of(outcome: Outcome) -> str:
    """The outcome's name in metrics: ``accepted``, ``refused``, ``deferred``, ``throttled`` or ``unknown``."""
    return type(outcome).__name__.lower()
