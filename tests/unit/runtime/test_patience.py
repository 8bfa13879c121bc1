"""Sockets that never say what they want do not stay."""

import asyncio
import socket
import time
from typing import Any

import pytest
import uvicorn

from posthouse.runtime.patience import PatientProtocol


class Hasty(PatientProtocol):
    """As the server has it, with less patience."""

    head_seconds = 0.2


async def _hello(_scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def port() -> Any:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(_hello, http=Hasty, loop="none", ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server._serve([listener]))
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
