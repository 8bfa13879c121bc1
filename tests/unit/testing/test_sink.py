"""The strict mail server of the test kit: what it refuses, and what it lets pass."""

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
