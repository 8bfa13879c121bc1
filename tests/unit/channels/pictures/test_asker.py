"""Pictures on other hosts: what their answers mean, where nobody is asked, and how long it takes at the most."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from posthouse.channels.pictures.asker import AT_ONCE, MOST, WebPictures

LOOPBACK = ("127.0.0.0/8",)
OK = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n"
ANSWERS = {
    "/small.png": f"{OK}content-length: 300\r\n\r\n",
    "/ranged.png": "HTTP/1.1 206 Partial\r\ncontent-type: image/png\r\ncontent-range: bytes 0-0/2000000\r\n\r\nx",
    "/large.png": f"{OK}content-length: 1048577\r\n\r\n",
    "/unsaid.png": f"{OK}\r\n{'x' * 400}",
    "/endless.png": f"{OK}transfer-encoding: chunked\r\n\r\n" + f"{100_000:x}\r\n{'x' * 100_000}\r\n" * 11,
    "/gone.png": "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
    "/page.png": "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 10\r\n\r\n",
    "/busy.png": "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n",
    "/moved.png": "HTTP/1.1 301 Moved\r\nlocation: /small.png\r\ncontent-length: 0\r\n\r\n",
    "/inside.png": "HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/small.png\r\ncontent-length: 0\r\n\r\n",
    "/round.png": "HTTP/1.1 302 Found\r\nlocation: /round.png\r\ncontent-length: 0\r\n\r\n",
    "/noise.png": "what?\r\n\r\n",
}


class Host:
    """Answers as :data:`ANSWERS` says; ``/hang`` never."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open = 0
        self.most = 0
        self.over = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        self.asked.append(path)
        self.open += 1
        self.most = max(self.most, self.open)
        await (self.over.wait() if path.startswith("/hang") else asyncio.sleep(0.01))
        writer.write(ANSWERS.get(path, ANSWERS["/gone.png"]).encode())
        writer.close()
        self.open -= 1


@asynccontextmanager
async def host() -> AsyncIterator[tuple[Host, str]]:
    made = Host()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    try:
        yield made, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        made.over.set()
        while made.open:
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("path", "verdict", "size", "word"),
    [
        ("/small.png", "found", 300, ""),
        ("/ranged.png", "found", 2_000_000, ""),
        ("/large.png", "found", 1_048_577, ""),
        ("/unsaid.png", "found", 400, ""),
        ("/endless.png", "found", 1_048_577, "over 1 MB"),
        ("/moved.png", "found", 300, ""),
        ("/gone.png", "missing", None, "404"),
        ("/page.png", "missing", None, "text/html"),
        ("/busy.png", "unjudged", None, "503"),
        ("/inside.png", "unjudged", None, "no public address"),
        ("/round.png", "unjudged", None, "redirects"),
        ("/noise.png", "unjudged", None, ""),
    ],
)
async def test_what_an_answer_means(path: str, verdict: str, size: int | None, word: str) -> None:
    """There, not there, or not to be judged: what is not sure is never called missing."""
    async with host() as (_, base):
        asked = (await WebPictures(LOOPBACK).ask([base + path]))[base + path]
    assert (asked.verdict, asked.size) == (verdict, size)
    assert word in asked.words


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}/small.png", "http://[::ffff:127.0.0.1]:{port}/small.png"])
async def test_nobody_inside_is_asked(address: str) -> None:
    """Our own machine and networks, however they are written."""
    async with host() as (made, base):
        wanted = address.format(port=base.rpartition(":")[2])
        asked = (await WebPictures().ask([wanted]))[wanted]
    assert (asked.verdict, made.asked) == ("unjudged", [])
    assert "no public address" in asked.words


async def test_a_name_that_leads_inside_is_not_asked() -> None:
    """The address is judged that is connected to, not the name."""

    async def inside(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async with host() as (made, base):
        wanted = f"http://pictures.shop.org:{base.rpartition(':')[2]}/small.png"
        asked = (await WebPictures(lookup=inside).ask([wanted]))[wanted]
    assert (asked.verdict, made.asked) == ("unjudged", [])


async def test_a_redirect_to_a_name_that_leads_inside_is_not_followed() -> None:
    """Each place on the way is looked up and judged by itself, also the same name once more (DNS rebinding)."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def rebound(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    async with host() as (made, base):
        wanted = f"http://pictures.shop.org:{base.rpartition(':')[2]}/moved.png"
        asked = (await WebPictures(LOOPBACK, lookup=rebound).ask([wanted]))[wanted]
    assert (asked.verdict, made.asked, answers) == ("unjudged", ["/moved.png"], [])
    assert "no public address" in asked.words


async def test_names_for_examples_are_not_looked_up() -> None:
    """They lead nowhere by definition, and the lint has a rule for them."""

    async def never(host: str, port: int) -> Sequence[str]:
        raise AssertionError(host)

    wanted = "https://cdn.shop.example/a.png"
    assert (await WebPictures(lookup=never).ask([wanted]))[wanted].verdict == "unjudged"


async def test_many_are_asked_side_by_side_but_not_all_at_once() -> None:
    """Each address once, so many at a time, so many in all."""
    async with host() as (made, base):
        addresses = [f"{base}/{number}.png" for number in range(MOST + 5)]
        found = await WebPictures(LOOPBACK).ask([*addresses, *addresses])
    assert len(made.asked) == MOST
    assert 1 < made.most <= AT_ONCE
    assert [one.verdict for one in found.values()].count("unjudged") == 5


async def test_a_host_that_hangs_is_not_waited_for() -> None:
    """The others are judged, and the lint ends."""
    async with host() as (_, base):
        wanted = [*[f"{base}/hang{number}" for number in range(MOST - 1)], f"{base}/small.png"]
        found = await WebPictures(LOOPBACK, seconds=0.2, all_seconds=1).ask(wanted)
    assert {one.verdict for one in found.values()} == {"unjudged"}
