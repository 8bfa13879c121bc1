"""The sieve lets through what is not on the list and holds back everything that is."""

import asyncio
from collections.abc import Sequence

from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.ids import Id, Uuid7Source
from posthouse.core.messages.model import Channel
from posthouse.core.messages.pseudonyms import Pseudonyms
from posthouse.core.suppressions.model import Covers, Reason, Suppression
from posthouse.core.suppressions.sieve import FRESH_FOR, Sieve
from posthouse.testing.clock import FakeClock

WORKSPACE = b"w" * 16


class ListedStore:
    """A list in memory that counts how often it was asked."""

    def __init__(self) -> None:
        self.generation = 0
        self.rows: list[tuple[int, Id, Id, int, str]] = []
        self.entries: list[Suppression] = []
        self.asked = self.looked_up = 0
        self.ids = Uuid7Source(lambda: 1)

    def put(self, *addresses: str) -> None:
        self.generation += 1
        self.rows += [(self.generation, self.ids(), WORKSPACE, 1, address) for address in addresses]

    async def suppression_generation(self) -> int:
        self.asked += 1
        return self.generation

    async def suppressed_after(self, place: tuple[int, Id], limit: int) -> list[tuple[int, Id, Id, int, str]]:
        return [row for row in self.rows if row[:2] > place][:limit]

    async def suppressions_of(self, workspace_id: Id, channel: Channel, address: str) -> list[Suppression]:
        self.looked_up += 1
        return [entry for entry in self.entries if entry.address == address]

    async def suppress(self, entries: Sequence[Suppression], softs: Sequence[object] = ()) -> list[Suppression]:
        raise NotImplementedError


def entry(**changes: object) -> Suppression:
    fields = {
        "id": b"i" * 16,
        "workspace_id": WORKSPACE,
        "channel": Channel.EMAIL,
        "address": "ann@example.net",
        "reason": Reason.MANUAL,
        "created_at": 1,
    }
    return Suppression(**(fields | changes))  # type: ignore[arg-type]


async def test_every_address_on_a_long_list_is_held_back_and_hardly_another_one() -> None:
    """50,000 addresses in one change (several pages, several growths): none slips through; under one stranger in 200 is asked of the store."""
    store, clock = ListedStore(), FakeClock()
    sieve = Sieve(store, Pseudonyms(bytes(32)), clock)  # type: ignore[arg-type]
    store.put(*(f"person{number}@example.net" for number in range(50_000)))
    assert await sieve.suspects(WORKSPACE, Channel.EMAIL, "Person7@Example.net")
    missed = [n for n in range(50_000) if not sieve.holds_back(WORKSPACE, Channel.EMAIL, f"person{n}@example.net")]
    strangers = [n for n in range(20_000) if sieve.holds_back(WORKSPACE, Channel.EMAIL, f"stranger{n}@example.org")]
    assert missed == []
    assert len(strangers) < 100
    assert not sieve.holds_back(b"x" * 16, Channel.EMAIL, "person7@example.net"), "another workspace's list"
    assert not sieve.holds_back(WORKSPACE, Channel.SMS, "person7@example.net"), "another channel's list"


async def test_an_empty_list_costs_no_look_up_and_one_question_in_a_tenth_of_a_second() -> None:
    """A thousand messages within the same moment ask for the generation once."""
    store, clock = ListedStore(), FakeClock()
    sieve = Sieve(store, Pseudonyms(bytes(32)), clock)  # type: ignore[arg-type]
    for _ in range(1_000):
        assert await sieve.find(WORKSPACE, Channel.EMAIL, "ann@example.net", None, 1) is None
    assert (store.asked, store.looked_up) == (1, 0)
    clock.advance(FRESH_FOR)
    await sieve.find(WORKSPACE, Channel.EMAIL, "ann@example.net", None, 1)
    assert store.asked == 2


async def test_changes_are_seen_after_a_tenth_of_a_second_or_a_doubt() -> None:
    """A change of another process counts soon by itself, and at once when there is a doubt."""
    store, clock = ListedStore(), FakeClock()
    sieve = Sieve(store, Pseudonyms(bytes(32)), clock)  # type: ignore[arg-type]
    assert not await sieve.suspects(WORKSPACE, Channel.EMAIL, "ann@example.net")
    store.put("ann@example.net")
    assert not await sieve.suspects(WORKSPACE, Channel.EMAIL, "ann@example.net")
    sieve.doubt()
    assert await sieve.suspects(WORKSPACE, Channel.EMAIL, "ann@example.net")
    store.put("ben@example.net")
    clock.advance(FRESH_FOR)
    assert await sieve.suspects(WORKSPACE, Channel.EMAIL, "ben@example.net")


class SlowStore(ListedStore):
    """Answers what stood on the list when it was asked, once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def suppression_generation(self) -> int:
        answer = await super().suppression_generation()
        self.begun.set()
        await self.go_on.wait()
        return answer


async def test_an_answer_from_before_a_doubt_does_not_settle_it() -> None:
    """A message claimed while the list is being asked for is judged by what stood there when it was claimed; all who wait ask together."""
    store, clock = SlowStore(), FakeClock()
    sieve = Sieve(store, Pseudonyms(bytes(32)), clock)  # type: ignore[arg-type]
    early = asyncio.ensure_future(sieve.suspects(WORKSPACE, Channel.EMAIL, "ben@example.net"))
    await store.begun.wait()
    store.put("ann@example.net")
    sieve.doubt()
    late = [asyncio.ensure_future(sieve.suspects(WORKSPACE, Channel.EMAIL, "ann@example.net")) for _ in range(50)]
    await asyncio.sleep(0)
    store.go_on.set()
    assert await asyncio.gather(*late) == [True] * 50
    assert not await early
    assert store.asked == 2


async def test_the_store_has_the_last_word() -> None:
    """What the sieve holds back counts only while an entry holds and covers the message; the widest one is named."""
    store, clock = ListedStore(), FakeClock()
    sieve = Sieve(store, Pseudonyms(bytes(32)), clock)  # type: ignore[arg-type]
    store.put("ann@example.net")
    assert await sieve.find(WORKSPACE, Channel.EMAIL, "ann@example.net", None, 1) is None, "removed meanwhile"
    store.entries = [entry(expires_at=SECOND)]
    assert await sieve.find(WORKSPACE, Channel.EMAIL, "ann@example.net", None, SECOND - 1) == store.entries[0]
    assert await sieve.find(WORKSPACE, Channel.EMAIL, "ann@example.net", None, SECOND) is None
    store.entries = [entry(covers=Covers.COMMERCIAL, reason=Reason.UNSUBSCRIBE), entry(reason=Reason.COMPLAINT)]
    found = await sieve.find(WORKSPACE, Channel.EMAIL, "ann@example.net", None, 1)
    assert found is not None
    assert found.reason is Reason.COMPLAINT


async def test_another_database_is_read_from_its_beginning() -> None:
    """After a restore the generation is lower: the sieve starts anew instead of missing what has lower numbers."""
    store, clock = ListedStore(), FakeClock()
    sieve = Sieve(store, Pseudonyms(bytes(32)), clock)  # type: ignore[arg-type]
    for name in ("a", "b", "c"):
        store.put(f"{name}@example.net")
    assert await sieve.suspects(WORKSPACE, Channel.EMAIL, "a@example.net")
    store.generation, store.rows = 0, []
    store.put("ann@example.net")
    sieve.doubt()
    assert await sieve.suspects(WORKSPACE, Channel.EMAIL, "ann@example.net")
    assert not await sieve.suspects(WORKSPACE, Channel.EMAIL, "a@example.net")
