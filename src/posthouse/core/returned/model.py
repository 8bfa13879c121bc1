"""What a returned mail says, in our words."""

import enum

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.suppressions.model import Verdict


class Kind(enum.StrEnum):
    """What sort of mail came back."""

    BOUNCE = "bounce"
    """Somebody did not get the message."""
    COMPLAINT = "complaint"
    """Somebody pressed the spam button, or a receiver reports abuse (RFC 5965)."""
    AUTO = "auto"
    """A machine answers for a person: out of office and the like (RFC 3834). The message arrived."""
    CHALLENGE = "challenge"
    """A filter asks the sender to prove to be human before it lets the message through."""
    DELIVERED = "delivered"
    """A receipt: delivered, relayed or expanded (RFC 3464 §2.3.3)."""
    DELAYED = "delayed"
    """Not yet: the other server goes on trying."""
    NOT_A_REPORT = "not-a-report"
    """An ordinary mail, or nothing that could be read."""


class Recipient(msgspec.Struct, frozen=True, rename={"verdict": "class"}):
    """One person whom the message was for."""

    address: str
    """Whom the report is about (Final-Recipient); empty when the report hides it."""
    verdict: Verdict
    """Written ``class`` outside."""
    enhanced: str = ""
    """Enhanced status code (RFC 3463), such as ``5.1.1``."""
    code: int = 0
    """SMTP reply code, 0 when none is told."""
    words: str = ""
    """The remote's own words, white space folded, at most 1,000 characters."""
    remote: str = ""
    """The remote MTA, when it is named."""
    written_to: str = ""
    """Original-Recipient, when it is another address: an alias that was written to and leads to ``address``."""

    @property
    def person(self) -> str:
        """The address that we know the person by: what a suppression must be about."""
        return self.written_to or self.address


class Returned(msgspec.Struct, frozen=True):
    """A returned mail, read."""

    kind: Kind
    recipients: tuple[Recipient, ...] = ()
    message_id: Id | None = None
    """Our message, when an address in the report proves which (VERP)."""
    header_message_id: str = ""
    """``Message-ID`` of the returned message, with its angle brackets: a hint, anybody could write it."""
    feedback: str = ""
    """Feedback-Type of a complaint: abuse, fraud, virus, not-spam, opt-out, auth-failure…"""
