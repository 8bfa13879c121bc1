"""From an event to a receiver on loopback, over a real store."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from tests.unit.webhooks.stage import Stage, on_stage, until

from posthouse.core.kernel.clock import DAY, MINUTE, SECOND
from posthouse.core.kernel.errors import PosthouseError, TooOftenError, UnavailableError, ValidationError
from posthouse.core.messages import stream
from posthouse.core.messages.model import Status
from posthouse.core.messages.stream import StreamQuery
from posthouse.core.webhooks.deliverer import LOOK
from posthouse.core.webhooks.line import MOST_WAITING
from posthouse.core.webhooks.model import Filter, Pause, Result
from posthouse.core.webhooks.service import TESTS, EndpointExistsError, UnknownEndpointError
from posthouse.testing.webhook_receiver import Answer, Received, Receiver


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with on_stage(tmp_path) as stage:
        yield stage


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


async def test_every_event_is_told_once_in_order_and_signed(stage: Stage, receiver: Receiver) -> None:
    """Body and headers as the specification asks; the log has request and answer, and no signature."""
    secret = await stage.add(receiver.url)
    await stage.send(30)
    async with stage.delivering():
        received = await receiver.until(60)
        await until(lambda: _idle(stage))
    page = await stream.read(stage.store, StreamQuery(limit=100))
    assert sorted(one.id for one in received) == [stream.show_cursor(told.event.seq) for told in page.items]
    for one in received:
        event = Webhook(secret).verify(one.body, one.headers)
        assert set(event) == {"id", "type", "timestamp", "data"}
        assert event["id"] == one.id
        assert b"ann@" not in one.body
    log = await stage.service.attempts(stage.kit.workspace, "shop", Filter(b"", limit=100))
    assert {(one.result, one.status, one.answer, one.number) for one in log} == {(Result.DELIVERED, 200, "ok", 1)}
    assert {one.request.encode() for one in log} == {one.body for one in received}
    line = await stage.line()
    assert (line.waiting, line.failing_since, line.cursor) == (0, None, page.cursor)


async def test_filters_are_heeded_and_the_past_is_not_told(stage: Stage, receiver: Receiver) -> None:
    """Only the types and templates asked for, from the adding on."""
    await stage.send(2, Status.BOUNCED)
    await stage.add(receiver.url, types=["message.bounced"])
    await stage.add(receiver.url, "nothing", templates=["another"])
    await stage.send(3, Status.BOUNCED)
    async with stage.delivering():
        await receiver.until(3)
        await until(lambda: _idle(stage))
    assert [one.event["type"] for one in receiver.received] == ["message.bounced"] * 3


async def test_what_fails_is_tried_again_and_later_events_go_on(stage: Stage, receiver: Receiver) -> None:
    """The same id and body: at once when the receiver takes others again, then at the next turn of its schedule."""
    refused: list[str] = []

    def judge(one: Received) -> Answer:
        if not refused or (one.id == refused[0] and len(refused) < 2):
            refused.append(one.id)
            wait = (("retry-after", "36000"),) if len(refused) == 1 else ()
            return Answer(500, b"broken", wait)
        return Answer()

    receiver.judge = judge
    await stage.add(receiver.url, types=["message.sent"])
    async with stage.delivering():
        await stage.send()
        await until(lambda: _waiting(stage, 1))
        await stage.send()
        await until(lambda: _heard(receiver, 2))
        await until(lambda: _tried(stage, refused[0], 2))
        stage.clock.ahead += MINUTE
        await until(lambda: _waiting(stage, 0))
    bodies = {one.body for one in receiver.received if one.id == refused[0]}
    assert len(bodies) == 1
    third, second, first = await stage.service.attempts(stage.kit.workspace, "shop", Filter(b"", event=refused[0]))
    assert [one.result for one in (first, second, third)] == [Result.FAILED, Result.FAILED, Result.DELIVERED]
    assert [one.number for one in (first, second, third)] == [1, 2, 3]
    assert first.answer == "broken"
    assert (first.next_at or 0) - first.at >= 36_000 * SECOND
    assert (second.next_at or 0) - second.at >= 30 * SECOND
    assert len(stage.notes.latencies) == 2  # of first attempts only


async def test_an_event_that_is_never_taken_hurries_once(stage: Stage, receiver: Receiver) -> None:
    """Each event that goes well after it must not bring it back: it would be tried as often as there are others."""
    poison: list[str] = []

    def judge(one: Received) -> Answer:
        poison[:] = poison or [one.id]
        return Answer(500, headers=(("retry-after", "36000"),)) if one.id == poison[0] else Answer()

    receiver.judge = judge
    await stage.add(receiver.url, types=["message.sent"])
    async with stage.delivering():
        await stage.send()
        await until(lambda: _waiting(stage, 1))
        await stage.send()
        await until(lambda: _tried(stage, poison[0], 2))
        for count in (3, 4, 5):
            await stage.send()
            await until(lambda count=count: _heard(receiver, count))  # type: ignore[misc]
    assert [one.id for one in receiver.received].count(poison[0]) == 2


async def test_a_receiver_that_is_down_costs_a_bounded_number_of_rows(stage: Stage, receiver: Receiver) -> None:
    """After so many failures nothing new is begun; when it is back everything is told, none lost."""
    receiver.judge = lambda _: Answer(503)
    await stage.add(receiver.url)
    await stage.send(100)
    async with stage.delivering():
        await until(lambda: _waiting_more(stage, MOST_WAITING - 1))
        await asyncio.sleep(0.3)
        line = await stage.line()
        assert MOST_WAITING <= line.waiting <= 2 * MOST_WAITING
        assert line.failing_since is not None
        receiver.judge = lambda _: Answer()
        stage.clock.ahead += 10_000_000
        await until(lambda: _idle(stage))
        await until(lambda: _heard(receiver, 200))
    assert (await stage.line()).failing_since is None


async def test_one_that_hangs_does_not_delay_the_others(stage: Stage, receiver: Receiver) -> None:
    """Each endpoint has a line of its own."""
    async with stage.delivering(), Receiver(lambda _: Answer(seconds=600)) as hanging:
        await stage.add(hanging.url, "hanging")
        await stage.add(receiver.url)
        await stage.send(10)
        await hanging.until(1)
        await stage.send(10)
        await receiver.until(40)


async def test_gone_pauses_and_resuming_goes_on_where_it_stopped(stage: Stage, receiver: Receiver) -> None:
    """410: nothing more is sent, with a notice; afterwards everything is told, what was refused too."""
    receiver.judge = lambda _: Answer(410)
    await stage.add(receiver.url)
    await stage.send(1)
    async with stage.delivering():
        await until(lambda: _paused(stage, Pause.GONE))
        heard = len(receiver.received)
        await stage.send(3)
        await asyncio.sleep(0.4)
        assert len(receiver.received) == heard
        assert stage.notes.pauses == [Pause.GONE]
        receiver.judge = lambda _: Answer()
        receiver.received.clear()
        await stage.service.resume(stage.kit.workspace, "shop")
        await until(lambda: _heard(receiver, 8))


async def test_three_days_of_failure_pause_with_a_notice_and_lose_nothing(stage: Stage, receiver: Receiver) -> None:
    """Nothing is given up while the endpoint takes nothing at all."""
    receiver.judge = lambda _: Answer(500)
    await stage.add(receiver.url)
    await stage.send(1)
    async with stage.delivering():
        await until(lambda: _waiting(stage, 2))
        stage.clock.ahead += 3 * DAY + MINUTE
        await until(lambda: _paused(stage, Pause.FAILING))
        assert stage.notes.pauses == [Pause.FAILING]
        receiver.judge = lambda _: Answer()
        receiver.received.clear()
        await stage.service.resume(stage.kit.workspace, "shop")
        await until(lambda: _heard(receiver, 2))


async def test_one_event_that_is_never_taken_is_given_up_alone(stage: Stage, receiver: Receiver) -> None:
    """Three days later, while all others went well; a replay tries it again."""
    await stage.send(1)
    await stage.add(receiver.url)
    poison: list[str] = []

    def judge(one: Received) -> Answer:
        poison[:] = poison or [one.id]
        return Answer(500 if one.id == poison[0] else 200)

    receiver.judge = judge
    async with stage.delivering():
        await stage.send(1)
        await until(lambda: _waiting(stage, 1))
        stage.clock.ahead += 3 * DAY + MINUTE
        await stage.send(1)
        await until(lambda: _waiting(stage, 0))
        log = await stage.service.attempts(stage.kit.workspace, "shop", Filter(b"", result=Result.GIVEN_UP))
        assert [one.event for one in log] == poison
        assert (await stage.line()).paused is None
        heard = len(receiver.received)
        receiver.judge = lambda _: Answer()
        await stage.service.replay_one(stage.kit.workspace, "shop", poison[0])
        await until(lambda: _heard(receiver, heard + 1, distinct=False))


async def test_rotation_signs_with_both_until_the_overlap_is_over(stage: Stage, receiver: Receiver) -> None:
    """So that a receiver may change its secret whenever it likes meanwhile."""
    old = await stage.add(receiver.url)
    new = (await stage.service.rotate(stage.kit.workspace, "shop", 60 * MINUTE)).secret
    async with stage.delivering():
        await stage.send(1)
        for one in await receiver.until(2):
            for secret in (old, new):
                Webhook(secret).verify(one.body, one.headers)
        stage.clock.ahead += 61 * MINUTE
        await stage.send(1)
        late = (await receiver.until(4))[-1]
    assert len(late.headers["webhook-signature"].split(" ")) == 1
    cut = (await stage.service.rotate(stage.kit.workspace, "shop", 0)).endpoint
    assert len(cut.secrets) == 1


async def test_an_answer_that_was_not_recorded_is_told_again_with_the_same_id(stage: Stage, receiver: Receiver) -> None:
    """At least once: between the receiver's 200 and our record everything may die."""

    class Forgetful:
        """The store, which loses its first record of a turn."""

        def __init__(self, store: Any) -> None:
            self._store = store
            self.lost = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

        async def keep_step(self, *args: Any) -> int | None:
            if not self.lost:
                self.lost += 1
                raise UnavailableError("gone")
            kept: int | None = await self._store.keep_step(*args)
            return kept

    await stage.add(receiver.url)
    await stage.send(1)
    async with stage.delivering(Forgetful(stage.store)):
        received = await receiver.until(4)
        await until(lambda: _idle(stage))
    assert sorted(one.id for one in received[:2]) == sorted(one.id for one in received[2:4])
    assert "webhooks_turn" in stage.notes.troubles


async def test_two_deliverers_share_without_telling_twice(stage: Stage, receiver: Receiver) -> None:
    """A line has one holder; when it stops the other goes on from its place."""
    await stage.add(receiver.url)
    async with stage.delivering():
        async with stage.delivering():
            await stage.send(10)
            await receiver.until(20)
        await stage.send(5)
        await receiver.until(30)
        await until(lambda: _idle(stage))
    assert len({one.id for one in receiver.received}) == len(receiver.received) == 30
    endpoint, now = (await stage.service.get(stage.kit.workspace, "shop"))[0], stage.clock.now()
    assert await stage.store.hold_line(endpoint.id, 999, now, now + SECOND)  # given back: nobody waits for the lease


async def test_replaying_a_range_tells_what_matches_again(stage: Stage, receiver: Receiver) -> None:
    """Under the same ids, in pieces of a thousand at most."""
    await stage.add(receiver.url, types=["message.sent"])
    async with stage.delivering():
        await stage.send(3)
        first = [one.id for one in await receiver.until(3)]
        found = await stage.service.replay_range(stage.kit.workspace, "shop", 0)
        assert found == (3, None)
        await receiver.until(6)
    assert sorted(one.id for one in receiver.received[3:]) == sorted(first)


async def test_a_test_event_is_sent_at_once_and_logged(stage: Stage, receiver: Receiver) -> None:
    """Whether anybody delivers or not, paused or not."""
    secret = await stage.add(receiver.url)
    await stage.service.pause(stage.kit.workspace, "shop")
    attempt = await stage.service.test(stage.kit.workspace, "shop")
    (one,) = receiver.received
    assert Webhook(secret).verify(one.body, one.headers)["type"] == "webhook.test"
    assert (attempt.result, attempt.status) == (Result.DELIVERED, 200)
    assert list(await stage.service.attempts(stage.kit.workspace, "shop", Filter(b""))) == [attempt]
    for _ in range(TESTS - 1):
        await stage.service.test(stage.kit.workspace, "shop")
    with pytest.raises(TooOftenError):  # each is a request to somebody outside
        await stage.service.test(stage.kit.workspace, "shop")


async def test_pausing_stops_and_loses_nothing(stage: Stage, receiver: Receiver) -> None:
    """What happens meanwhile is told afterwards."""
    await stage.add(receiver.url)
    async with stage.delivering():
        await stage.send(1)
        await receiver.until(2)
        await stage.service.pause(stage.kit.workspace, "shop")
        await asyncio.sleep(LOOK * 1.5)
        await stage.send(2)
        await asyncio.sleep(LOOK * 1.5)  # a line that was not dropped looks that often by itself
        assert len(receiver.received) == 2
        await stage.service.resume(stage.kit.workspace, "shop")
        await receiver.until(6)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": "Not Good"}, "/name"),
        ({"url": "https://10.0.0.1/"}, "/url"),
        ({"types": ["message.sent", "message.bouncd"]}, "/types/1"),
        ({"templates": ["x"] * 51}, "/templates"),
    ],
)
async def test_bad_endpoints_are_refused_with_a_pointer(stage: Stage, changes: dict[str, Any], pointer: str) -> None:
    """And what to write instead."""
    fields = {"name": "shop", "url": "https://shop.example/", "live": True} | changes
    with pytest.raises(ValidationError) as caught:
        await stage.service.add(stage.kit.workspace, **fields)
    assert [problem.pointer for problem in caught.value.fields] == [pointer]


async def test_secrets_are_sealed_and_names_are_unique(stage: Stage) -> None:
    """What stands in the store says nothing."""
    secret = await stage.add("https://shop.example/")
    endpoint, _ = await stage.service.get(stage.kit.workspace, "shop")
    assert secret.removeprefix("whsec_").encode() not in endpoint.secrets[0].sealed
    for wrong, error in (("shop", EndpointExistsError),):
        with pytest.raises(error):
            await stage.add("https://shop.example/", wrong)
    with pytest.raises(UnknownEndpointError):
        await stage.service.get(stage.kit.ids(), "shop")
    with pytest.raises(PosthouseError):
        await stage.service.replay_one(stage.kit.workspace, "shop", stream.show_cursor(99))


async def _idle(stage: Stage) -> bool:
    line = await stage.line()
    events = await stage.store.stream(StreamQuery(after=line.cursor, limit=1), await stage.store.stream_end())
    return line.waiting == 0 and not events


async def _tried(stage: Stage, event: str, times: int) -> bool:
    return len(await stage.service.attempts(stage.kit.workspace, "shop", Filter(b"", event=event))) == times


async def _waiting(stage: Stage, count: int) -> bool:
    return (await stage.line()).waiting == count


async def _waiting_more(stage: Stage, count: int) -> bool:
    return (await stage.line()).waiting > count


async def _paused(stage: Stage, why: Pause) -> bool:
    return (await stage.line()).paused is why


async def _heard(receiver: Receiver, count: int, *, distinct: bool = True) -> bool:
    heard = {one.id for one in receiver.received} if distinct else receiver.received
    return len(heard) >= count
