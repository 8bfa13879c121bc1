"""Every arrow of docs/explain/message-states.md, by its letter, over a real store."""

import re
from pathlib import Path

import pytest
from tests.unit.delivery.house import LEASE, SmallHouse

from posthouse.core.delivery.outcomes import Accepted, Deferred, Refused, Throttled, Unknown
from posthouse.core.kernel.clock import HOUR, MINUTE, SECOND
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.messages.model import EventType, Status
from posthouse.core.templates.model import UnknownPolicy
from posthouse.testing.store_returned import filing_of

DOC = Path(__file__).parents[3] / "docs" / "explain" / "message-states.md"


def test_every_letter_of_the_page_has_its_test() -> None:
    """The page and this file name the same arrows."""
    lettered = set(re.findall(r"^\| \*\*([a-z])\*\* \|", DOC.read_text(), re.MULTILINE))
    tested = {name[11] for name in globals() if re.match(r"test_arrow_[a-z]_", name)}
    assert lettered == tested
    assert lettered


async def test_arrow_a_accepted_for_later_is_scheduled(house: SmallHouse) -> None:
    """A message with a later time is scheduled, and nobody can claim it before."""
    message = await house.accept(due_at=house.clock.now() + HOUR)
    assert await house.status(message) is Status.SCHEDULED
    house.clock.advance(HOUR - 1)
    assert await house.claim() == []
    house.clock.advance(1)
    assert [claimed.id for claimed in await house.claim()] == [message.id]


async def test_arrow_b_accepted_is_queued(house: SmallHouse) -> None:
    """A message accepted for now is queued, with the fact of its acceptance."""
    message = await house.accept()
    assert await house.status(message) is Status.QUEUED
    assert await house.happened(message) == [EventType.ACCEPTED]


async def test_arrow_c_claimed_is_sending(house: SmallHouse) -> None:
    """A claimed message is being sent, and nobody else can claim it."""
    message = await house.accept()
    await house.claim()
    assert await house.status(message) is Status.SENDING
    assert await house.claim() == []


async def test_arrow_d_taken_by_a_relay_is_sent(house: SmallHouse) -> None:
    """A relay's 250 makes it sent, with the relay's own words kept."""
    await house.add_provider("relay", Accepted("4bX1", 250, "2.0.0", "queued as 4bX1", "relay.example"))
    message = await house.accept()
    await house.deliver_all()
    assert await house.status(message) is Status.SENT
    event = (await house.store.events_of(message.workspace_id, message.id))[-1]
    assert event.type is EventType.SENT
    assert event.data["text"] == "queued as 4bX1"
    assert event.data["provider"] == "relay"
    assert event.data["attempt"] == 1


async def test_arrow_e_taken_by_the_persons_own_server_is_delivered(house: SmallHouse) -> None:
    """The recipient's own server (or the sandbox) taking it is delivery."""
    await house.add_provider("mx", Accepted("", 250, "", "Ok", "mx.example", delivered=True))
    message = await house.accept()
    await house.deliver_all()
    assert await house.status(message) is Status.DELIVERED
    assert await house.happened(message) == [EventType.ACCEPTED, EventType.SENT, EventType.DELIVERED]


async def test_arrow_f_refused_for_good_is_bounced(house: SmallHouse) -> None:
    """A permanent refusal of the recipient ends it at once, whatever other providers there are."""
    await house.add_provider("first", Refused(550, "5.1.1", "no such user", "mx.example"))
    await house.add_provider("second")
    message = await house.accept()
    await house.deliver_all()
    assert await house.status(message) is Status.BOUNCED
    assert "second" not in house.providers or house.providers["second"].sent == []


async def test_arrow_g_given_up_is_failed(house: SmallHouse) -> None:
    """After three days of deferrals it is given up."""
    await house.add_provider("relay", *[Deferred(451, "4.3.0", "later") for _ in range(60)])
    message = await house.accept()
    for _ in range(60):
        await house.deliver_all()
        house.clock.advance(4 * HOUR)
    assert await house.status(message) is Status.FAILED
    events = await house.store.events_of(message.workspace_id, message.id)
    assert events[-1].data["reason"] == "gave up"
    assert house.clock.now() - message.created_at > 72 * HOUR
    assert events[-1].at - message.created_at <= 72 * HOUR


async def test_arrow_g_what_cannot_be_built_is_failed(house: SmallHouse) -> None:
    """A message that cannot be built fails at once: trying again would not help."""
    house.builder.error = ValidationError("the variable order is missing")
    message = await house.accept()
    await house.deliver_all()
    assert await house.status(message) is Status.FAILED
    events = await house.store.events_of(message.workspace_id, message.id)
    assert "order" in events[-1].data["text"]


async def test_arrow_h_not_now_is_deferred(house: SmallHouse) -> None:
    """A temporary refusal waits, a minute first and longer each time, and the time of the next attempt is told."""
    await house.add_provider("relay", Deferred(451, "4.3.0", "later"), Deferred(451, "4.3.0", "later"))
    message = await house.accept()
    first = (await house.deliver_all())[0]
    assert await house.status(message) is Status.DEFERRED
    assert first.next_at == house.clock.now() + MINUTE
    assert await house.deliver_all() == []
    house.clock.advance(MINUTE)
    second = (await house.deliver_all())[0]
    assert second.next_at == house.clock.now() + 2 * MINUTE
    house.clock.advance(2 * MINUTE)
    await house.deliver_all()
    assert await house.status(message) is Status.SENT


async def test_arrow_i_in_doubt_with_hold_is_unknown(house: SmallHouse) -> None:
    """With the policy hold a message whose answer never came is not sent again by itself."""
    await house.add_provider("relay", Unknown("connection lost after the final dot", "relay.example"))
    message = await house.accept(policy=UnknownPolicy.HOLD)
    await house.deliver_all()
    assert await house.status(message) is Status.UNKNOWN
    assert await house.happened(message) == [EventType.ACCEPTED, EventType.UNKNOWN]
    house.clock.advance(24 * HOUR)
    assert await house.claim() == []


async def test_arrow_j_in_doubt_with_resend_is_tried_again_and_says_so(house: SmallHouse) -> None:
    """With the policy resend the doubt is on record before it is sent again."""
    await house.add_provider("relay", Unknown("connection lost after the final dot"))
    message = await house.accept()
    await house.deliver_all()
    assert await house.status(message) is Status.DEFERRED
    assert EventType.UNKNOWN in await house.happened(message)
    house.clock.advance(MINUTE)
    await house.deliver_all()
    assert await house.status(message) is Status.SENT


async def test_arrow_k_throttled_goes_back_and_costs_no_attempt(house: SmallHouse) -> None:
    """A pause asked for by the other side is no attempt of the message, and holds for the whole provider."""
    await house.add_provider("relay", Throttled(10 * SECOND, "slow down"))
    first, second = await house.accept(), await house.accept()
    await house.deliver_all()
    assert [await house.status(message) for message in (first, second)] == [Status.QUEUED, Status.QUEUED]
    assert len(house.providers["relay"].sent) == 1
    house.clock.advance(11 * SECOND)
    settled = await house.deliver_all()
    assert [settlement.attempts for settlement in settled] == [1, 1]


async def test_arrow_l_cancelled_before_it_left(house: SmallHouse) -> None:
    """A waiting message can be withdrawn; one that is being sent cannot."""
    waiting, leaving = await house.accept(), await house.accept()
    assert await house.store.cancel(waiting.workspace_id, waiting.id, house.clock.now()) is Status.CANCELLED
    await house.claim()
    assert await house.store.cancel(leaving.workspace_id, leaving.id, house.clock.now()) is Status.SENDING
    assert await house.status(waiting) is Status.CANCELLED


async def test_arrow_m_superseded_by_a_newer_one(house: SmallHouse) -> None:
    """A newer message with the same key withdraws the older one that still waits."""
    old = await house.accept(supersedes="cart-7")
    new = await house.accept(supersedes="cart-7")
    assert await house.status(old) is Status.SUPERSEDED
    assert await house.status(new) is Status.QUEUED


async def test_arrow_n_expired(house: SmallHouse) -> None:
    """A message is not sent after its time, and its retries end exactly then."""
    await house.add_provider("relay", Deferred(451, "4.3.0", "later"))
    message = await house.accept(expires_at=house.clock.now() + 30 * SECOND)
    settled = (await house.deliver_all())[0]
    assert settled.next_at == message.expires_at
    house.clock.advance(30 * SECOND)
    await house.deliver_all()
    assert await house.status(message) is Status.EXPIRED
    assert len(house.providers["relay"].sent) == 1


async def test_arrow_o_a_lost_lease_comes_back_in_doubt(house: SmallHouse) -> None:
    """When a dispatcher dies its messages are claimed again after the lease, marked as in doubt, and its token is worth nothing."""
    await house.add_provider("relay")
    message = await house.accept()
    dead = (await house.claim())[0]
    house.clock.advance(LEASE + 1)
    again = (await house.claim())[0]
    assert again.in_doubt
    assert again.lease != dead.lease
    assert not house.leases.holds(dead.id, dead.lease)
    assert await house.delivery.deliver(dead) is None
    assert house.leases.holds(again.id, again.lease)
    assert message.id == again.id


async def test_arrow_p_held_after_a_restore(house: SmallHouse) -> None:
    """What was pending before a restore waits for a person."""
    message = await house.accept()
    house.clock.advance(SECOND)
    assert await house.store.hold_before(house.clock.now(), house.clock.now()) == 1
    assert await house.status(message) is Status.HELD
    house.clock.advance(24 * HOUR)
    assert await house.claim() == []


async def test_arrow_q_released_is_queued_again(house: SmallHouse) -> None:
    """A held message goes on when a person says so."""
    message = await house.accept()
    house.clock.advance(SECOND)
    await house.store.hold_before(house.clock.now(), house.clock.now())
    assert await house.store.release_held(message.workspace_id, [message.id], house.clock.now()) == 1
    assert await house.status(message) is Status.QUEUED


async def test_arrow_r_accepted_to_a_suppressed_address_ends_at_once(house: SmallHouse) -> None:
    """What stops a message is known when it is accepted: it ends in the same commit, and no dispatcher ever sees it."""
    await house.add_provider("relay")
    message = await house.accept(suppressed={"reason": "complaint"})
    assert await house.status(message) is Status.SUPPRESSED
    assert await house.happened(message) == [EventType.ACCEPTED, EventType.SUPPRESSED]
    assert await house.claim() == []
    assert await house.store.counters() == await house.store.recount()


async def test_arrow_s_suppressed_meanwhile_is_not_sent(house: SmallHouse) -> None:
    """A message whose address was suppressed after it was accepted ends unsent, and names the entry that stopped it."""
    await house.add_provider("relay")
    message = await house.accept()
    await house.store.suppress([house.suppression(message.recipient)])
    await house.deliver_all()
    assert await house.status(message) is Status.SUPPRESSED
    event = (await house.store.events_of(message.workspace_id, message.id))[-1]
    assert event.type is EventType.SUPPRESSED
    assert event.data["reason"] == "manual"
    assert event.data["suppression"].startswith("sup_")
    assert "relay" not in house.providers or house.providers["relay"].sent == []
    assert await house.store.counters() == await house.store.recount()


async def test_arrow_t_a_receipt_makes_it_delivered(house: SmallHouse) -> None:
    """What a relay took is delivered once its receipt says so."""
    await house.add_provider("relay")
    message = await house.accept()
    await house.deliver_all()
    await house.store.file_return(filing_of(house.kit, message.id, Status.DELIVERED))
    assert await house.status(message) is Status.DELIVERED


@pytest.mark.parametrize("delivered", [False, True])
async def test_arrow_u_what_came_back_is_bounced(house: SmallHouse, delivered: bool) -> None:
    """Sent or delivered: it came back. A receipt that comes after the bounce changes nothing."""
    await house.add_provider("relay", Accepted(delivered=delivered))
    message = await house.accept()
    await house.deliver_all()
    await house.store.file_return(filing_of(house.kit, message.id, Status.BOUNCED))
    await house.store.file_return(filing_of(house.kit, message.id, Status.DELIVERED))
    assert await house.status(message) is Status.BOUNCED
    assert await house.store.counters() == await house.store.recount()


@pytest.mark.parametrize("told", [Status.DELIVERED, Status.BOUNCED])
async def test_arrow_v_a_report_ends_what_was_to_be_tried_again(house: SmallHouse, told: Status) -> None:
    """In doubt, and to be sent again in a minute: the report proves that it had left, so it is not."""
    await house.add_provider("relay", Unknown("connection lost after the final dot"))
    message = await house.accept()
    await house.deliver_all()
    await house.store.file_return(filing_of(house.kit, message.id, told))
    assert await house.status(message) is told
    house.clock.advance(HOUR)
    assert await house.claim() == []


@pytest.mark.parametrize("ended", [Status.SENT, Status.BOUNCED])
async def test_an_end_is_an_end(house: SmallHouse, ended: Status) -> None:
    """What has ended is never claimed, cancelled or sent again, and its counters equal a recount."""
    answer = Accepted() if ended is Status.SENT else Refused(550, "5.1.1", "no")
    await house.add_provider("relay", answer)
    message = await house.accept()
    await house.deliver_all()
    house.clock.advance(100 * HOUR)
    assert await house.claim() == []
    assert await house.store.cancel(message.workspace_id, message.id, house.clock.now()) is ended
    assert await house.store.counters() == await house.store.recount()
