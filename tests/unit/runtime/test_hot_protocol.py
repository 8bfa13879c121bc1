"""The short way through the server says exactly what the long way says, and keeps the order of a connection."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple

import pytest
import uvicorn
from tests.unit.http.fakes import FakeMessages, Stage

from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.messages.submission import Caller, Receipt, Submission
from posthouse.http.services import HttpSettings
from posthouse.runtime.hot_protocol import HotProtocol

BODY = b'{"to":"ann@shop.example","template":"welcome"}'


class SlowMessages(FakeMessages):
    """Waits until it is told to go on."""

    gate: asyncio.Event | None = None

    async def accept(self, caller: Caller, items: Sequence[Submission]) -> list[Receipt | PosthouseError]:
        if self.gate is not None:
            await self.gate.wait()
        return await super().accept(caller, items)


class Counted(HotProtocol):
    """Counts the requests that went the short way."""

    short = 0

    async def _answer(self, *known: Any) -> None:
        Counted.short += 1
        await super()._answer(*known)


class Serving(NamedTuple):
    """A running server."""

    stage: Stage
    port: int
    server: uvicorn.Server
    running: "asyncio.Future[None]"


@pytest.fixture
async def serving() -> AsyncIterator[Serving]:
    stage = await Stage(HttpSettings(max_body=2_000), messages=SlowMessages).open()
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        stage.app, http=Counted, loop="none", ws="none", lifespan="off", log_config=None, server_header=False,
        date_header=False, proxy_headers=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    running = asyncio.ensure_future(server._serve([listener]))
    Counted.short = 0
    yield Serving(stage, listener.getsockname()[1], server, running)
    server.should_exit = True
    await running


def request(stage: Stage, body: bytes = BODY, path: str = "/v1/messages", *more: str) -> bytes:
    """A POST as clients write it."""
    lines = [
        f"POST {path} HTTP/1.1", "Host: a", f"Authorization: Bearer {stage.live_key}", "Content-Type: application/json",
        f"Content-Length: {len(body)}", *more,
    ]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def answers(port: int, *pieces: bytes, count: int = 1) -> list[bytes]:
    """What is answered to pieces written one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)
        return [await one_answer(reader) for _ in range(count)]
    finally:
        writer.close()


async def one_answer(reader: asyncio.StreamReader) -> bytes:
    """The next answer on a connection."""
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head)
        assert found, head
        return head + await reader.readexactly(int(found[1]))


def comparable(answer: bytes) -> tuple[bytes, set[bytes], bytes]:
    """Status line, headers and body, without what differs from request to request."""
    head, _, body = answer.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    plain = {header for header in headers if not header.startswith((b"x-request-id", b"content-length"))}
    return line, plain, re.sub(rb'msg_\w{26}|"request_id":"[^"]*"|"\w+_at":"[^"]*"', b"", body)


@pytest.mark.parametrize(
    "make",
    [
        request,
        lambda stage: request(stage, BODY, "/v1/messages", "X-Request-Id: mine-1"),
        lambda stage: request(stage, b"[" + BODY + b"," + BODY + b"]", "/v1/messages/batch"),
        lambda stage: request(stage, b'{"to":1}'),
        lambda stage: request(stage, b"no json"),
        lambda stage: request(stage, b""),
        lambda stage: request(stage, b" " * 3_000),
        lambda stage: request(stage).replace(b"Bearer ph_", b"Bearer pX_"),
        lambda stage: request(stage, BODY, "/v1/messages", "Idempotency-Key: \x01"),
        lambda stage: request(stage, BODY, "/v1/messages", "Content-Encoding: gzip"),
        lambda stage: request(stage, BODY, "/v1/messages?dry=1"),
    ],
)
async def test_both_ways_say_the_same(serving: Serving, make: Callable[[Stage], bytes]) -> None:
    """Whole in one piece, or body after head: the same status, headers and body."""
    whole = make(serving.stage)
    head, _, body = whole.partition(b"\r\n\r\n")
    (short,) = await answers(serving.port, whole)
    (long,) = await answers(
        serving.port, head + b"\r\nConnection: keep-alive\r\nExpect: nothing\r\n\r\n" + body[:3], body[3:]
    )
    assert comparable(short) == comparable(long)


@pytest.mark.parametrize(
    ("target", "short"),
    [
        (f"/c/{'A' * 40}", 1), (f"/o/{'A' * 40}.gif", 1), ("/k/posthouse.js", 0), (f"/u/{'A' * 40}", 1), ("/v/a", 1),
        (f"/c/{'A' * 40}?lang=fr", 0), ("/c/%41", 0), ("/c/", 0), ("/x/abc", 0),
    ],
)  # fmt: skip
async def test_addresses_in_mails_are_answered_alike_on_both_ways(serving: Serving, target: str, short: int) -> None:
    """Pages, pictures and redirects have headers of their own. What would have to be decoded goes the long way."""
    head = f"GET {target} HTTP/1.1\r\nHost: a\r\nAccept-Language: fr\r\n".encode()
    (one,) = await answers(serving.port, head + b"\r\n")
    assert Counted.short == short
    (other,) = await answers(serving.port, head + b"Content-Length: 3\r\n\r\n", b"abc")
    assert Counted.short == short
    assert comparable(one) == comparable(other)
    first, second = serving.stage.access[-2:]
    assert first.route == second.route
    assert "AAA" not in first.route


async def test_ordinary_requests_go_the_short_way(serving: Serving) -> None:
    """And those that came in pieces, expect something, or close the connection go the long one."""
    one = request(serving.stage)
    await answers(serving.port, one)
    assert Counted.short == 1
    await answers(serving.port, one[:-5], one[-5:])
    (last,) = await answers(serving.port, request(serving.stage, BODY, "/v1/messages", "Connection: close"))
    assert b"connection: close" in last
    await answers(serving.port, one.replace(b"POST", b"PUT"))
    assert Counted.short == 1


async def test_answers_come_in_the_order_of_the_requests(serving: Serving) -> None:
    """A client that does not wait for its answers gets them in order, whichever way each went."""
    bodies = [b'{"to":"ann@shop.example","template":"welcome","correlation":"%d"}' % number for number in range(5)]
    got = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    stream = b"".join(
        request(serving.stage, body, "/v1/messages", f"X-Request-Id: r{number}") for number, body in enumerate(bodies)
    )
    found = await answers(serving.port, got + stream + got + stream[:100], stream[100:] + got, count=13)
    ids = [(re.search(rb"x-request-id: r(\d)", answer) or [b"", b"-"])[1] for answer in found]
    assert ids == [b"-", b"0", b"1", b"2", b"3", b"4", b"-", b"0", b"1", b"2", b"3", b"4", b"-"]


async def test_a_stopping_server_answers_what_it_has_begun(serving: Serving) -> None:
    """And says that the connection ends."""
    gate = serving.stage.messages.gate = asyncio.Event()
    waiting = asyncio.ensure_future(answers(serving.port, request(serving.stage)))
    await asyncio.sleep(0.2)
    serving.server.should_exit = True
    await asyncio.sleep(0.3)
    assert not waiting.done()
    gate.set()
    (answer,) = await waiting
    assert answer.startswith(b"HTTP/1.1 202")
    assert b"connection: close" in answer
    await asyncio.wait_for(serving.running, 5)


async def test_a_client_that_goes_away_harms_nobody(serving: Serving) -> None:
    """Its message is kept; the server goes on."""
    gate = serving.stage.messages.gate = asyncio.Event()
    _, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(request(serving.stage))
    await asyncio.sleep(0.1)
    writer.transport.abort()
    await asyncio.sleep(0.1)
    gate.set()
    (answer,) = await answers(serving.port, request(serving.stage))
    assert answer.startswith(b"HTTP/1.1 202")
    assert len(serving.stage.messages.submissions) == 2


async def test_a_body_that_breaks_off_in_nonsense_is_refused(serving: Serving) -> None:
    """A chunk without a length, in one piece with its head."""
    broken = request(serving.stage).replace(b"Content-Length: %d" % len(BODY), b"Transfer-Encoding: chunked")
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(broken)
    assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    writer.close()


@pytest.mark.parametrize("pieces", [1, 2])
async def test_what_stands_behind_a_body_is_no_header(serving: Serving, pieces: int) -> None:
    """A proxy may let it through, so it must not replace what the proxy wrote (RFC 9110 §6.5.1); whichever way the request goes."""
    chunked = request(serving.stage, BODY, "/v1/messages", "X-Request-Id: of-the-head").replace(
        b"Content-Length: %d" % len(BODY), b"Transfer-Encoding: chunked"
    )
    framed = b"%x\r\n%b\r\n0\r\nX-Request-Id: of-the-end\r\nAuthorization: none\r\n\r\n" % (len(BODY), BODY)
    head = chunked.removesuffix(BODY)
    sent = [head + framed] if pieces == 1 else [head + framed[:9], framed[9:]]
    (answer,) = await answers(serving.port, *sent)
    assert answer.startswith(b"HTTP/1.1 202")
    assert b"x-request-id: of-the-head" in answer
    assert Counted.short == 2 - pieces


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/suppressions"])
@pytest.mark.parametrize("offer", ["Upgrade: h2c", "UPGRADE:websocket"])
@pytest.mark.parametrize("pieces", [1, 2])
async def test_an_offer_of_another_protocol_hides_no_request_in_a_body(
    serving: Serving, path: str, offer: str, pieces: int
) -> None:
    """The body is read as a body: whoever stands between us and clients counts its length too."""
    hidden = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    sent = request(serving.stage, hidden, path, "Connection: Upgrade", offer)
    head, _, body = sent.partition(b"\r\n\r\n")
    parts = [sent] if pieces == 1 else [head + b"\r\n\r\n", body]
    first, second = await answers(serving.port, *parts, b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n", count=2)
    assert first.startswith(b"HTTP/1.1 400")
    assert b"/problems/" in first
    assert b'"store":"ok"' in second


async def test_an_offer_of_another_protocol_is_ignored(serving: Serving) -> None:
    """Java's client offers HTTP/2 with its first request, and takes HTTP/1.1 as well (RFC 9110 §7.8)."""
    more = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAA")
    (answer,) = await answers(serving.port, request(serving.stage, BODY, "/v1/messages", *more))
    assert answer.startswith(b"HTTP/1.1 202")


async def test_an_offer_that_cannot_be_ignored_ends_the_connection(serving: Serving) -> None:
    """One that comes in two pieces was read already when it is known."""
    sent = request(
        serving.stage, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "/v1/messages", "Connection: Upgrade", "Upgrade: x"
    )
    cut = sent.index(b"Upgrade: x") + 3
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    for piece in (sent[:cut], sent[cut:]):
        writer.write(piece)
        await asyncio.sleep(0.05)
    async with asyncio.timeout(10):
        everything = await reader.read()
    writer.close()
    assert everything.startswith(b"HTTP/1.1 400")
    assert everything.count(b"HTTP/1.1") == 1
