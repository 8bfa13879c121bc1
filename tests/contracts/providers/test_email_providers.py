"""The contract of e-mail providers, over each that we ship."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from posthouse.channels.email.model import Outbound
from posthouse.channels.email.providers import PROVIDERS, ProviderContext
from posthouse.channels.email.providers.context import MailHost
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.delivery.ports import Provider
from posthouse.core.kernel.clock import SystemClock
from posthouse.testing.providers import EmailProviderContract
from posthouse.testing.smtp_hostile import Fault, HostileServer

SCENES = {
    "fine": {},
    "refuse": {"RCPT": Fault(say=b"550 5.1.1 no such user\r\n")},
    "defer": {"RCPT": Fault(say=b"450 4.2.0 busy\r\n")},
    "silent": {"END": Fault(cut=True)},
    "throttle": {"MAIL": Fault(say=b"421 4.7.0 too many messages\r\n")},
}


class NameBook:
    """A domain name system with one domain, which is here."""

    async def mail_hosts(self, domain: str) -> Sequence[MailHost]:
        return [MailHost(10, f"mx.{domain}")]

    async def addresses(self, host: str) -> Sequence[str]:
        return ["127.0.0.1"]


class Shelf:
    """A sandbox store in memory."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    async def keep_sandbox(
        self, message_id: bytes, workspace_id: bytes, at: int, sender: str, recipients: Sequence[str], content: bytes
    ) -> None:
        self.kept.append(content)

    async def sandbox_list(self, workspace_id: bytes, limit: int, before: bytes | None) -> list[Any]:
        return []

    async def sandbox_message(self, workspace_id: bytes, message_id: bytes) -> None:
        return None


class Scenes(EmailProviderContract):
    """Sets the scenes for all three."""

    kind = ""

    @pytest.fixture(autouse=True)
    async def _stage(self) -> AsyncIterator[None]:
        self.shelf = Shelf()
        self.server: HostileServer | None = None
        async with AsyncExitStack() as self.stack:
            yield

    def made(self, **settings: Any) -> Provider:
        context = ProviderContext(
            clock=SystemClock(),
            hostname="client.example",
            resolver=NameBook(),
            sandbox=self.shelf,
            allow_private=True,
            chance=random.Random(1),
        )
        row = ProviderRow(b"p" * 16, b"w" * 16, "out", PROVIDERS[self.kind].channel, self.kind, settings, 0)
        return PROVIDERS[self.kind].create(row, {}, context)

    async def serve(self, scene: str) -> int:
        self.server = await self.stack.enter_async_context(HostileServer(SCENES[scene]))
        return self.server.port

    async def arrived(self) -> Sequence[bytes]:
        messages = self.server.messages if self.server else []
        return [message.content.replace(b"\r\n..", b"\r\n.") for message in messages] + self.shelf.kept

    def outbound(self, scene: str, *, manual_domain: bool = False) -> Outbound:
        return Outbound(
            b"m" * 16, "b@shop.example", ("ann@home.example",), self.CONTENT, "<1@x>", manual_domain=manual_domain
        )


class TestSmtp(Scenes):
    """Any relay."""

    kind = "smtp"

    async def provider(self, scene: str) -> Provider:
        return self.made(host="127.0.0.1", port=await self.serve(scene), tls="none", end_timeout=0.5)


class TestMx(Scenes):
    """Direct delivery."""

    kind = "mx"

    async def provider(self, scene: str) -> Provider:
        return self.made(port=await self.serve(scene), tls="none", end_timeout=0.5)


class TestSandbox(Scenes):
    """Nothing leaves; what it acts out is chosen by the address."""

    kind = "sandbox"

    async def provider(self, scene: str) -> Provider:
        return self.made()

    async def arrived(self) -> Sequence[bytes]:
        return self.shelf.kept

    def outbound(self, scene: str, *, manual_domain: bool = False) -> Outbound:
        local = {"refuse": "bounce+1", "defer": "Defer", "silent": "unknown", "throttle": "throttle"}.get(scene, "ann")
        out = super().outbound(scene, manual_domain=manual_domain)
        out.recipients = (f"{local}@home.example",)
        return out
