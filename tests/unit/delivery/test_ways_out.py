"""Routes, failover and the circuit."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.delivery.house import SmallHouse

from posthouse.core.delivery.circuit import FIRST_REST, OPENS_AFTER, Circuit
from posthouse.core.delivery.model import Route, RouteStep
from posthouse.core.delivery.outcomes import Accepted, Deferred, Refused, Scope, Throttled, Unknown
from posthouse.core.delivery.retry import RetryPolicy
from posthouse.core.kernel.clock import SECOND
from posthouse.core.messages.model import Channel, EventType, Lane, Status

DOWN = Deferred(0, "", "connection refused", scope=Scope.PROVIDER)


async def test_a_provider_that_is_down_hands_over_to_the_next(house: SmallHouse) -> None:
    """Failover happens within one attempt, and the failed way is on record with its words."""
    await house.add_provider("first", DOWN)
    await house.add_provider("second")
    message = await house.accept()
    settled = (await house.deliver_all())[0]
    assert settled.status is Status.SENT
    assert settled.attempts == 1
    assert (settled.provider_kind, settled.tried) == ("smtp", (("smtp", "deferred"),))
    events = await house.store.events_of(message.workspace_id, message.id)
    assert [event.type for event in events] == [EventType.ACCEPTED, EventType.ATTEMPT_FAILED, EventType.SENT]
    assert (events[1].data["provider"], events[2].data["provider"]) == ("first", "second")


async def test_a_provider_that_refuses_us_hands_over_too(house: SmallHouse) -> None:
    """Bad credentials or a block list are about the way out, not about the person."""
    await house.add_provider("first", Refused(535, "5.7.8", "authentication failed", scope=Scope.PROVIDER))
    await house.add_provider("second")
    message = await house.accept()
    await house.deliver_all()
    assert await house.status(message) is Status.SENT


async def test_nothing_goes_elsewhere_after_bytes_left_without_an_answer(house: SmallHouse) -> None:
    """Doubt is never doubled by sending the same message over a second provider in the same breath."""
    await house.add_provider("first", Unknown("cut"))
    await house.add_provider("second")
    await house.accept()
    await house.deliver_all()
    assert "second" not in house.providers or house.providers["second"].sent == []


async def test_without_any_provider_a_message_waits_and_says_why(house: SmallHouse) -> None:
    """A live message without a way out is neither lost nor pretended to be delivered."""
    message = await house.accept()
    await house.deliver_all()
    assert await house.status(message) is Status.DEFERRED
    events = await house.store.events_of(message.workspace_id, message.id)
    assert "posthouse providers add" in events[-1].data["text"]


async def test_a_test_message_only_ever_goes_to_the_sandbox(house: SmallHouse) -> None:
    """Whatever providers there are, a test key's messages never leave."""
    await house.add_provider("relay")
    message = await house.accept(live=False)
    await house.deliver_all()
    assert await house.status(message) is Status.SENT
    assert house.providers["sandbox"].sent == [message.id]
    assert "relay" not in house.providers


async def test_a_route_decides_the_order_and_who_is_left_out(house: SmallHouse) -> None:
    """The route's positions count, not the order in which providers were added."""
    first = await house.add_provider("first")
    second = await house.add_provider("second")
    await house.add_provider("unused")
    await house.store.save_route(
        Route(house.kit.workspace, Channel.EMAIL, (RouteStep(first.id, 1), RouteStep(second.id, 0)))
    )
    await house.accept()
    await house.deliver_all()
    assert len(house.providers["second"].sent) == 1
    assert house.providers["first"].sent == []
    assert "unused" not in house.providers


async def test_five_failures_open_the_circuit_and_one_success_closes_it(house: SmallHouse) -> None:
    """A provider that is down is left alone, tried with a single message, and trusted again when that works."""
    await house.add_provider("relay", *[DOWN for _ in range(OPENS_AFTER)])
    for _ in range(OPENS_AFTER + 3):
        await house.accept()
    await house.deliver_all()
    assert len(house.providers["relay"].sent) == OPENS_AFTER
    house.clock.advance(FIRST_REST)
    house.providers["relay"].answers.append(Accepted())
    claimed = await house.claim()
    assert len(claimed) == 3
    await house.store.record([s for s in [await house.delivery.deliver(m) for m in claimed] if s])
    assert len(house.providers["relay"].sent) == OPENS_AFTER + 3


def test_half_open_lets_one_through_at_a_time() -> None:
    """While the probe is under way nobody else passes; its failure doubles the rest."""
    circuit = Circuit()
    for _ in range(OPENS_AFTER):
        circuit.failed(0)
    assert not circuit.passes(FIRST_REST - 1)
    assert circuit.passes(FIRST_REST)
    assert not circuit.passes(FIRST_REST)
    circuit.failed(FIRST_REST)
    assert not circuit.passes(2 * FIRST_REST)
    assert circuit.open_since == 0  # since it opened, however often it was probed
    circuit.worked()
    assert circuit.open_since is None
    assert circuit.passes(3 * FIRST_REST)
    circuit.worked()
    assert circuit.passes(3 * FIRST_REST)
    assert circuit.passes(3 * FIRST_REST)


async def test_a_busy_domain_does_not_pause_the_whole_provider(house: SmallHouse) -> None:
    """A pause about one recipient's domain leaves the way open for the others."""
    await house.add_provider("mx", Throttled(10 * SECOND, "busy", scope=Scope.RECIPIENT))
    one, other = await house.accept(), await house.accept()
    await house.deliver_all()
    assert sorted([await house.status(one), await house.status(other)]) == [Status.QUEUED, Status.SENT]


async def test_a_removed_provider_is_not_used_any_more(house: SmallHouse) -> None:
    """Settings count a moment after they were changed, and what is retired is closed."""
    await house.add_provider("old")
    await house.add_provider("new")
    await house.accept()
    await house.deliver_all()
    await house.store.remove_provider(house.kit.workspace, "old")
    house.clock.advance(SECOND)
    await house.accept()
    await house.deliver_all()
    assert len(house.providers["old"].sent) == 1
    assert len(house.providers["new"].sent) == 1
    await house.fleet.close()
    assert house.providers["old"].closed


@settings(max_examples=100)
@given(attempts=st.integers(1, 500), lane=st.sampled_from(list(Lane)), draw=st.floats(0, 1, exclude_max=True))
def test_waits_stay_within_their_bounds(attempts: int, lane: Lane, draw: float) -> None:
    """Every wait is positive, and never longer than the longest with its jitter."""
    policy = RetryPolicy()
    wait = policy.wait(attempts, lane, lambda: draw)
    assert 0 < wait <= policy.longest * (1 + policy.jitter)
    assert policy.wait(attempts + 1, lane, lambda: 0.5) >= policy.wait(attempts, lane, lambda: 0.5)
