"""One request to a stranger: where it may go, and how little it believes of what comes back."""

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Sequence

import pytest

from posthouse.channels.webhooks.connection import MOST_OF_ANSWER
from posthouse.channels.webhooks.network import MOST_LOOKUPS, SystemLookup
from posthouse.channels.webhooks.poster import SHOWN, HttpPoster
from posthouse.testing.smtp_tls import make_certificate
from posthouse.testing.webhook_receiver import Answer, Receiver

LOOPBACK = ("127.0.0.0/8",)
HEADERS = {"webhook-id": "evt_1", "content-type": "application/json"}


class Names:
    """Resolves names as told, and remembers what was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("shop.example/hook", "absolute URL"),
        ("ftp://shop.example/", "absolute URL"),
        ("http://shop.example/hook", "https"),
        ("https://user:secret@shop.example/", "user, password"),
        ("https://shop.example/#part", "fragment"),
        ("https://127.0.0.1/", "no public address"),
        ("https://10.0.0.1/", "no public address"),
        ("https://169.254.169.254/latest/meta-data", "no public address"),
        ("https://[::1]/", "no public address"),
        ("https://[::ffff:10.0.0.1]/", "no public address"),
        ("http://127.0.0.1/", "https"),
        ("https://" + "a" * 2000 + ".example/", "absolute URL"),
        ("https://", "absolute URL"),
        ("https://xn--a/", "absolute URL"),
        ("https://[64:ff9b:1::a00:1]/", "no public address"),
        ("https://shop.example/a HTTP/1.1\r\nX: y", "absolute URL"),
    ],
)
def test_bad_urls_are_told_at_once(url: str, word: str) -> None:
    """Before anything is kept."""
    assert word in HttpPoster(5).check(url)


@pytest.mark.parametrize("url", ["https://shop.example/hook?x=1", "https://8.8.8.8/", "https://shop.example:8443/"])
def test_good_urls_are_taken(url: str) -> None:
    """Public names and addresses, any port."""
    assert HttpPoster(5).check(url) == ""


def test_http_is_for_loopback_where_it_is_allowed() -> None:
    """And for nothing else, allowed or not."""
    assert HttpPoster(5, LOOPBACK).check("http://127.0.0.1:8000/") == ""
    assert HttpPoster(5, LOOPBACK).check("http://localhost:8000/") == ""
    assert HttpPoster(5, ["10.0.0.0/8"]).check("http://10.0.0.1/") != ""
    assert HttpPoster(5, ["10.0.0.0/8"]).check("https://10.0.0.1/") == ""


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["::1"],
        ["fe80::1%eth0"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        [],
    ],
)
async def test_a_name_that_leads_inside_is_not_followed(addresses: list[str]) -> None:
    """Whatever the way it is written: no connection is made."""
    async with Receiver() as receiver:
        poster = HttpPoster(5, lookup=Names(addresses))
        posted = await poster.post(f"https://hooks.example:{receiver.port}/", HEADERS, b"{}")
        await poster.close()
    assert (posted.status, posted.error.partition(":")[0], receiver.connections) == (None, "forbidden-address", 0)


async def test_of_several_addresses_only_the_good_ones_are_asked() -> None:
    """One that is public must not open the door for the others."""
    async with Receiver() as receiver:
        poster = HttpPoster(5, ["127.0.0.2/32"], lookup=Names(["127.0.0.1", "127.0.0.2"]))
        posted = await poster.post(f"https://hooks.example:{receiver.port}/", HEADERS, b"{}")
        await poster.close()
    assert (posted.status, posted.error.partition(":")[0], receiver.connections) == (None, "connection", 0)


async def test_a_name_is_resolved_once_and_connected_to_as_it_was_judged() -> None:
    """A name that changes its mind after the judgement (DNS rebinding) is not asked again; the certificate is still its own."""
    made = make_certificate(["hooks.example"])
    trusting = ssl.create_default_context(cadata=made.certificate.decode())
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    async with Receiver(context=made.context()) as receiver:
        poster = HttpPoster(5, LOOPBACK, context=trusting, lookup=names)
        port = receiver.port
        posted = await poster.post(f"https://hooks.example:{port}/a?b=c", HEADERS, b"{}")
        await poster.close()
    assert (posted.status, posted.body, names.asked) == (200, "ok", ["hooks.example"])
    assert receiver.received[0].headers["host"] == f"hooks.example:{port}"


async def test_names_that_hang_cost_one_thread_each_and_not_more_than_so_many() -> None:
    """A look-up cannot be called off: fifty requests to one name ask once, and the others are still resolved."""
    asked: list[str] = []
    going_on = threading.Event()

    def ask(host: str, port: int, type: int) -> list[tuple[int, int, int, str, tuple[str, int]]]:  # noqa: A002  its own name
        asked.append(host)
        if host != "quick.example":
            going_on.wait(30)
        return [(2, type, 6, "", ("192.0.2.1", port))]

    lookup = SystemLookup(ask)
    hanging = [asyncio.ensure_future(lookup("slow.example", 443)) for _ in range(50)]
    await asyncio.sleep(0)
    assert await lookup("quick.example", 443) == ["192.0.2.1"]
    hanging += [asyncio.ensure_future(lookup(f"{number}.example", 443)) for number in range(MOST_LOOKUPS - 1)]
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="too many"):
        await lookup("quick.example", 443)
    going_on.set()
    assert await asyncio.gather(*hanging) == [["192.0.2.1"]] * len(hanging)
    assert asked.count("slow.example") == 1
    assert await lookup("quick.example", 443) == ["192.0.2.1"]


async def test_what_the_machine_knows_is_resolved() -> None:
    """And what it does not is an error of the connection."""
    assert "127.0.0.1" in await SystemLookup()("localhost", 80)

    def ask(host: str, port: int, type: int) -> None:  # noqa: A002  its own name
        raise socket.gaierror("unknown name")

    with pytest.raises(OSError, match="unknown name"):
        await SystemLookup(ask)("shop.example", 443)


async def test_another_servers_certificate_is_refused() -> None:
    """TLS is checked against the name of the URL, not against the address."""
    made = make_certificate(["other.example"])
    trusting = ssl.create_default_context(cadata=made.certificate.decode())
    async with Receiver(context=made.context()) as receiver:
        poster = HttpPoster(5, LOOPBACK, context=trusting, lookup=Names(["127.0.0.1"]))
        posted = await poster.post(f"https://hooks.example:{receiver.port}/", HEADERS, b"{}")
        await poster.close()
    assert (posted.status, posted.error.partition(":")[0], receiver.received) == (None, "tls", [])


async def test_redirects_are_not_followed() -> None:
    """Not even to the same server: a redirect is an answer that is no success."""
    async with Receiver() as receiver:
        receiver.judge = lambda _: Answer(302, headers=(("location", receiver.url),))
        poster = HttpPoster(5, LOOPBACK)
        posted = await poster.post(receiver.url, HEADERS, b"{}")
        await poster.close()
    assert (posted.status, len(receiver.received)) == (302, 1)


async def test_a_server_that_hangs_costs_the_time_and_no_more() -> None:
    """Whether it says nothing or says it for ever."""
    async with Receiver(lambda _: Answer(seconds=30)) as receiver:
        poster = HttpPoster(0.2, LOOPBACK)
        began = time.monotonic()
        posted = await poster.post(receiver.url, HEADERS, b"{}")
        await poster.close()
    assert (posted.status, posted.error.partition(":")[0]) == (None, "timeout")
    assert time.monotonic() - began < 5
    assert posted.microseconds >= 200_000


async def test_an_endless_answer_is_cut_off() -> None:
    """The status counts; of the body little is read and less is kept."""
    async with Receiver(lambda _: Answer(500, endless=True)) as receiver:
        poster = HttpPoster(5, LOOPBACK)
        posted = await poster.post(receiver.url, HEADERS, b"{}")
        await poster.close()
    assert (posted.status, posted.body) == (500, "x" * SHOWN)
    assert MOST_OF_ANSWER > SHOWN


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("beginning", "again"),
    [(CHUNKED + b"0\r\n", b"x-%d: y\r\n"), (CHUNKED + b"1;a=", b"%d"), (CHUNKED, b"1;%0500d\r\na\r\n")],
    ids=["trailers", "a chunk's extension", "extensions"],
)
async def test_what_frames_an_answer_has_an_end(beginning: bytes, again: bytes) -> None:
    """Not only the body: for as long as it may take a server could send a gigabyte of it."""
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(beginning)
        with contextlib.suppress(OSError):
            while sent < 64_000_000:
                piece = b"".join(again % number for number in range(1_000))
                writer.write(piece)
                sent += len(piece)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        poster = HttpPoster(20, LOOPBACK)
        posted = await poster.post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", HEADERS, b"{}")
        await poster.close()
    assert (posted.status, posted.error) == (None, "protocol: there is too much around the body")
    assert sent < 32_000_000


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "0",
        "0.0.0.0",
        "localhost.",
        "[::127.0.0.1]",
        "①②⑦.⓪.⓪.①",
    ],
)
async def test_no_way_to_write_our_own_machine_leads_there(host: str) -> None:
    """With the machine's own resolver, which knows numbers of all kinds."""
    async with Receiver() as receiver:
        poster = HttpPoster(5)
        posted = await poster.post(f"https://{host}:{receiver.port}/", HEADERS, b"{}")
        await poster.close()
    assert (posted.status, receiver.connections) == (None, 0)
    assert posted.error.partition(":")[0] in {"forbidden-address", "connection"}


@pytest.mark.parametrize(
    "address",
    [
        "2002:7f00:1::",
        "2002:a00:1::1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "::ffff:0:127.0.0.1",
        "2001:0:a00:1:0:0:80ff:fffe",
        "0.0.0.0",
        "100.64.0.1",
        "192.0.0.8",
        "240.0.0.1",
        "255.255.255.255",
        "224.0.0.1",
        "fec0::1",
        "fd00::1",
    ],
)
async def test_no_address_that_ends_inside_is_connected_to(address: str) -> None:
    """6to4, NAT64, Teredo and translated IPv4, private and reserved networks, multicast: a name may lead to any of them."""
    poster = HttpPoster(5, lookup=Names([address]))
    posted = await poster.post("https://hooks.example/", HEADERS, b"{}")
    await poster.close()
    assert posted.error.startswith("forbidden-address: hooks.example has no public address")


async def test_a_name_that_changes_its_mind_is_judged_at_each_connection() -> None:
    """DNS rebinding between two requests: the second look-up is judged like the first, and nobody inside is asked."""
    async with Receiver(lambda _: Answer(headers=(("connection", "close"),))) as outside, Receiver() as inside:
        names = Names(["127.0.0.2"], ["127.0.0.1"])
        poster = HttpPoster(5, ["127.0.0.2/32"], lookup=names)
        for _ in range(2):
            posted = await poster.post(f"https://hooks.example:{inside.port}/", HEADERS, b"{}")
        await poster.close()
    assert posted.error.startswith("forbidden-address")
    assert (names.asked, inside.connections, outside.connections) == (["hooks.example"] * 2, 0, 0)


async def test_a_connection_is_used_again_until_the_other_side_closes_it() -> None:
    """Also when it says something that nobody asked for; what was closed meanwhile costs no event."""
    async with Receiver() as receiver:
        poster = HttpPoster(5, LOOPBACK)
        for _ in range(3):
            assert (await poster.post(receiver.url, HEADERS, b"{}")).status == 200
        assert receiver.connections == 1
        receiver.judge = lambda _: Answer(headers=(("connection", "close"),))
        assert (await poster.post(receiver.url, HEADERS, b"{}")).status == 200
        receiver.judge = lambda _: Answer(surplus=b"HTTP/1.1 408 X\r\ncontent-length: 0\r\n\r\n")
        for _ in range(3):
            assert (await poster.post(receiver.url, HEADERS, b"{}")).status == 200
        receiver.judge = lambda _: Answer(late=b"HTTP/1.1 408 X\r\ncontent-length: 0\r\n\r\n")
        before = receiver.connections
        async with asyncio.timeout(20):
            while receiver.connections == before:
                assert (await poster.post(receiver.url, HEADERS, b"{}")).status == 200
                await asyncio.sleep(0.05)
        receiver.hang_up()
        await asyncio.sleep(0)
        receiver.judge = lambda _: Answer(201)
        assert (await poster.post(receiver.url, HEADERS, b"{}")).status == 201
        await poster.close()


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", (200, "until the end", "")),
        (b"HTTP/1.0 204 No\r\n\r\n", (204, "", "")),
        (
            b"HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 103 X\r\nlink: a\r\n\r\nHTTP/1.1 202 A\r\ncontent-length: 2\r\n\r\nok",
            (202, "ok", ""),
        ),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", (200, "ok", "")),
        (b"HTTP/1.1 101 Up\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", (101, "", "")),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", (None, "", "protocol")),
        (b"HTTP/1.1 200 OK\r\ncontent-le", (None, "", "protocol")),
        (b"", (None, "", "protocol")),
        (b"SSH-2.0-OpenSSH\r\n", (None, "", "protocol")),
        (b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 1_000_000 + b"\r\n\r\n", (None, "", "protocol")),
        (b"HTTP/1.1 100 X\r\n\r\n" * 4_000, (None, "", "protocol")),
    ],
    ids=lambda value: value[:30].decode("latin-1") if isinstance(value, bytes) else None,
)
async def test_answers_of_all_kinds(raw: bytes, found: tuple[int | None, str, str]) -> None:
    """Whole ones count, with or without a length; what breaks off or is no HTTP does not."""
    async with Receiver(lambda _: Answer(raw=raw)) as receiver:
        poster = HttpPoster(5, LOOPBACK)
        posted = await poster.post(receiver.url, HEADERS, b"{}")
        await poster.close()
    assert (posted.status, posted.body, posted.error.partition(":")[0]) == found


async def test_retry_after_is_read_in_both_forms() -> None:
    """Seconds, or a date; nonsense is nothing."""
    async with Receiver() as receiver:
        poster = HttpPoster(5, LOOPBACK)
        found = []
        for word in ("120", "Fri, 31 Dec 2100 23:59:59 GMT", "soon", "-5"):
            receiver.judge = lambda _, word=word: Answer(503, headers=(("retry-after", word),))
            found.append((await poster.post(receiver.url, HEADERS, b"{}")).retry_after)
        await poster.close()
    assert found == [120_000_000, 86_400_000_000, None, None]


async def test_nobody_there_is_an_answer_too() -> None:
    """Refused connections and garbage end as words."""
    async with Receiver() as receiver:
        url = receiver.url
    poster = HttpPoster(5, LOOPBACK)
    posted = await poster.post(url, HEADERS, b"{}")
    await poster.close()
    assert (posted.status, posted.error.partition(":")[0]) == (None, "connection")
