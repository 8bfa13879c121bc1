"""Sockets that never say what they want do not stay."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from posthouse.http.live import LiveAnswer
from posthouse.runtime.patience import PatientProtocol


class Hasty(PatientProtocol):
    """As the server has it, with less patience."""

    head_seconds = 0.2
    write_seconds = 0.5
    state: ServerState
    """Of the server that runs."""


async def _hello(_scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def _echo(_scope: Any, receive: Any, send: Any) -> None:
    said, more = b"", True
    while more:
        message = await receive()
        said, more = said + message["body"], message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
    await send({"type": "http.response.body", "body": said})


async def _live(_scope: Any, receive: Any, send: Any) -> None:
    """A stream that goes on for as long as somebody takes it, as events do; then it is let go."""

    async def pieces() -> AsyncGenerator[bytes, None]:
        for _ in range(1_000):
            yield b"data: " + b"x" * 8_000 + b"\n\n"

    async def allowed() -> None:
        return

    await LiveAnswer(pieces(), contextlib.nullcontext(), allowed, 0.2, 60)(_scope, receive, send)


async def _large(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"8000000")]})
    for _ in range(1_000):
        await send({"type": "http.response.body", "body": b"x" * 8_000, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def port(request: pytest.FixtureRequest) -> Any:
    listener = socket.create_server(("127.0.0.1", 0))
    app = getattr(request, "param", _hello)
    config = uvicorn.Config(app, http=Hasty, loop="none", ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server._serve([listener]))
    Hasty.state = server.server_state
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving


@pytest.mark.parametrize(
    "beginning", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT"]
)
async def test_an_unfinished_head_is_left(port: int, beginning: bytes) -> None:
    """Nothing at all, half a head, and half a head after a whole request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    writer.write(beginning)
    try:
        async with asyncio.timeout(5):
            await reader.read()
    except ConnectionResetError:
        pass
    assert time.monotonic() - began < 2
    writer.close()


async def test_a_slow_body_and_a_second_request_are_no_head(port: int) -> None:
    """Only heads are hurried; bodies have a limit of their own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
        await asyncio.sleep(0.5)
        writer.write(b"cd")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    writer.close()


async def _go_on(writer: asyncio.StreamWriter, more: bytes) -> None:
    """Eight million octets."""
    for _ in range(1_000):
        writer.write(more)
        await writer.drain()


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
        b"GET /",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
    ],
)
async def test_what_is_no_body_is_bounded(port: int, beginning: bytes) -> None:
    """Headers, one header, the target, or what stands behind the last chunk: somebody goes on and on."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    more = b"x" * 8_000 if beginning.endswith((b"/", b" ")) else b"x: " + b"y" * 8_000 + b"\r\n"
    writer.write(beginning)
    try:
        async with asyncio.timeout(10):
            with pytest.raises(ConnectionError):
                await _go_on(writer, more)
    finally:
        writer.transport.abort()


async def test_a_long_body_is_no_long_head(port: int) -> None:
    """In one piece or in chunks, twice on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    piece = b"x" * 50_000
    for _ in range(2):
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n")
        writer.writelines([piece] * 60)
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.writelines([b"c350\r\n" + piece + b"\r\n"] * 60 + [b"0\r\n\r\n"])
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    writer.close()


@pytest.mark.parametrize("port", [_echo], indirect=True)
@pytest.mark.parametrize("cut", [0, 2, 4, 12])
async def test_a_body_is_left_as_it_is_wherever_its_head_was_cut(port: int, cut: int) -> None:
    """Only heads are read for offers of another protocol: a text with such a line stays whole, even behind the last line of its head."""
    head, body = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 19", b"To Ann\nUpgrade: 1\r\n"
    whole = head + b"\r\n\r\n" + body + b"\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in (whole[: len(head) + cut], whole[len(head) + cut :]):
        writer.write(piece)
        await asyncio.sleep(0.05)
    async with asyncio.timeout(10):
        assert (await reader.readuntil(b"Upgrade: 1")).endswith(b"To Ann\nUpgrade: 1")
    writer.close()


def _asking(port: int) -> socket.socket:
    """A client that takes little at a time."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.connect(("127.0.0.1", port))
    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    return client


@pytest.mark.parametrize("port", [_large, _live], indirect=True)
async def test_who_does_not_read_is_left(port: int) -> None:
    """A page and a stream alike, also when the server has closed it already: neither memory, nor a socket, nor a task is kept."""
    with _asking(port):
        async with asyncio.timeout(20):
            while not Hasty.state.connections:
                await asyncio.sleep(0.02)
            while Hasty.state.connections or Hasty.state.tasks:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("port", [_large], indirect=True)
async def test_who_reads_slowly_gets_everything(port: int) -> None:
    """It is nothing being taken that ends it, not how long it takes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    have = 0
    async with asyncio.timeout(60):
        while have < 8_000_000:
            piece = await reader.read(200_000)
            assert piece
            have += len(piece)
            await asyncio.sleep(0.03)
    writer.close()
