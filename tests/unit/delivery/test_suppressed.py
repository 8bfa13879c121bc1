"""Who bounced is not written to again; who is suppressed is not written to; our own failures suppress nobody."""

from pathlib import Path

import pytest
from tests.unit.delivery.house import SmallHouse

from posthouse.core.delivery.outcomes import Accepted, Copy, Deferred, Refused, Scope
from posthouse.core.kernel.clock import DAY, HOUR
from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.messages.model import Channel, EventType, Status
from posthouse.core.messages.pseudonyms import Pseudonyms
from posthouse.core.suppressions.model import Covers, Reason, Suppression, Verdict
from posthouse.core.suppressions.sieve import Sieve
from posthouse.core.templates.model import Category
from posthouse.stores.sqlite.store import SqliteStore


def refused(verdict: Verdict) -> Refused:
    return Refused(550, "5.1.1", "no such user", "mx.example", verdict=verdict)


async def entries(house: SmallHouse, address: str = "ann@example.net") -> list[Suppression]:
    return await house.store.suppressions_of(house.kit.workspace, Channel.EMAIL, address)


async def test_a_hard_bounce_in_the_session_suppresses_at_once(house: SmallHouse) -> None:
    """The very next message to the address is not sent; evidence and message are kept."""
    await house.add_provider("relay", refused(Verdict.HARD))
    first, second = await house.accept(), await house.accept()
    await house.deliver_all()
    third = await house.accept(recipient="ANN@example.net")
    await house.deliver_all()
    assert await house.status(first) is Status.BOUNCED
    assert await house.status(third) is Status.SUPPRESSED, "case does not make another person"
    (entry,) = await entries(house)
    assert (entry.reason, entry.covers, entry.message_id) == (Reason.HARD_BOUNCE, Covers.ALL, first.id)
    assert entry.source == "smtp"
    assert "550 5.1.1 no such user" in entry.evidence
    assert second.id in house.providers["relay"].sent, "it was claimed together with the first: nobody knew yet"
    bounced = (await house.store.events_of(first.workspace_id, first.id))[-1]
    assert bounced.data["class"] == "hard"


@pytest.mark.parametrize("verdict", [Verdict.BLOCK, Verdict.POLICY, Verdict.CONTENT, Verdict.UNKNOWN])
async def test_our_own_failures_suppress_nobody(house: SmallHouse, verdict: Verdict) -> None:
    """Being blocked, misconfigured or disliked is ours to mend: the person is written to again, however often it happens."""
    await house.add_provider("relay", *[refused(verdict)] * 20)
    for _ in range(20):
        await house.accept()
        await house.deliver_all()
    assert await entries(house) == []


async def test_test_messages_teach_nothing(house: SmallHouse) -> None:
    """The sandbox acts out bounces: no real person is suppressed by them."""
    await house.add_provider("relay", refused(Verdict.HARD))
    await house.accept(live=False)
    await house.deliver_all()
    assert await entries(house) == []


async def test_test_messages_are_not_stopped(house: SmallHouse) -> None:
    """Nobody gets them, and whoever has a test key learns nothing about real people."""
    await house.add_provider("relay")
    await house.store.suppress([house.suppression("ann@example.net")])
    message = await house.accept(live=False)
    await house.deliver_all()
    assert await house.status(message) is Status.SENT


async def test_soft_bounces_suppress_after_several_and_for_a_while(house: SmallHouse) -> None:
    """Three different messages within two weeks (as set here); the same message again does not count; then it is over."""
    soft = Refused(552, "5.2.2", "mailbox full", "mx.example", verdict=Verdict.FULL)
    await house.add_provider("relay", *[soft] * 3)
    for _ in range(2):
        await house.accept()
        made = await house.deliver_all()
        await house.queue.record(made)
    assert await entries(house) == []
    await house.accept()
    await house.deliver_all()
    (entry,) = await entries(house)
    assert entry.reason is Reason.SOFT_BOUNCES
    assert entry.expires_at == house.clock.now() + 30 * DAY
    stopped = await house.accept()
    await house.deliver_all()
    assert await house.status(stopped) is Status.SUPPRESSED
    house.clock.advance(31 * DAY)
    free = await house.accept()
    await house.deliver_all()
    assert await house.status(free) is Status.SENT


async def test_soft_bounces_of_long_ago_do_not_count(house: SmallHouse) -> None:
    """Three in three months are no reason."""
    soft = Refused(552, "5.2.2", "mailbox full", "mx.example", verdict=Verdict.FULL)
    await house.add_provider("relay", *[soft] * 3)
    for _ in range(3):
        await house.accept()
        await house.deliver_all()
        house.clock.advance(10 * DAY)
    assert await entries(house) == []


async def test_given_up_counts_as_one_soft_bounce(house: SmallHouse) -> None:
    """A mailbox that deferred for three days counts once, whatever the number of attempts; a provider that failed does not."""
    full = Deferred(452, "4.2.2", "mailbox full", verdict=Verdict.FULL)
    ours = Deferred(451, "4.3.0", "our relay is down", scope=Scope.PROVIDER, verdict=Verdict.SOFT)
    for answer, expected in ((ours, 0), (full, 1)):
        await house.add_provider(f"relay-{expected}", *[answer] * 100)
        if expected:
            await house.store.remove_provider(house.kit.workspace, "relay-0")
        for _ in range(3):
            await house.accept()
        for _ in range(40):
            await house.deliver_all()
            house.clock.advance(4 * HOUR)
        assert len(await entries(house)) == expected


async def test_a_refused_copy_is_suppressed_too(house: SmallHouse) -> None:
    """The person got the message, the copy's mailbox does not exist: the copy's address is suppressed, the person's is not."""
    copy = Copy("Ben@example.net", 550, "5.1.1", "no such user", Verdict.HARD)
    await house.add_provider("relay", Accepted(refused_copies=(copy,)))
    message = await house.accept()
    await house.deliver_all()
    assert await house.status(message) is Status.SENT
    assert await entries(house) == []
    assert len(await entries(house, "ben@example.net")) == 1


async def test_a_category_stops_its_own_messages_only(house: SmallHouse) -> None:
    """Who unsubscribed still gets receipts."""
    await house.add_provider("relay")
    template = house.kit.template(version=1)
    offers = house.kit.template("offers", version=1, id=house.kit.ids(), category=Category.COMMERCIAL)
    receipt, offer = house.kit.release(template), house.kit.release(offers)
    await house.store.publish(template, [receipt])
    await house.store.publish(offers, [offer])
    await house.store.suppress(
        [house.suppression("ann@example.net", covers=Covers.COMMERCIAL, reason=Reason.UNSUBSCRIBE)]
    )
    sent = await house.accept(template_id=template.id, release_id=receipt.id)
    stopped = await house.accept(template_id=offers.id, release_id=offer.id)
    own_content = await house.accept(template_id=None, release_id=None)
    await house.deliver_all()
    assert await house.status(sent) is Status.SENT
    assert await house.status(own_content) is Status.SENT
    assert await house.status(stopped) is Status.SUPPRESSED


async def test_what_another_process_suppressed_counts_for_the_next_claim(house: SmallHouse, tmp_path: Path) -> None:
    """Suppressed and answered elsewhere, then accepted, claimed and delivered here within the same instant: it is not sent."""
    await house.add_provider("relay")
    other = SqliteStore(tmp_path, clock=house.clock, shard=1)
    await other.open()
    warm = await house.accept()
    await house.deliver_all()
    await other.suppress([house.suppression("ann@example.net")])
    message = await house.accept()
    await house.deliver_all()
    await other.close()
    assert await house.status(warm) is Status.SENT
    assert await house.status(message) is Status.SUPPRESSED


async def test_an_unreadable_list_sends_nothing(house: SmallHouse) -> None:
    """When the list cannot be asked the message waits: better late than to somebody who must not be written to."""

    class AwayStore(SqliteStore):
        async def suppression_generation(self) -> int:
            raise UnavailableError("the store is away")

    await house.add_provider("relay")
    away = Sieve(AwayStore(house.store._folder, clock=house.clock), Pseudonyms(bytes(32)), house.clock)
    house.delivery._suppressions = away
    message = await house.accept()
    await house.deliver_all()
    assert await house.status(message) is Status.QUEUED
    assert EventType.SENT not in await house.happened(message)
