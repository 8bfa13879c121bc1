"""Bodies are bounded in size, in time and in memory."""

import asyncio
from typing import Any

import pytest
from tests.unit.http.fakes import Stage

from posthouse.core.messages.errors import OverloadedError
from posthouse.http.bodies import BodyReader, ClientGoneError
from posthouse.http.errors import BadRequestError, RequestTimeoutError, TooLargeError
from posthouse.http.services import HttpSettings


class Wire:
    """Gives pieces of a body, then hangs or hangs up."""

    def __init__(self, *pieces: bytes, more: bool = False, gone: bool = False) -> None:
        self.pieces = list(pieces)
        self.more = more
        self.gone = gone
        self.asked = 0

    async def __call__(self) -> dict[str, Any]:
        self.asked += 1
        if self.pieces:
            piece = self.pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self.pieces) or self.more}
        if self.gone:
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError


def reader(**more: Any) -> BodyReader:
    return BodyReader(**{"limit": 10, "seconds": 0.05, "memory": 100, **more})


async def test_pieces_are_put_together() -> None:
    """In order, whatever their number."""
    assert await reader().read({}, Wire(b"abc", b"", b"defg")) == b"abcdefg"
    assert await reader().read({}, Wire(b"abc")) == b"abc"


async def test_a_length_over_the_limit_is_refused_before_the_first_byte() -> None:
    """Nothing is read, and the connection is to be closed."""
    wire = Wire(b"x")
    with pytest.raises(TooLargeError) as refused:
        await reader().read({b"content-length": b"11"}, wire)
    assert wire.asked == 0
    assert refused.value.headers["connection"] == "close"
    with pytest.raises(TooLargeError):
        await reader().read({b"content-length": b"9" * 5000}, wire)
    with pytest.raises(BadRequestError):
        await reader().read({b"content-length": b"-1"}, wire)


async def test_an_endless_body_is_refused_while_it_comes() -> None:
    """Without a length, reading stops at the limit."""
    wire = Wire(*[b"xxxx"] * 100)
    with pytest.raises(TooLargeError):
        await reader().read({}, wire)
    assert wire.asked == 3


@pytest.mark.parametrize("wire", [Wire(), Wire(b"ab", more=True)])
async def test_a_slow_body_is_given_up(wire: Wire) -> None:
    """Whether it never begins or never ends."""
    with pytest.raises(RequestTimeoutError):
        await reader().read({}, wire)


async def test_a_client_that_hangs_up_gets_no_answer() -> None:
    """There is nobody to answer."""
    with pytest.raises(ClientGoneError):
        await reader().read({}, Wire(b"ab", more=True, gone=True))


async def test_slow_clients_together_hold_only_so_much() -> None:
    """Beyond the memory for unfinished bodies the next one is refused; what ended is given back."""
    bodies = reader(seconds=0.2, memory=15)
    slow = [asyncio.create_task(bodies.read({}, Wire(b"1234567", more=True))) for _ in range(2)]
    await asyncio.sleep(0.01)
    with pytest.raises(OverloadedError):
        await bodies.read({}, Wire(b"12", more=True))
    results = await asyncio.gather(*slow, return_exceptions=True)
    assert all(isinstance(result, RequestTimeoutError) for result in results)
    assert await bodies.read({}, Wire(b"123456789", b"0")) == b"1234567890"


async def test_no_answer_is_sent_to_who_hung_up_and_the_log_says_499() -> None:
    """On the hot door and on the others."""
    stage = await Stage(HttpSettings(body_seconds=1)).open()
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    for path in ("/v1/messages", "/v1/keys"):
        headers = [(b"authorization", f"Bearer {stage.live_key}".encode())]
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "headers": headers,
            "query_string": b"",
            "client": None,
        }
        await stage.app(scope, Wire(b"{", more=True, gone=True), send)
    assert sent == []
    assert [record.status for record in stage.access] == [499, 499]


async def test_web_sockets_are_closed() -> None:
    """There are none."""
    stage = await Stage().open()
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await stage.app({"type": "websocket"}, Wire(), send)
    assert sent == [{"type": "websocket.close", "code": 1000}]
