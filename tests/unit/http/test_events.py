"""The stream of events through the door: pages and live."""

import asyncio

import httpx
import msgspec
import pytest
from httpx import AsyncClient
from tests.unit.http.fakes import Stage

from posthouse.core.messages.following import MOST_OF_ONE
from posthouse.core.messages.model import Channel, Event, EventType
from posthouse.core.messages.stream import Told, read_cursor, show_cursor
from posthouse.http.services import HttpSettings


def told(
    stage: Stage, kind: EventType = EventType.SENT, *, live: bool = True, template: str | None = "welcome"
) -> Told:
    event = Event(stage.new_id(), stage.workspace_id, kind, stage.clock.now(), data={"retry_at": 0, "code": 250})
    return Told(event, live, Channel.EMAIL, template, "A-1", ("vip",))


async def test_a_page_goes_on_where_the_last_one_ended(client: AsyncClient, stage: Stage) -> None:
    """Every event once, in order, by `after` = `next`; at the end `more` is false and `next` stays good."""
    stage.stream.add(*(told(stage) for _ in range(5)))
    seen, after = [], ""
    while True:
        page = (await client.get(f"/v1/events?limit=2{after}")).json()
        seen += [item["id"] for item in page["items"]]
        after = f"&after={page['next']}"
        if not page["more"]:
            break
    assert seen == [show_cursor(number) for number in range(1, 6)]
    stage.stream.add(told(stage))
    page = (await client.get(f"/v1/events?limit=2{after}")).json()
    assert [item["id"] for item in page["items"]] == [show_cursor(6)]


async def test_an_event_says_what_the_timeline_says_and_no_more(client: AsyncClient, stage: Stage) -> None:
    """Instants are readable; there is neither an address nor a variable."""
    stage.stream.add(told(stage))
    (item,) = (await client.get("/v1/events")).json()["items"]
    assert set(item) == {"id", "type", "timestamp", "data"}
    assert set(item["data"]) == {"message", "mode", "channel", "template", "correlation", "tags", "facts"}
    assert item["type"] == "message.sent"
    assert item["data"]["facts"] == {"retry_at": "1970-01-01T00:00:00.000Z", "code": 250}


async def test_another_workspaces_events_are_told_neither_in_pages_nor_live(client: AsyncClient, stage: Stage) -> None:
    """Live all follow one reader, which reads everything."""

    def foreign() -> Told:
        one = told(stage)
        return msgspec.structs.replace(one, event=msgspec.structs.replace(one.event, workspace_id=stage.new_id()))

    stage.stream.add(foreign(), told(stage))

    async def later() -> None:
        await asyncio.sleep(0.1)
        stage.stream.add(foreign(), told(stage))

    adding = asyncio.create_task(later())
    live = await client.get("/v1/events/stream", headers={"last-event-id": show_cursor(0)})
    await adding
    assert [one["id"] for one in pieces(live)] == [show_cursor(2), show_cursor(4)]
    assert [item["id"] for item in (await client.get("/v1/events")).json()["items"]] == [show_cursor(2), show_cursor(4)]


async def test_a_test_key_sees_test_events_only(client: AsyncClient, stage: Stage) -> None:
    """As with messages; a live key sees the live ones unless it asks otherwise."""
    stage.stream.add(told(stage), told(stage, live=False))
    modes = {}
    for name, key, query in (
        ("test", stage.test_key, "?mode=all"),
        ("live", stage.live_key, ""),
        ("all", stage.live_key, "?mode=all"),
    ):
        found = await client.get(f"/v1/events{query}", headers={"authorization": f"Bearer {key}"})
        modes[name] = [item["data"]["mode"] for item in found.json()["items"]]
    assert modes == {"test": ["test"], "live": ["live"], "all": ["live", "test"]}


@pytest.mark.parametrize(
    ("query", "pointer", "word"),
    [
        ("after=nonsense", "/after", "`next`"),
        (f"after=evt_{'z' * 14}", "/after", "`next`"),
        ("type=message.sent&type=message.deliverd", "/type/1", "message.delivered"),
        ("message=msg_1", "/message", "msg_"),
    ],
)
async def test_bad_queries_are_told_where_and_what(client: AsyncClient, query: str, pointer: str, word: str) -> None:
    """A pointer to the parameter and what to write instead."""
    answer = await client.get(f"/v1/events?{query}")
    (problem,) = answer.json()["errors"]
    assert (answer.status_code, problem["pointer"]) == (422, pointer)
    assert word in problem["detail"]


def test_cursors_sort_like_the_events() -> None:
    """Shown and read again for every number that a store can give."""
    numbers = [0, 1, 31, 32, 10**6, 2**53, 2**63 - 1]
    assert [read_cursor(show_cursor(number)) for number in numbers] == numbers
    assert sorted(map(show_cursor, numbers)) == list(map(show_cursor, numbers))


async def test_the_stream_needs_the_scope(client: AsyncClient, stage: Stage) -> None:
    """`messages:read`, for pages and live."""
    headers = {"authorization": f"Bearer {await stage.key('messages:write')}"}
    for path in ("/v1/events", "/v1/events/stream"):
        assert (await client.get(path, headers=headers)).json()["type"] == "/problems/missing-scope"


def pieces(answer: httpx.Response) -> list[dict[str, str]]:
    """The events of a stream, comments left out."""
    found = []
    for block in answer.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            found.append(fields)
    return found


async def test_last_event_id_resumes(client: AsyncClient, stage: Stage) -> None:
    """What came after it, then what happens meanwhile, filtered alike; heartbeats between."""
    stage.stream.add(told(stage), told(stage), told(stage, EventType.BOUNCED))

    async def later() -> None:
        await asyncio.sleep(0.1)
        stage.stream.add(told(stage, EventType.DEFERRED), told(stage))

    adding = asyncio.create_task(later())
    headers = {"last-event-id": show_cursor(1)}
    answer = await client.get("/v1/events/stream?type=message.sent&type=message.bounced", headers=headers)
    await adding
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [one["id"] for one in pieces(answer)] == [show_cursor(number) for number in (2, 3, 5)]
    assert [one["event"] for one in pieces(answer)][:2] == ["message.sent", "message.bounced"]
    assert msgspec.json.decode(pieces(answer)[0]["data"])["id"] == show_cursor(2)
    assert "\n: \n" in answer.text


async def test_without_a_cursor_only_news_is_told(client: AsyncClient, stage: Stage) -> None:
    """What happened before stays where it is."""
    stage.stream.add(told(stage))
    assert pieces(await client.get("/v1/events/stream")) == []


async def test_head_of_the_stream_ends_at_once(client: AsyncClient) -> None:
    """A client that only wants to know the headers is not kept."""
    answer = await client.head("/v1/events/stream")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_a_revoked_key_hears_nothing_more(client: AsyncClient, stage: Stage) -> None:
    """The stream ends with the next heartbeat."""
    secret = await stage.key("messages:read")
    key = next(one for one in await stage.keys.list(stage.workspace_id) if one.hint == secret[-4:])
    following = asyncio.create_task(client.get("/v1/events/stream", headers={"authorization": f"Bearer {secret}"}))
    await asyncio.wait_for(stage.stream.followed.wait(), 10)
    await stage.keys.revoke(stage.workspace_id, key.id)
    stage.clock.advance(1_000_000)
    await asyncio.sleep(0.08)
    stage.stream.add(told(stage))
    assert pieces(await following) == []


async def test_a_revoked_key_hears_nothing_more_of_a_busy_stream_either() -> None:
    """Where events leave no time for a heartbeat."""
    stage = await Stage(settings=HttpSettings(heartbeat_seconds=0.2, stream_seconds=600.0)).open()
    secret = await stage.key("messages:read")
    key = next(one for one in await stage.keys.list(stage.workspace_id) if one.hint == secret[-4:])
    headers = {"authorization": f"Bearer {secret}"}
    async with AsyncClient(transport=httpx.ASGITransport(stage.app), base_url="http://posthouse.example") as client:
        following = asyncio.create_task(client.get("/v1/events/stream", headers=headers))
        await asyncio.wait_for(stage.stream.followed.wait(), 10)
        await stage.keys.revoke(stage.workspace_id, key.id)
        stage.clock.advance(1_000_000)
        async with asyncio.timeout(20):
            while not following.done():
                stage.stream.add(told(stage))
                await asyncio.sleep(0.005)
        assert (await following).status_code == 200


async def test_a_key_holds_so_many_streams(client: AsyncClient) -> None:
    """One more is refused with a problem, and a place is free again when one ends."""
    answers = await asyncio.gather(*(client.get("/v1/events/stream") for _ in range(MOST_OF_ONE + 1)))
    assert sorted(answer.status_code for answer in answers) == [200] * MOST_OF_ONE + [429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["type"] == "/problems/too-many-streams"
    assert (await client.get("/v1/events/stream")).status_code == 200
