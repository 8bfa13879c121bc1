"""The strict mail server of the test kit: what it refuses, and what it lets pass."""

import asyncio
import smtplib
from asyncio import to_thread

import pytest

from posthouse.testing.smtp_sink import SinkServer


def deliver(port: int, raw: bytes) -> tuple[int, bytes]:
    """Bytes as they are, behind DATA; the reply to them."""
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        client.ehlo()
        client.mail("a@a.example")
        client.rcpt("b@b.example")
        client.putcmd("DATA")
        assert client.getreply()[0] == 354
        client.sock.sendall(raw)
        return client.getreply()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"S: x\r\n\r\nfine\r\n.\r\n", 250),
        (b"S: x\r\n\r\n..stuffed\r\n..\r\n...more\r\n.\r\n", 250),
        (b"..first\r\n.\r\n", 250),
        (b"S: x\r\n\r\n.unstuffed\r\n.\r\n", 554),
        (b".first\r\n.\r\n", 554),
        (b"S: x\r\n\r\n" + b"x" * 998 + b"\r\n.\r\n", 250),
        (b"S: x\r\n\r\n" + b"x" * 1000 + b"\r\n.\r\n", 554),
        (b"S: x\n\r\nbare\r\n.\r\n", 554),
        (b"S: x\r\r\n\r\nbare\r\n.\r\n", 554),
        ("S: é\r\n\r\n.\r\n".encode(), 554),
    ],
)
async def test_what_would_not_pass_elsewhere_does_not_pass_here(raw: bytes, code: int) -> None:
    """Dots, lines, bare ends and unannounced octets."""
    async with SinkServer() as sink:
        reply, _ = await to_thread(deliver, sink.port, raw)
        assert reply == code
        assert len(sink.messages) == (code == 250)


async def test_a_pause_keeps_the_order_of_the_answers() -> None:
    """What comes behind a message is answered behind it, however long the sink waits (RFC 2920 §3.2)."""
    async with SinkServer(pause=0.1) as sink:
        reader, writer = await asyncio.open_connection("127.0.0.1", sink.port)
        try:
            envelope = b"MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n"
            writer.write(b"EHLO here\r\n" + envelope)
            while not (await reader.readline()).startswith(b"354"):
                pass
            writer.write(b"S: x\r\n\r\nfine\r\n.\r\n" + envelope)
            answers = [(await asyncio.wait_for(reader.readline(), 5)).split()[1] for _ in range(4)]
        finally:
            writer.close()
    assert answers == [b"2.0.0", b"2.1.0", b"2.1.5", b"go"]
