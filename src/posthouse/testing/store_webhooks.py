"""The contract of webhook endpoints, their lines and their log."""

import msgspec
import pytest

from posthouse.core.kernel.clock import DAY, SECOND
from posthouse.core.kernel.errors import ConflictError, NotFoundError
from posthouse.core.messages.model import EventType
from posthouse.core.webhooks.model import Attempt, Endpoint, Filter, Pause, Result, Secret, Step, Waiting
from posthouse.testing.store_kit import Kit, OpenStore, Store


def endpoint_of(kit: Kit, name: str = "shop") -> Endpoint:
    """An endpoint with everything set."""
    return Endpoint(
        id=kit.ids(),
        workspace_id=kit.workspace,
        name=name,
        url="https://shop.example/hook",
        live=True,
        created_at=kit.clock.now(),
        secrets=(Secret(b"sealed", 1), Secret(b"old", 0, 5)),
        types=(EventType.BOUNCED,),
        templates=("welcome",),
        description="for the shop",
    )


def attempt_of(kit: Kit, endpoint: Endpoint, event: str = "evt_1", result: Result = Result.DELIVERED) -> Attempt:
    """A line of the log."""
    return Attempt(
        id=kit.ids(),
        workspace_id=kit.workspace,
        endpoint_id=endpoint.id,
        at=kit.clock.now(),
        event=event,
        type="message.sent",
        number=1,
        result=result,
        status=200,
        error="",
        microseconds=5,
        request="{}",
        answer="ok",
    )


class StoreContractWebhooks:
    """Endpoints."""

    async def test_an_endpoint_comes_back_as_it_was_kept(self, store: Store, kit: Kit) -> None:
        """With its secrets, filters and place; its name once a workspace; changes raise the generation."""
        first, second = endpoint_of(kit), endpoint_of(kit, "crm")
        before = await store.generation()
        await store.add_endpoint(first, 7)
        await store.add_endpoint(second, 9)
        assert await store.generation() > before
        with pytest.raises(ConflictError):
            await store.add_endpoint(endpoint_of(kit), 0)
        assert [(one, line.cursor) for one, line in await store.endpoints(kit.workspace)] == [(first, 7), (second, 9)]
        assert await store.endpoints(kit.ids()) == []
        assert len(await store.endpoints(None)) == 2
        changed = msgspec.structs.replace(first, url="https://other.example/", types=())
        await store.update_endpoint(first, changed)
        assert (await store.endpoints(kit.workspace))[0][0] == changed
        with pytest.raises(ConflictError):  # two changes at the same moment: neither may undo the other unseen
            await store.update_endpoint(first, msgspec.structs.replace(first, description="late"))
        assert (await store.endpoints(kit.workspace))[0][0] == changed
        await store.remove_endpoint(kit.workspace, second.id)
        assert [one.name for one, _ in await store.endpoints(None)] == ["shop"]
        with pytest.raises(NotFoundError):
            await store.remove_endpoint(kit.workspace, second.id)
        with pytest.raises(NotFoundError):
            await store.update_endpoint(second, second)

    async def test_a_line_has_one_holder(self, store: Store, open_store: OpenStore, kit: Kit) -> None:
        """Until its lease runs out or is given back; a former holder keeps nothing any more."""
        other, endpoint, now = await open_store(), endpoint_of(kit), kit.clock.now()
        await store.add_endpoint(endpoint, 0)
        assert await store.hold_line(endpoint.id, 1, now, now + 10) is True
        assert await other.hold_line(endpoint.id, 2, now + 5, now + 15) is False
        assert await store.hold_line(endpoint.id, 1, now + 5, now + 20) is True
        assert await other.hold_line(endpoint.id, 2, now + 21, now + 30) is True
        step = Step(5, [attempt_of(kit, endpoint)])
        assert await store.keep_step(endpoint.id, 1, step, now) is None
        assert (await store.endpoints(None))[0][1].cursor == 0
        assert await store.attempts(kit.workspace, Filter(endpoint.id)) == []
        assert await other.keep_step(endpoint.id, 2, step, now) == 0
        await other.let_line_go(2)
        assert await store.hold_line(endpoint.id, 1, now, now + 10) is True

    async def test_a_step_is_kept_as_a_whole(self, store: Store, kit: Kit) -> None:
        """Place, log, what waits and what waits no longer, how it is doing."""
        endpoint, now = endpoint_of(kit), kit.clock.now()
        await store.add_endpoint(endpoint, 0)
        await store.hold_line(endpoint.id, 1, now, now + DAY)
        later = now + 60 * SECOND
        step = Step(9, [attempt_of(kit, endpoint, result=Result.FAILED)], failing_since=now)
        step.again = [Waiting(3, now, 1, later), Waiting(5, now, 1, now)]
        assert await store.keep_step(endpoint.id, 1, step, now) == 2
        ((_, line),) = await store.endpoints(None)
        assert (line.cursor, line.waiting, line.next_at, line.failing_since) == (9, 2, now, now)
        assert await store.due(endpoint.id, now, 10) == [Waiting(5, now, 1, now)]
        assert await store.due(endpoint.id, later, 10) == [Waiting(3, now, 1, later), Waiting(5, now, 1, now)]
        assert await store.due(endpoint.id, later, 1) == [Waiting(3, now, 1, later)]
        step = Step(9, again=[Waiting(2, now - 1, 8, later)], done=[5])
        assert await store.keep_step(endpoint.id, 1, step, now) == 2
        step = Step(9, again=[Waiting(4, now, 1, later)], succeeded_at=now, hurry_since=now)
        assert await store.keep_step(endpoint.id, 1, step, now) == 3
        assert await store.due(endpoint.id, now, 10) == [Waiting(3, now, 1, now)]
        ((_, line),) = await store.endpoints(None)
        assert (line.failing_since, line.succeeded_at) == (None, now)

    async def test_pausing_keeps_everything_and_resuming_begins_anew(self, store: Store, kit: Kit) -> None:
        """A paused line cannot be held; what waits is due again with its days before it."""
        endpoint, now = endpoint_of(kit), kit.clock.now()
        await store.add_endpoint(endpoint, 0)
        await store.hold_line(endpoint.id, 1, now, now + DAY)
        before = await store.generation()
        step = Step(4, again=[Waiting(2, now - 3 * DAY, 20, now + DAY)], failing_since=now - 3 * DAY)
        step.paused = Pause.FAILING
        await store.keep_step(endpoint.id, 1, step, now)
        assert await store.generation() > before
        ((_, line),) = await store.endpoints(None)
        assert (line.paused, line.paused_at, line.waiting, line.cursor) == (Pause.FAILING, now, 1, 4)
        assert await store.hold_line(endpoint.id, 1, now, now + DAY) is False
        await store.pause_endpoint(endpoint.id, None, now + 1)
        ((_, line),) = await store.endpoints(None)
        assert (line.paused, line.paused_at, line.failing_since) == (None, None, None)
        assert await store.due(endpoint.id, now + 1, 10) == [Waiting(2, now + 1, 0, now + 1)]
        await store.pause_endpoint(endpoint.id, Pause.MANUAL, now)
        assert (await store.endpoints(None))[0][1].paused is Pause.MANUAL

    async def test_asking_again_makes_events_due(self, store: Store, kit: Kit) -> None:
        """Those that wait already too, and each once."""
        endpoint, now = endpoint_of(kit), kit.clock.now()
        await store.add_endpoint(endpoint, 0)
        await store.hold_line(endpoint.id, 1, now, now + DAY)
        await store.keep_step(endpoint.id, 1, Step(9, again=[Waiting(3, now - 9, 4, now + DAY)]), now)
        await store.ask_again(endpoint.id, [1, 3], now)
        assert await store.due(endpoint.id, now, 10) == [Waiting(1, now, 0, now), Waiting(3, now, 0, now)]

    async def test_the_log_is_read_newest_first_and_shortened(self, store: Store, kit: Kit) -> None:
        """By event, by result, by pages; other workspaces see nothing; the oldest go first."""
        endpoint = endpoint_of(kit)
        await store.add_endpoint(endpoint, 0)
        log = [
            attempt_of(kit, endpoint, f"evt_{n % 2}", Result.FAILED if n == 3 else Result.DELIVERED) for n in range(5)
        ]
        for one in log:
            await store.add_attempt(one)
        mine = Filter(endpoint.id)
        assert await store.attempts(kit.workspace, mine) == log[::-1]
        assert await store.attempts(kit.ids(), mine) == []
        assert await store.attempts(kit.workspace, msgspec.structs.replace(mine, event="evt_1")) == [log[3], log[1]]
        assert await store.attempts(kit.workspace, msgspec.structs.replace(mine, result=Result.FAILED)) == [log[3]]
        page = msgspec.structs.replace(mine, before=log[3].id, limit=2)
        assert await store.attempts(kit.workspace, page) == [log[2], log[1]]
        assert await store.purge_attempts(log[3].id, 2) == 2
        assert await store.purge_attempts(log[3].id, 2) == 1
        assert await store.attempts(kit.workspace, mine) == [log[4], log[3]]
