"""The contract of SuppressionStore, and of accept where it meets the list."""

from typing import Any

import msgspec

from posthouse.core.kernel.clock import DAY
from posthouse.core.messages.model import Channel, EventType, Status, Stored
from posthouse.core.suppressions.model import Action, Covers, Reason, SoftBounce, Suppression, SuppressionQuery
from posthouse.testing.store_kit import Kit, OpenStore, Store, check_invariants

START = (0, bytes(16))


def entry_of(kit: Kit, address: str = "ann@example.net", **changes: Any) -> Suppression:
    """A suppression; any field may be given."""
    fields: dict[str, Any] = {
        "id": kit.ids(),
        "workspace_id": kit.workspace,
        "channel": Channel.EMAIL,
        "address": address,
        "reason": Reason.MANUAL,
        "created_at": kit.clock.now(),
        "source": "api",
        "by": "key_1",
        "evidence": "as she asked for on the phone, Ä",
    }
    return Suppression(**(fields | changes))


class StoreContractSuppressions:
    """The list."""

    async def test_suppressions_come_back_whole(self, store: Store, kit: Kit) -> None:
        """Field by field, by address, by identifier and in lists; other workspaces and channels see nothing."""
        entry = entry_of(kit, message_id=kit.ids(), expires_at=kit.clock.now() + DAY)
        assert await store.suppress([entry]) == [entry]
        assert await store.suppressions_of(kit.workspace, Channel.EMAIL, "ann@example.net") == [entry]
        assert await store.suppression(kit.workspace, entry.id) == entry
        assert await store.suppressions(SuppressionQuery(kit.workspace)) == [entry]
        assert await store.suppressions_of(kit.workspace, Channel.SMS, "ann@example.net") == []
        assert await store.suppressions_of(kit.ids(), Channel.EMAIL, "ann@example.net") == []
        assert await store.suppression(kit.ids(), entry.id) is None
        assert await store.suppressions(SuppressionQuery(kit.ids())) == []

    async def test_the_same_reason_again_changes_nothing(self, store: Store, kit: Kit) -> None:
        """Unless it reaches further: then it holds longer, and the audit says so."""
        now = kit.clock.now()
        first = entry_of(kit, expires_at=now + DAY)
        assert await store.suppress([first, entry_of(kit, expires_at=now + DAY)]) == [first]
        assert await store.suppress([entry_of(kit, expires_at=now + 1)]) == []
        longer = entry_of(kit, expires_at=now + 2 * DAY)
        assert await store.suppress([longer]) == [longer]
        ever = entry_of(kit)
        assert await store.suppress([ever]) == [ever]
        assert await store.suppress([longer, entry_of(kit)]) == []
        assert await store.suppressions_of(kit.workspace, Channel.EMAIL, "ann@example.net") == [ever]
        log = await store.suppression_log(kit.workspace, Channel.EMAIL, "ann@example.net", 10)
        assert [one.action for one in log] == [Action.CHANGED, Action.CHANGED, Action.ADDED]

    async def test_each_reason_and_category_stands_alone(self, store: Store, kit: Kit) -> None:
        """Taking one away leaves the others, and leaves its trace; what is not there is not taken away."""
        manual, left = entry_of(kit), entry_of(kit, reason=Reason.UNSUBSCRIBE, covers=Covers.COMMERCIAL)
        await store.suppress([manual, left])
        removal = msgspec.structs.replace(manual, id=kit.ids(), by="key_2", source="command line", evidence="a mistake")
        assert await store.unsuppress([removal]) == [manual]
        assert await store.unsuppress([msgspec.structs.replace(removal, id=kit.ids())]) == []
        assert await store.suppressions_of(kit.workspace, Channel.EMAIL, "ann@example.net") == [left]
        log = await store.suppression_log(kit.workspace, Channel.EMAIL, "ann@example.net", 2)
        assert (log[0].action, log[0].suppression) == (Action.REMOVED, removal)
        assert len(log) == 2
        assert await store.suppression_log(kit.ids(), Channel.EMAIL, "ann@example.net", 2) == []

    async def test_suppressions_are_filtered_and_paged(self, store: Store, kit: Kit) -> None:
        """Every filter narrows; pages follow each other without gap, newest first."""
        now = kit.clock.now()
        made = [entry_of(kit, f"p{number}@example.net") for number in range(5)]
        over = entry_of(kit, "over@example.net", expires_at=now)
        sms = entry_of(kit, "+33600000000", channel=Channel.SMS, reason=Reason.COMPLAINT, covers=Covers.COMMERCIAL)
        await store.suppress([*made, over, sms])
        query = SuppressionQuery(kit.workspace, limit=3)
        first = await store.suppressions(query)
        rest = await store.suppressions(msgspec.structs.replace(query, before=first[-1].id, limit=10))
        assert [*first, *rest] == [sms, over, *reversed(made)]
        for change, expected in (
            ({"channel": Channel.SMS}, [sms]),
            ({"reason": Reason.COMPLAINT}, [sms]),
            ({"covers": Covers.COMMERCIAL}, [sms]),
            ({"address": "p3@example.net"}, [made[3]]),
            ({"holds_at": now, "reason": Reason.MANUAL}, list(reversed(made))),
        ):
            narrowed: dict[str, Any] = {"limit": 10, **change}
            assert await store.suppressions(msgspec.structs.replace(query, **narrowed)) == expected

    async def test_other_processes_read_on(self, store: Store, open_store: OpenStore, kit: Kit) -> None:
        """Each change raises the generation for everybody; from any place on exactly what changed since is read."""
        other = await open_store()
        assert await other.suppression_generation() == 0
        first, second = entry_of(kit, "a@example.net"), entry_of(kit, "b@example.net", expires_at=1)
        await store.suppress([first, second])
        seen = await other.suppression_generation()
        assert seen > 0
        page = await other.suppressed_after(START, 1)
        assert [row[1:] for row in page] == [(first.id, kit.workspace, 1, "a@example.net")]
        page += await other.suppressed_after((page[0][0], page[0][1]), 10)
        assert [row[4] for row in page] == ["a@example.net", "b@example.net"]
        place = (page[-1][0], page[-1][1])
        assert await other.suppressed_after(place, 10) == []
        await store.suppress([entry_of(kit, "b@example.net")])
        assert [row[4] for row in await other.suppressed_after(place, 10)] == ["b@example.net"]
        again = await other.suppression_generation()
        assert again > seen
        await store.unsuppress([msgspec.structs.replace(first, id=kit.ids())])
        assert await other.suppression_generation() > again

    async def test_soft_bounces_count_once_a_message(self, store: Store, kit: Kit) -> None:
        """Three different messages within the time are enough; the same one again, and older ones, do not count."""
        now = kit.clock.now()

        def soft(message: bytes, at: int, address: str = "ann@example.net") -> SoftBounce:
            made = entry_of(kit, address, reason=Reason.SOFT_BOUNCES, created_at=at)
            return SoftBounce(made, message, at, at - 10 * DAY, 3)

        old, one, two, three = (kit.ids() for _ in range(4))
        assert (
            await store.suppress([], [soft(old, now - 11 * DAY), soft(one, now), soft(one, now), soft(two, now)]) == []
        )
        assert await store.suppress([], [soft(kit.ids(), now, "ben@example.net")]) == []
        last = soft(three, now)
        assert await store.suppress([], [last]) == [last.suppression]
        assert await store.suppress([], [soft(three, now)]) == []
        await store.unsuppress([msgspec.structs.replace(last.suppression, id=kit.ids())])
        assert await store.suppress([], [soft(kit.ids(), now)]) == [], "counting begins anew after a removal"

    async def test_old_soft_bounces_are_forgotten(self, store: Store, kit: Kit) -> None:
        """What is too old to count goes, the rest stays."""
        made = entry_of(kit, reason=Reason.SOFT_BOUNCES)
        softs = [SoftBounce(made, kit.ids(), at, 0, 100) for at in (10, 20, 30)]
        await store.suppress([], softs)
        assert await store.purge_soft_bounces(20) == 1
        assert await store.purge_soft_bounces(20) == 0
        assert await store.purge_soft_bounces(31) == 2

    async def test_accepted_and_stopped(self, store: Store, kit: Kit) -> None:
        """A message that is stopped is kept as ended, with the reason in its event, and is never due; its company is."""
        stopped, fine = kit.new(suppressed={"reason": "complaint", "text": "é"}), kit.new()
        later = kit.new(suppressed={"reason": "manual"}, due_at=kit.clock.now() + DAY)
        assert await store.accept([stopped, fine, later]) == [Stored(), Stored(), Stored()]
        assert [claimed.id for claimed in await kit.claim(store)] == [fine.id]
        for one in (stopped, later):
            found = await store.message(kit.workspace, one.id, kit.clock.now())
            assert found is not None
            assert (found.status, found.ended_at) == (Status.SUPPRESSED, one.created_at)
        events = await store.events_of(kit.workspace, stopped.id)
        assert [event.type for event in events] == [EventType.ACCEPTED, EventType.SUPPRESSED]
        assert events[1].data == {"reason": "complaint", "text": "é"}
        await check_invariants(store)

    async def test_a_replay_of_a_stopped_message_says_the_same(self, store: Store, kit: Kit) -> None:
        """Under its idempotency key nothing is kept twice, stopped or not."""
        first, again = (kit.keyed("k", suppressed={"reason": "manual"}) for _ in range(2))
        await store.accept([first])
        (answer,) = await store.accept([again])
        assert answer != Stored()
        assert await store.message(kit.workspace, again.id, kit.clock.now()) is None
        await check_invariants(store)
