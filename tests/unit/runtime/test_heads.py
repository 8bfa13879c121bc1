"""What could be read in two ways is not read at all: a proxy in front of us must not see other requests than we do."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator

import msgspec
import pytest
import uvicorn
from tests.unit.http.fakes import Stage

from posthouse.http.services import HttpSettings
from posthouse.runtime.hot_protocol import HotProtocol

NEXT = b"GET /healthz HTTP/1.1\r\nHost: next\r\nConnection: close\r\n\r\n"
GET = b"GET /healthz HTTP/1.1\r\n"
POST = b"POST /v1/messages HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
ONE = b"1\r\na\r\n0\r\n\r\n"


class Served:
    """A server, and what it wrote into its log."""

    def __init__(self, stage: Stage, port: int) -> None:
        self.stage = stage
        self.port = port

    async def told(self, *pieces: bytes) -> list[bytes]:
        """Everything that is answered, until the server closes the connection; each answer whole."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.02)
            async with asyncio.timeout(20):
                return re.split(rb"(?<=.)(?=HTTP/1\.1 \d)", await reader.read(), flags=re.DOTALL)
        finally:
            writer.close()


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    stage = await Stage(HttpSettings()).open()
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        stage.app, http=HotProtocol, loop="none", ws="none", lifespan="off", log_config=None, proxy_headers=False
    )
    server = uvicorn.Server(config)
    running = asyncio.ensure_future(server._serve([listener]))
    yield Served(stage, listener.getsockname()[1])
    server.should_exit = True
    await running


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


REFUSED = {
    "no host": (GET + b"\r\n", 400),
    "two hosts": (GET + b"Host: a\r\nHost: b\r\n\r\n", 400),
    "one host twice": (GET + b"Host: a\r\nHost: a\r\n\r\n", 400),
    "two hosts of old": (b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "host with a path": (GET + b"Host: a/b\r\n\r\n", 400),
    "host with a user": (GET + b"Host: a@b\r\n\r\n", 400),
    "two hosts in one": (GET + b"Host: a, b\r\n\r\n", 400),
    "endless host": (GET + b"Host: " + b"a" * 301 + b"\r\n\r\n", 400),
    "gzip and chunked": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + ONE, 501),
    "gzip and chunked in two": (POST + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + ONE, 501),
    "an unknown coding": (POST + b"Transfer-Encoding: xchunked\r\n\r\n" + ONE, 501),
    "chunked twice": (POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + ONE, 400),
    "chunked before": (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + ONE, 400),
    "chunked of old": (b"POST /v1/messages HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + ONE, 400),
    "both lengths": (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + ONE, 400),
    "both lengths, turned": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + ONE, 400),
    "a length twice": (POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400),
    "a length with a sign": (POST + b"Content-Length: +1\r\n\r\na", 400),
    "a length with an underscore": (POST + b"Content-Length: 1_0\r\n\r\na", 400),
    "a list of lengths": (POST + b"Content-Length: 1, 1\r\n\r\na", 400),
    "a folded line": (GET + b"Host: a\r\nX: a\r\n b\r\n\r\n", 400),
    "a folded coding": (POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + ONE, 400),
    "bare LF": (b"GET /healthz HTTP/1.1\nHost: a\n\n", 400),
    "one bare LF": (GET + b"Host: a\nX: b\r\n\r\n", 400),
    "a bare LF at the end": (GET + b"Host: a\r\n\n", 400),
    "bare CR": (GET + b"Host: a\r\nX: a\rY: c\r\n\r\n", 400),
    "a blank before the colon": (GET + b"Host: a\r\nX : b\r\n\r\n", 400),
    "NUL": (GET + b"Host: a\r\nX: a\0\r\n\r\n", 400),
    "HTTP of before": (b"GET /healthz\r\n\r\n", 400),
    "HTTP to come": (b"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", 400),
    "a target in letters of no alphabet": (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a target without a path": (b"GET http://[/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a chunk with a sign": (CHUNKED + b"+1\r\na\r\n0\r\n\r\n", 400),
    "a chunk with an underscore": (CHUNKED + b"1_0\r\n" + b"a" * 16 + b"\r\n0\r\n\r\n", 400),
    "a chunk in another notation": (CHUNKED + b"0x1\r\na\r\n0\r\n\r\n", 400),
    "a chunk with a blank": (CHUNKED + b"1 \r\na\r\n0\r\n\r\n", 400),
    "a chunk that overflows": (CHUNKED + b"1" + b"0" * 16 + b"\r\na\r\n0\r\n\r\n", 400),
    "a chunk between bare LF": (CHUNKED + b"1\na\n0\n\n", 400),
    "a chunk ended by LF": (CHUNKED + b"1\r\na\n0\r\n\r\n", 400),
    "a chunk extension with LF": (CHUNKED + b"1;a\nb\r\na\r\n0\r\n\r\n", 400),
    "a chunk longer than it says": (CHUNKED + b"1\r\nab\r\n0\r\n\r\n", 400),
    "many lines": (GET + b"Host: a\r\n" + b"x: y\r\n" * 100 + b"\r\n", 431),
    "20,000 lines": (GET + b"Host: a\r\n" + b"x: y\r\n" * 20_000 + b"\r\n", 431),
    "a long line": (GET + b"Host: a\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", 431),
    "a long target": (b"GET /" + b"y" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
    "a long head without an end": (GET + b"Host: a\r\nX: " + b"y" * 140_000, 431),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_has_no_single_meaning_is_refused_and_ends_the_connection(served: Served, name: str) -> None:
    """One answer, a problem document with the id that the log has; what stands behind is no request."""
    sent, expected = REFUSED[name]
    (answer,) = await served.told(sent + NEXT)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status(answer) == expected
    assert b"connection: close" in head
    problem = msgspec.json.decode(body)
    assert problem["status"] == expected
    assert f"x-request-id: {problem['request_id']}".encode() in head
    assert [(told.request_id, told.status) for told in served.stage.access] == [(problem["request_id"], expected)]


@pytest.mark.parametrize(
    "sent",
    [
        GET + b"Host:\r\n\r\n",
        GET + b"Host: shop.example:8025 \r\n\r\n",
        GET + b"Host: [::1]:80\r\n\r\n",
        GET + b"Host: a\r\n" + b"x: y\r\n" * 99 + b"\r\n",
        b"GET http://b/healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        GET.replace(b"1.1", b"1.0") + b"Connection: keep-alive\r\n\r\n",
        GET + b"Host: a\r\ntransfer-encoding: Chunked \r\n\r\n000001;name=value\r\na\r\n0\r\nX: y\r\n\r\n",
    ],
)
async def test_what_is_unusual_and_clear_is_answered(served: Served, sent: bytes) -> None:
    """No name, an address in brackets, a hundred lines, the whole address in the first line, chunks in capitals."""
    assert [status(answer) for answer in await served.told(sent + NEXT)][:1] == [200]


MESSAGE = b'{"to":"ann@shop.example","template":"welcome"}'


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/suppressions"])
@pytest.mark.parametrize("broken", [b"nonsense\r\n\r\n", GET + b"\r\n", CHUNKED + b"nonsense\r\n\r\n"])
async def test_a_refusal_comes_behind_the_answers_to_what_was_good(served: Served, path: str, broken: bytes) -> None:
    """Whoever was told 400 in place of 202 would send the message again."""
    good = (
        f"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {served.stage.live_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(MESSAGE)}\r\n\r\n"
    ).encode() + MESSAGE
    answers = await served.told(good + good + broken)
    first = 202 if path == "/v1/messages" else 422
    assert [status(answer) for answer in answers] == [first, first, 400]


async def test_a_body_that_breaks_off_in_nonsense_takes_its_own_answer(served: Served) -> None:
    """The request was handed on already when the chunk came that was none."""
    key = f"Authorization: Bearer {served.stage.live_key}\r\n".encode()
    answers = await served.told(CHUNKED.replace(b"Host", key + b"Host"), b"1\r\na\r\n", b"nonsense\r\n", b"more\r\n")
    assert [status(answer) for answer in answers] == [400]
