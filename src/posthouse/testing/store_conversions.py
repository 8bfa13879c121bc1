"""The contract of conversions."""

import asyncio
from typing import Any

import msgspec

from posthouse.core.conversions.model import Basis, Conversion, Source, Sum
from posthouse.core.conversions.service import ConversionService
from posthouse.core.kernel.clock import DAY, HOUR
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Event, EventType
from posthouse.core.messages.submission import Confirmed, Order
from posthouse.core.templates.model import Release
from posthouse.core.tracking.model import Verdict
from posthouse.core.tracking.settings import TrackingSettings
from posthouse.core.tracking.tokens import Tokens
from posthouse.testing.store_kit import Kit, Store, check_invariants
from posthouse.testing.store_tracking import add, hit


def order(kit: Kit, number: str, **more: Any) -> Conversion:
    """An order of 49.90 EUR now."""
    fields: dict[str, Any] = {
        "id": kit.ids(), "workspace_id": kit.workspace, "live": True, "order": number, "at": kit.clock.now(), "amount": 49_900_000,
        "currency": "EUR", "source": Source.API, "basis": Basis.NONE,
    }  # fmt: skip
    return Conversion(**(fields | more))


class OneWeek:
    """Workspaces that credit orders to clicks of the last seven days."""

    async def of(self, _workspace_id: Id) -> TrackingSettings:
        """The same for all."""
        return TrackingSettings(attribution_days=7)


class NoReleases:
    """Nothing was ever published."""

    async def by_id(self, _release_id: Id) -> Release | None:
        """None."""
        return None


def service_over(store: Store, kit: Kit) -> ConversionService:
    """The room of conversions over a store."""
    return ConversionService(
        store, store, Tokens(lambda purpose: purpose.encode().ljust(32, b"k")), settings=OneWeek(), releases=NoReleases(),
        templates=store, normal=str, new_id=kit.ids, clock=kit.clock,
    )  # fmt: skip


class StoreContractConversions:
    """Orders, and the clicks before them."""

    async def test_an_order_counts_once(self, store: Store, kit: Kit) -> None:
        """The first report stays, whoever reports again, at the same time too; test orders and other workspaces are apart."""
        new = kit.new()
        await store.accept([new])
        message = (await store.tracked([new.id]))[new.id]
        first = order(
            kit, "A-1", message_id=new.id, template_id=new.template_id, basis=Basis.ADDRESS, link=3, clicked_at=7
        )
        event = Event(new.id, kit.workspace, EventType.CONVERTED, first.at, "A-1", {"order": "A-1"})
        several = [first, *(order(kit, "A-1", amount=1) for _ in range(4))]
        assert await store.add_conversion(first, event, message) == first
        kept = await asyncio.gather(*(store.add_conversion(one, event, message) for one in several))
        assert kept == [first] * 5
        told = [one for one in await store.events_of(kit.workspace, new.id) if one.type is EventType.CONVERTED]
        assert [one.data for one in told] == [{"order": "A-1"}]
        test, other = order(kit, "A-1", live=False), order(kit, "A-1", workspace_id=kit.ids())
        assert [await store.add_conversion(one, None, None) for one in (test, other)] == [test, other]
        assert await store.conversions(kit.workspace, True) == [first]
        assert await store.conversions(kit.workspace, False) == [test]
        assert (await store.conversions_of(new.id), await store.conversions_of(kit.ids())) == (1, 0)
        await check_invariants(store)

    async def test_a_business_application_knows_better_than_a_browser(self, store: Store, kit: Kit) -> None:
        """What a browser said gives way once; what the application said stays."""
        guessed = order(kit, "A-1", amount=1, source=Source.BROWSER, link=2)
        told = order(kit, "A-1")
        assert await store.add_conversion(guessed, None, None) == guessed
        assert await store.add_conversion(order(kit, "A-1", source=Source.BROWSER), None, None) == guessed
        assert await store.add_conversion(told, None, None) == told
        assert await store.add_conversion(order(kit, "A-1", amount=2), None, None) == told
        assert await store.conversions(kit.workspace, True) == [told]

    async def test_the_stream_hears_the_better_word(self, store: Store, kit: Kit) -> None:
        """As a correction, which is not counted, where the browser named the same message; the timeline has both."""
        new = kit.new()
        await store.accept([new])
        message = (await store.tracked([new.id]))[new.id]
        for number, mine in (("A-1", new.id), ("A-2", None)):
            guessed = order(kit, number, amount=1, source=Source.BROWSER, message_id=mine)
            told = order(kit, number, message_id=new.id)
            for one in (guessed, told, told):
                event = Event(new.id, kit.workspace, EventType.CONVERTED, one.at, number, {"source": one.source.value})
                await store.add_conversion(one, event if one.message_id else None, message if one.message_id else None)
        said = {
            one.key: one.data for one in await store.events_of(kit.workspace, new.id) if one.type is EventType.CONVERTED
        }
        assert said == {
            "A-1": {"source": "browser"},
            "A-1.api": {"source": "api", "corrects": True},
            "A-2.api": {"source": "api"},
        }

    async def test_what_is_left_of_an_order(self, store: Store, kit: Kit) -> None:
        """Takes the place of what it was, once; of two at the same moment one. Cancelled orders are counted apart; the stream hears it."""
        new = kit.new()
        await store.accept([new])
        message = (await store.tracked([new.id]))[new.id]
        made = [order(kit, f"A-{n}", template_id=new.template_id, message_id=new.id) for n in range(3)]
        for one in made:
            await store.add_conversion(one, None, None)
        kit.clock.advance(HOUR)
        lower, gone = (
            msgspec.structs.replace(one, amount=amount, ordered=49_900_000, corrected_at=kit.clock.now())
            for one, amount in ((made[0], 20_000_000), (made[1], 0))
        )
        event = Event(new.id, kit.workspace, EventType.CONVERTED, kit.clock.now(), "A-0.1", {"corrects": True})
        several = [store.correct_conversion(made[0], lower, event, message) for _ in range(3)]
        assert sorted(await asyncio.gather(*several)) == [False, False, True]
        assert await store.correct_conversion(made[1], gone, None, None)
        assert await store.conversions(kit.workspace, True) == [made[2], gone, lower]
        assert (await store.conversions(kit.workspace, True))[1].cancelled
        told = [one for one in await store.events_of(kit.workspace, new.id) if one.type is EventType.CONVERTED]
        assert [one.key for one in told] == ["A-0.1"]
        assert await store.revenue(kit.workspace, True, None, None) == [
            Sum(new.template_id, None, None, "EUR", Source.API, 2, 69_900_000, 1, 79_800_000)
        ]
        higher = msgspec.structs.replace(gone, amount=90_000_000)
        assert await store.correct_conversion(gone, higher, None, None)
        (found,) = await store.revenue(kit.workspace, True, None, None)
        assert (found.orders, found.amount, found.cancelled, found.taken_back) == (3, 159_900_000, 0, 29_900_000)

    async def test_absurd_amounts_add_up(self, store: Store, kit: Kit) -> None:
        """Exactly, beyond 64 bits."""
        most = 10**18 - 1
        for number in range(12):
            await store.add_conversion(order(kit, f"A-{number}", amount=most), None, None)
        assert [one.amount for one in await store.revenue(kit.workspace, True, None, None)] == [12 * most]

    async def test_orders_by_pages_and_sums(self, store: Store, kit: Kit) -> None:
        """Newest first by pages; sums by template, currency and source within a time."""
        made = []
        for number in range(5):
            made.append(order(kit, f"A-{number}", template_id=kit.template_id if number else None, link=None))
            await store.add_conversion(made[-1], None, None)
            kit.clock.advance(HOUR)
        await store.add_conversion(order(kit, "B-1", currency="USD", source=Source.BROWSER), None, None)
        page = await store.conversions(kit.workspace, True, before=made[3].id, limit=2)
        assert [one.order for one in page] == ["A-2", "A-1"]
        assert await store.conversions(kit.workspace, True, order="a-3") == [made[3]]
        assert await store.conversion_of_order(kit.workspace, True, "A-3") == made[3]
        assert await store.conversion_of_order(kit.workspace, True, "a-3") is None
        since, until = made[1].at, made[4].at
        assert await store.revenue(kit.workspace, True, since, until) == [
            Sum(kit.template_id, None, None, "EUR", Source.API, 3, 149_700_000)
        ]
        assert len(await store.revenue(kit.workspace, True, None, None)) == 3
        assert await store.revenue(kit.workspace, False, None, None) == []

    async def test_who_clicked_lately(self, store: Store, kit: Kit) -> None:
        """Messages to an address that were clicked, not by machines alone, since a time, the last clicked first."""
        one, two, machine, stranger, old = (
            kit.new(),
            kit.new(),
            kit.new(),
            kit.new(recipient="bob@example.net"),
            kit.new(),
        )
        await store.accept([one, two, machine, stranger, old])
        await add(store, [hit(kit, old.id, "a", Verdict.HUMAN, EventType.CLICKED)])
        since = kit.clock.advance(HOUR)
        await add(
            store,
            [
                hit(kit, two.id, "a", Verdict.UNKNOWN, EventType.CLICKED),
                hit(kit, stranger.id, "a", Verdict.HUMAN, EventType.CLICKED),
            ],
        )
        kit.clock.advance(HOUR)
        await add(
            store,
            [
                hit(kit, machine.id, "a", Verdict.MACHINE, EventType.CLICKED),
                hit(kit, one.id, "a", Verdict.HUMAN, EventType.CLICKED),
            ],
        )
        await add(store, [hit(kit, machine.id, "o", Verdict.HUMAN)])
        asked = (kit.workspace, Channel.EMAIL, "Ann@example.net", since)
        assert await store.clicked_by(*asked, True) == [one.id, two.id]
        assert await store.clicked_by(*asked, False) == []

    async def test_a_message_confirms_an_order(self, store: Store, kit: Kit) -> None:
        """It is credited to the last click of the same person in an earlier message, once, at the same time too; another amount changes nothing."""
        service = service_over(store, kit)
        sale, later, test = kit.new(), kit.new(), kit.new(live=False)
        await store.accept([sale, later, test])
        await add(store, [hit(kit, later.id, "a", Verdict.HUMAN, EventType.CLICKED)])
        kit.clock.advance(HOUR)
        await add(store, [hit(kit, sale.id, "a", Verdict.HUMAN, EventType.CLICKED)])
        kit.clock.advance(HOUR)
        wanted = Order("A-1", "49.90", "EUR")
        confirmation, trial = kit.new(), kit.new(live=False)
        became = await asyncio.gather(*(service.confirmed(confirmation, wanted) for _ in range(4)))
        assert sorted(became) == [Confirmed.COUNTED, *[Confirmed.REPEATED] * 3]
        assert await service.confirmed(confirmation, Order("A-1", "1", "EUR")) is Confirmed.OTHER_AMOUNT
        assert await service.confirmed(trial, wanted) is Confirmed.COUNTED
        (found,) = await store.conversions(kit.workspace, True)
        assert (found.message_id, found.basis, found.amount) == (sale.id, Basis.ADDRESS, 49_900_000)
        assert [one.basis for one in await store.conversions(kit.workspace, False)] == [Basis.NONE]
        told = [one for one in await store.events_of(kit.workspace, sale.id) if one.type is EventType.CONVERTED]
        assert [one.data["order"] for one in told] == ["A-1"]
        kit.clock.advance(7 * DAY)
        assert await service.confirmed(kit.new(), Order("A-2", "5", "EUR")) is Confirmed.COUNTED
        (found,) = await store.conversions(kit.workspace, True, order="A-2")
        assert found.basis is Basis.NONE
        await check_invariants(store)
