"""The contract of ReturnedStore: what comes back, in whatever order it comes."""

import hashlib
from typing import Any

import pytest

from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Event, EventType, Status
from posthouse.core.returned.ports import Filing, Unmatched
from posthouse.core.suppressions.model import Reason, SoftBounce
from posthouse.testing.store_kit import LEASE, Kit, Store, check_invariants
from posthouse.testing.store_suppressions import entry_of


def filing_of(kit: Kit, message_id: Id, status: Status = Status.BOUNCED, **more: Any) -> Filing:
    """A report that a message did (not) arrive."""
    kind = EventType.BOUNCED if status is Status.BOUNCED else EventType.DELIVERED
    at = kit.clock.now()
    event = Event(message_id, kit.workspace, kind, at, data={"source": "returned mail"})
    return Filing(events=(event,), status=(message_id, status, at), **more)


async def status_of(store: Store, kit: Kit, message_id: Id) -> Status:
    """Where a message is."""
    found = await store.message(kit.workspace, message_id, kit.clock.now())
    assert found is not None
    return found.status


class StoreContractReturned:
    """Reports about messages."""

    async def _ended(self, store: Store, kit: Kit, status: Status) -> Id:
        await store.accept([new := kit.new()])
        (claimed,) = await kit.claim(store)
        await store.record([kit.settle(claimed, status)])
        return new.id

    @pytest.mark.parametrize(
        ("was", "told", "expected"),
        [
            (Status.SENT, Status.DELIVERED, Status.DELIVERED),
            (Status.SENT, Status.BOUNCED, Status.BOUNCED),
            (Status.DELIVERED, Status.BOUNCED, Status.BOUNCED),
            (Status.UNKNOWN, Status.DELIVERED, Status.DELIVERED),
            (Status.UNKNOWN, Status.BOUNCED, Status.BOUNCED),
            (Status.BOUNCED, Status.DELIVERED, Status.BOUNCED),
            (Status.DELIVERED, Status.DELIVERED, Status.DELIVERED),
            (Status.FAILED, Status.DELIVERED, Status.FAILED),
            (Status.EXPIRED, Status.BOUNCED, Status.EXPIRED),
        ],
    )
    async def test_a_report_moves_forward_only(
        self, store: Store, kit: Kit, was: Status, told: Status, expected: Status
    ) -> None:
        """Each end and each report; the same report twice is one event, counted once."""
        message_id = await self._ended(store, kit, was)
        kit.clock.advance(SECOND)
        for _ in range(2):
            await store.file_return(filing_of(kit, message_id, told))
        assert await status_of(store, kit, message_id) is expected
        events = [event.data.get("source") for event in await store.events_of(kit.workspace, message_id)]
        assert events.count("returned mail") == 1
        await check_invariants(store)

    async def test_reports_in_the_wrong_order_end_alike(self, store: Store, kit: Kit) -> None:
        """The bounce before the receipt of delivery: bounced."""
        message_id = await self._ended(store, kit, Status.SENT)
        await store.file_return(filing_of(kit, message_id, Status.BOUNCED))
        await store.file_return(filing_of(kit, message_id, Status.DELIVERED))
        assert await status_of(store, kit, message_id) is Status.BOUNCED
        await check_invariants(store)

    async def test_a_report_faster_than_our_own_record_is_kept(self, store: Store, kit: Kit) -> None:
        """While it is being sent nothing moves; once recorded as sent it becomes what the report says."""
        await store.accept([new := kit.new()])
        (claimed,) = await kit.claim(store)
        await store.file_return(filing_of(kit, new.id))
        assert await status_of(store, kit, new.id) is Status.SENDING
        assert await store.settle_receipts(0) == 0
        assert await store.record([kit.settle(claimed, Status.DELIVERED)]) == [True]
        assert await store.settle_receipts(0) == 1
        assert await status_of(store, kit, new.id) is Status.BOUNCED
        assert await store.settle_receipts(0) == 0
        await check_invariants(store)

    async def test_a_note_does_not_wait_for_ever(self, store: Store, kit: Kit) -> None:
        """A note about what never ends, or never was, is dropped after its time."""
        await store.accept([new := kit.new()])
        await kit.claim(store)
        await store.file_return(filing_of(kit, new.id))
        assert await store.settle_receipts(kit.clock.now()) == 0
        assert await store.settle_receipts(kit.clock.now() + 1) == 1

    async def test_what_waits_for_another_try_had_left(self, store: Store, kit: Kit) -> None:
        """In doubt and to be tried again, and then the report comes: it ends, and is not sent a second time."""
        await store.accept([new := kit.new()])
        (claimed,) = await kit.claim(store)
        await store.record([kit.settle(claimed, Status.DEFERRED, next_at=kit.clock.now() + SECOND)])
        await store.file_return(filing_of(kit, new.id, Status.DELIVERED))
        assert await status_of(store, kit, new.id) is Status.DELIVERED
        kit.clock.advance(2 * LEASE)
        assert await kit.claim(store) == []
        await check_invariants(store)

    async def test_a_lease_that_ran_out_does_not_hold_a_report_up(self, store: Store, kit: Kit) -> None:
        """Its holder died after sending: the report ends the message, and the dead one's late record changes nothing."""
        await store.accept([new := kit.new()])
        (claimed,) = await kit.claim(store)
        kit.clock.advance(LEASE + SECOND)
        await store.file_return(filing_of(kit, new.id))
        assert await status_of(store, kit, new.id) is Status.BOUNCED
        assert await store.record([kit.settle(claimed, Status.SENT)]) == [False]
        assert await status_of(store, kit, new.id) is Status.BOUNCED
        await check_invariants(store)

    async def test_all_of_a_report_or_nothing(self, store: Store, kit: Kit) -> None:
        """Events, state, suppressions and soft bounces are one transaction; again changes nothing."""
        message_id = await self._ended(store, kit, Status.SENT)
        entry = entry_of(kit, reason=Reason.HARD_BOUNCE, message_id=message_id)
        soft = SoftBounce(entry_of(kit, "ben@example.net", reason=Reason.SOFT_BOUNCES), message_id, 5, 0, 1)
        filing = filing_of(kit, message_id, suppressions=(entry,), soft_bounces=(soft,))
        for _ in range(2):
            await store.file_return(filing)
        for address in ("ann@example.net", "ben@example.net"):
            assert len(await store.suppressions_of(kit.workspace, entry.channel, address)) == 1
            assert len(await store.suppression_log(kit.workspace, entry.channel, address, 9)) == 1

    async def test_messages_of_all_workspaces_are_found(self, store: Store, kit: Kit) -> None:
        """A return path names a message, not a workspace."""
        await store.accept([mine := kit.new(), theirs := kit.new(workspace_id=kit.ids())])
        for new in (mine, theirs):
            found = await store.message_of(new.id, kit.clock.now())
            assert found is not None
            assert (found.id, found.workspace_id) == (new.id, new.workspace_id)
        assert await store.message_of(kit.ids(), kit.clock.now()) is None

    async def test_the_unmatched_are_kept_once_and_the_newest_only(self, store: Store, kit: Kit) -> None:
        """By the digest of the mail; whole; newest first."""

        def mail(number: int) -> Unmatched:
            digest = hashlib.sha256(b"%d" % number).digest()
            return Unmatched(
                kit.ids(), kit.clock.now(), "smtp", "bounce", ("é@x.example",), "hard", "no", "<a@b>", digest
            )

        first = mail(1)
        await store.file_return(Filing(unmatched=first))
        await store.file_return(Filing(unmatched=mail(1)))
        assert await store.unmatched(10) == [first]
        for number in range(2, 1_005):
            await store.file_return(Filing(unmatched=mail(number)))
        kept = await store.unmatched(2_000)
        assert len(kept) == 1_000
        assert first not in kept
        assert kept == sorted(kept, key=lambda one: one.id, reverse=True)
