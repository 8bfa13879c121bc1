"""Where workspaces belong to strangers, their providers are no way into the operator's network."""

from typing import Any

import pytest

from posthouse.channels.email.model import Outbound
from posthouse.channels.email.providers import PROVIDERS, ProviderContext
from posthouse.channels.email.providers.context import MailHost
from posthouse.channels.email.smtp.tls import verifying
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.delivery.outcomes import Accepted, Outcome, Refused
from posthouse.core.delivery.ports import Provider
from posthouse.core.kernel.clock import SystemClock
from posthouse.core.messages.model import Channel
from posthouse.testing.smtp_sink import SinkServer

HERE = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0", "[::ffff:127.0.0.1]", "[::1]"]


class Names:
    """Whatever one asks for is here."""

    async def mail_hosts(self, domain: str) -> tuple[MailHost, ...]:
        return (MailHost(10, domain),)

    async def addresses(self, _host: str) -> tuple[str, ...]:
        return ("127.0.0.1",)


class Freely:
    """A flight that may begin."""

    def may_begin(self) -> bool:
        return True

    def committed(self) -> None:
        """Left."""


def made(kind: str, *, trusted: bool, **settings: Any) -> Provider:
    context = ProviderContext(clock=SystemClock(), hostname="we.example", resolver=Names(), trusted=trusted)
    row = ProviderRow(b"p" * 16, b"w" * 16, "out", Channel.EMAIL, kind, settings, 0)
    return PROVIDERS[kind].create(row, {}, context)


async def sent(provider: Provider, *, manual_domain: bool = False) -> Outcome:
    mail = Outbound(
        b"m" * 16, "b@shop.example", ("a@b.example",), b"Subject: x\r\n\r\nx\r\n", "<1@x>", manual_domain=manual_domain
    )
    try:
        return await provider.send(mail, Freely())
    finally:
        await provider.close()


@pytest.mark.parametrize("host", HERE)
async def test_a_relay_of_strangers_reaches_no_private_address(host: str) -> None:
    """However loopback is written; nothing arrives, and nothing of an inner server's words comes back."""
    async with SinkServer() as sink:
        outcome = await sent(made("smtp", trusted=False, host=host, port=sink.port, tls="none", connect_timeout=2))
    assert not isinstance(outcome, Accepted)
    assert "private addresses" in outcome.text or "was not found" in outcome.text


async def test_direct_delivery_of_strangers_neither_whatever_they_set() -> None:
    """``allow_private`` is theirs to set, but not theirs to have."""
    async with SinkServer() as sink:
        given = {"port": sink.port, "tls": "none", "allow_private": True, "connect_timeout": 2}
        outcome = await sent(made("mx", trusted=False, **given))
        assert not isinstance(outcome, Accepted)
        assert isinstance(await sent(made("mx", trusted=True, **given)), Accepted)


async def test_loopback_of_strangers_carries_no_unproved_domain() -> None:
    """A relay on this machine often trusts whoever connects: a stranger could write as anybody."""
    async with SinkServer() as sink:
        way = made("smtp", trusted=False, host="127.0.0.1", port=sink.port, tls="none")
        assert isinstance(await sent(way, manual_domain=True), Refused)
        way = made("smtp", trusted=True, host="127.0.0.1", port=sink.port, tls="none")
        assert isinstance(await sent(way, manual_domain=True), Accepted)


@pytest.mark.parametrize("path", ["/dev/zero", "/"])
def test_a_certificate_file_must_be_a_file(path: str) -> None:
    """One that never ends would hold up every dispatcher."""
    with pytest.raises(OSError, match="no file"):
        verifying(path)
