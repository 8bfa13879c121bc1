"""Unsubscribing and coming back, as the pages of tracking ask for it."""

from tests.unit.http.fake_suppressions import FakeSuppressions

from posthouse.channels.email.addresses import EmailAddressRules
from posthouse.core.kernel.clock import DAY
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.core.messages.model import Channel
from posthouse.core.messages.pseudonyms import Pseudonyms
from posthouse.core.suppressions.model import Covers, Reason
from posthouse.core.suppressions.service import Author, SuppressionService, Wanted
from posthouse.core.suppressions.sieve import Sieve
from posthouse.testing.clock import FakeClock

WORKSPACE = b"w" * 16
ANN = "ann@customer.example"
WHO = (WORKSPACE, Channel.EMAIL, ANN)


class Desk:
    """The list, and whoever works with it."""

    def __init__(self) -> None:
        self.store, self.clock = FakeSuppressions(), FakeClock()
        sieve = Sieve(self.store, Pseudonyms(bytes(32)), self.clock)
        ids = Uuid7Source(self.clock.now)
        self.service = SuppressionService(
            self.store, sieve, EmailAddressRules(), Pseudonyms(bytes(32)), ids=ids, clock=self.clock
        )

    async def imported(self, reason: Reason, covers: Covers, days: int = 0) -> None:
        ends = self.clock.now() + days * DAY if days else None
        await self.service.add(WORKSPACE, Wanted(ANN, covers=covers, reason=reason, expires_at=ends), Author("import"))


async def test_the_last_word_counts() -> None:
    """Out, again out, in: the audit tells who said it by which message."""
    desk = Desk()
    assert not await desk.service.is_out(*WHO)
    assert not await desk.service.resubscribe(*WHO), "there is nothing to take back"
    for _ in range(2):
        await desk.service.unsubscribe(*WHO, message_id=b"m" * 16, evidence="one-click")
    assert await desk.service.is_out(WORKSPACE, Channel.EMAIL, "ANN@Customer.example")
    assert await desk.service.resubscribe(*WHO, message_id=b"n" * 16)
    assert not await desk.service.is_out(*WHO)
    assert [(line.action.word, line.suppression.message_id) for line in desk.store.log] == [
        ("added", b"m" * 16), ("removed", b"n" * 16),
    ]  # fmt: skip


async def test_an_imported_unsubscription_can_be_taken_back_too() -> None:
    """Whatever it covers; what was said for other reasons stays, and what is over or about transactional mail is none."""
    desk = Desk()
    await desk.imported(Reason.UNSUBSCRIBE, Covers.TRANSACTIONAL)
    assert not await desk.service.is_out(*WHO)
    await desk.imported(Reason.UNSUBSCRIBE, Covers.ALL)
    await desk.imported(Reason.COMPLAINT, Covers.ALL)
    assert await desk.service.is_out(*WHO)
    assert await desk.service.resubscribe(*WHO)
    assert not await desk.service.is_out(*WHO)
    assert [row.reason for row in desk.store.rows if row.covers is Covers.ALL] == [Reason.COMPLAINT]
    await desk.imported(Reason.UNSUBSCRIBE, Covers.COMMERCIAL, days=1)
    assert await desk.service.is_out(*WHO)
    desk.clock.advance(DAY)
    assert not await desk.service.is_out(*WHO)
