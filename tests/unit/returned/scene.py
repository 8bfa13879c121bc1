"""What the tests of returned mail act on: a real house with a message that was sent, and mails that came back."""

from dataclasses import dataclass, field
from typing import Any

from tests.unit.messages.scene import Scene

from posthouse.bootstrap import intake_of
from posthouse.core.delivery.model import Settlement
from posthouse.core.messages.model import Channel, Event, EventType, Status
from posthouse.core.returned.intake import Filed
from posthouse.core.suppressions.model import Suppression

HARD = "550 5.1.1 <ann@customer.example>: Recipient address rejected: User unknown"


def bounce(
    to: str,
    *,
    about: str = "ann@customer.example",
    words: str = HARD,
    action: str = "failed",
    status: str = "5.1.1",
    original: str = "",
    returned: str = "Message-ID: <x@other.example>",
) -> bytes:
    """A delivery status notification (RFC 3464) to an address."""
    written_to = f"Original-Recipient: rfc822;{original}\r\n" if original else ""
    return (
        "From: MAILER-DAEMON@mx.customer.example\r\n"
        f"To: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=B\r\n\r\n"
        "--B\r\nContent-Type: text/plain\r\n\r\nI could not deliver your message.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.customer.example\r\n\r\n"
        f"{written_to}Final-Recipient: rfc822; {about}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {words}\r\n\r\n"
        f"--B\r\nContent-Type: text/rfc822-headers\r\n\r\n{returned}\r\nSubject: Your order\r\n\r\n--B--\r\n"
    ).encode()


def complaint(to: str, *, feedback: str = "abuse", returned: str = "Message-ID: <x@other.example>") -> bytes:
    """A feedback report (RFC 5965)."""
    return (
        f"From: fbl@customer.example\r\nTo: {to}\r\nSubject: Email feedback report\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=B\r\n\r\n"
        "--B\r\nContent-Type: text/plain\r\n\r\nThis is a report.\r\n"
        f"--B\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {feedback}\r\nVersion: 1\r\n"
        "User-Agent: Feedback/1\r\nOriginal-Rcpt-To: ann@customer.example\r\n\r\n"
        f"--B\r\nContent-Type: message/rfc822\r\n\r\n{returned}\r\nTo: ann@customer.example\r\n\r\nHello\r\n--B--\r\n"
    ).encode()


@dataclass
class Desk:
    """The house with its intake."""

    scene: Scene
    sent: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.house = self.scene.house
        self.intake = intake_of(self.house)
        self.workspace = self.scene.caller.workspace_id

    async def message(self, status: Status = Status.SENT, **changes: Any) -> bytes:
        """A message that was handed over."""
        receipt = await self.scene.accepted(**changes)
        now, store = self.house.clock.now(), self.house.store
        (claimed,) = await store.claim([(lane, 10) for lane in (0, 1, 2)], now=now, until=now + 10**7, lease=now)  # type: ignore[misc]
        if status is not Status.SENDING:
            event = Event(claimed.id, claimed.workspace_id, EventType.SENT, now)
            settled = Settlement(claimed.id, claimed.workspace_id, now, status, now, 1, (event,))
            settled.template_id, settled.live = claimed.template_id, claimed.live
            await store.record([settled])
        return receipt.message_id

    def return_path(self, message_id: bytes) -> str:
        return self.house.return_paths.make(message_id, "bounces.shop.example")

    async def take(self, raw: bytes, *sent_to: str) -> Filed:
        filed, _ = await self.intake.take(raw, sent_to, "smtp")
        self.house.sieve.doubt()  # the intake is another process: whoever accepts hears of it a tenth of a second later
        return filed

    async def status(self, message_id: bytes) -> Status:
        return (await self.house.messages.get(self.workspace, message_id)).status

    async def events(self, message_id: bytes) -> list[Event]:
        found = await self.house.messages.timeline(self.workspace, message_id)
        return [event for event in found if event.type not in {EventType.ACCEPTED, EventType.SENT}]

    async def suppressed(self, address: str = "ann@customer.example") -> list[Suppression]:
        return await self.house.store.suppressions_of(self.workspace, Channel.EMAIL, address)
