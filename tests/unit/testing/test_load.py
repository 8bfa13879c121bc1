"""The load generator, against a server that notes what it is asked."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator

import pytest

from posthouse.testing.load import NUMBER, Generator, Wanted, percentile

Asked = list[tuple[str, object]]


@pytest.fixture
async def server() -> AsyncIterator[tuple[int, Asked]]:
    """Answers 202, in two pieces; a number that ends in 13 is refused."""
    asked: Asked = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                body = json.loads(await reader.readexactly(length))
                asked.append((head.split()[1].decode(), body))
                wrong = isinstance(body, dict) and body["n"].endswith("13")
                writer.write(b"HTTP/1.1 %s\r\ncontent-length: 4\r\n" % (b"422 no" if wrong else b"202 yes"))
                await asyncio.sleep(0)
                writer.write(b"\r\nfour")
        except asyncio.IncompleteReadError:
            writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with running:
        yield running.sockets[0].getsockname()[1], asked


async def load(port: int, **wanted: object):
    generator = Generator(Wanted(port=port, key="k", body=json.dumps({"n": NUMBER}), **wanted))
    return await asyncio.to_thread(generator.run)


async def test_every_number_is_sent_once(server: tuple[int, Asked]) -> None:
    """From the first on, over all connections."""
    port, asked = server
    found = await load(port, count=40, connections=4, first=100)
    assert sorted(body["n"] for _, body in asked) == [f"{number:07}" for number in range(100, 140)]
    assert (found.requests, found.refused) == (40, 1)
    assert 0 < found.p50 <= found.p99 <= found.longest


async def test_batches_hold_their_numbers(server: tuple[int, Asked]) -> None:
    """Ten messages in each of three requests."""
    port, asked = server
    await load(port, count=3, connections=2, batch=10)
    assert {path for path, _ in asked} == {"/v1/messages/batch"}
    assert sorted(item["n"] for _, body in asked for item in body) == [f"{number:07}" for number in range(30)]


async def test_a_schedule_is_kept(server: tuple[int, Asked]) -> None:
    """With a rate each request begins when it is due, whatever the answers do."""
    found = await load(server[0], count=10, rate=100.0, starts=True)
    gaps = [later - earlier for earlier, later in zip(found.starts, found.starts[1:], strict=False)]
    assert gaps == pytest.approx([0.01] * 9)


async def test_a_server_that_hangs_up_is_told() -> None:
    """Never an endless wait."""
    running = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with running:
        with pytest.raises(OSError, match=r"hung up|reset|pipe"):
            await load(running.sockets[0].getsockname()[1], count=1)
    assert threading.active_count() < 50


def test_percentiles_stay_inside_the_list() -> None:
    """One value is every percentile."""
    assert percentile([1.0], 0.99) == 1.0
    assert percentile([float(n) for n in range(100)], 0.99) == 99.0
