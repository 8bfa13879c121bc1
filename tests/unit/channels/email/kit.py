"""What the tests of composing share: a named fake of the renderer, a message, keys made once."""

import base64
import quopri
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from posthouse.channels.email.compose import EmailComposer
from posthouse.channels.email.dkim import Key, Signer
from posthouse.channels.email.dkim_keys import ED25519, RSA, digest_signer, generate_keys
from posthouse.channels.email.model import Identity
from posthouse.channels.email.verp import ReturnPaths
from posthouse.core.messages.model import Extras
from posthouse.core.templates.model import Release, Rendered, Sender, WireBody
from posthouse.core.templates.ports import LinkWriter

NOW = 1_795_316_466_000_000
MESSAGE_ID = bytes.fromhex("0199f0a2b3c47d5e8f90a1b2c3d4e5f6")


def quoted_printable(text: str) -> bytes:
    """The wire form as its port describes it, by the standard library (slow, and written on its own)."""
    lines = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        encoded = quopri.encodestring(line.encode(), quotetabs=True)
        lines.append(encoded.replace(b"\n", b"\r\n"))
    body = b"\r\n".join(lines)
    body = re.sub(rb"(?m)^\.", b"=2E", body)
    while len(body) >= 2 and body.endswith(b"\r\n"):
        body = body[:-2]
    wrapped = [_rewrapped(line) for line in body.split(b"\r\n")]
    return b"\r\n".join(wrapped) + b"\r\n"


def _rewrapped(line: bytes) -> bytes:
    """``=2E`` may have made a line too long."""
    if len(line) <= 76:
        return line
    cut = 72
    while b"=" in line[cut - 2 : cut]:
        cut -= 1
    head, tail = line[:cut], line[cut:]
    if tail.startswith(b"."):
        tail = b"=2E" + tail[1:]
    return head + b"=\r\n" + _rewrapped(tail)


class FakeRenderer:
    """Says what a release's programs say, with ``{name}`` replaced."""

    def plain(
        self,
        release: Release,
        variables: Mapping[str, Any],
        *,
        at: int | None = None,
        zone: str = "UTC",
        links: LinkWriter | None = None,
    ) -> Rendered:
        filled = {key: _fill(program, variables) for key, program in release.programs.items()}
        return Rendered(filled.get("subject", ""), filled.get("html"), filled.get("text", ""))

    def wire(
        self,
        release: Release,
        variables: Mapping[str, Any],
        *,
        at: int | None = None,
        zone: str = "UTC",
        links: LinkWriter | None = None,
    ) -> WireBody:
        return self.encode(self.plain(release, variables))

    def printed_links(
        self, release: Release, variables: Mapping[str, Any], *, at: int | None = None, zone: str = "UTC"
    ) -> list[tuple[int, str]]:
        return []

    def encode(self, rendered: Rendered) -> WireBody:
        html = None if rendered.html is None else quoted_printable(rendered.html)
        return WireBody(rendered.subject, html, quoted_printable(rendered.text))


def _fill(program: str, variables: Mapping[str, Any]) -> str:
    for name, value in variables.items():
        program = program.replace("{" + name + "}", str(value))
    return program


class Letter(msgspec.Struct):
    """A message as the composer reads it."""

    id: bytes = MESSAGE_ID
    workspace_id: bytes = bytes(range(16))
    recipient: str = "ann@people.example"
    recipient_name: str = "Ann"
    variables: bytes = b"{}"
    created_at: int = NOW
    due_at: int = NOW


@cache
def keys() -> dict[str, tuple[bytes, str]]:
    """A key of each algorithm: private (PKCS #8) and public (p=)."""
    return {algorithm: generate_keys(algorithm) for algorithm in (RSA, ED25519)}


SELECTORS = {RSA: "r1", ED25519: "e1"}


def signer(domain: str = "shop.example", now: Callable[[], int] = lambda: NOW, lifetime: int | None = None) -> Signer:
    opened = [Key(SELECTORS[name], name, digest_signer(name, private)) for name, (private, _) in keys().items()]
    return Signer(domain, opened, now=now, lifetime=lifetime)


def records(domain: str = "shop.example") -> dict[str, str]:
    """What DNS would say: name → TXT."""
    kinds = {RSA: "rsa", ED25519: "ed25519"}
    return {
        f"{SELECTORS[name]}._domainkey.{domain}": f"v=DKIM1; k={kinds[name]}; p={public}"
        for name, (_, public) in keys().items()
    }


def dnsfunc(domain: str = "shop.example") -> Callable[..., bytes | None]:
    """DNS for dkimpy."""
    found = records(domain)

    def look_up(name: Any, timeout: int = 5) -> bytes | None:
        word = name.decode() if isinstance(name, bytes) else name
        text = found.get(word.rstrip("."))
        return None if text is None else text.encode()

    return look_up


def identity(domain: str = "shop.example") -> Identity:
    return Identity(domain=domain, return_path=f"bounces.{domain}", manual=True, sign=signer(domain))


def unsigned(domain: str = "shop.example") -> Identity:
    return Identity(domain=domain, return_path=f"bounces.{domain}", manual=True, sign=lambda headers, body: [])


def composer() -> EmailComposer:
    return EmailComposer(FakeRenderer(), ReturnPaths(b"0123456789abcdef"))


def inline(**fields: Any) -> Extras:
    return Extras(**{"sender": Sender("shop@shop.example", "The Shop"), "subject": "Hello", "text": "Hi", **fields})


def release(**programs: str) -> Release:
    from posthouse.core.templates.model import Category, UnknownPolicy

    return Release(
        id=bytes(16),
        workspace_id=bytes(range(16)),
        template_id=bytes(16),
        template_key="order-confirmation",
        version=1,
        channel="email",
        locale="en",
        category=Category.TRANSACTIONAL,
        lane="normal",
        default_channel="email",
        default_locale="en",
        unknown_policy=UnknownPolicy.RESEND,
        programs=programs,
        variables=(),
        schema={},
        created_at=NOW,
        sender=Sender("shop@shop.example", "The Shop"),
    )


def raw_public(algorithm: str, public: str) -> Any:
    """The public key object of a ``p=`` value."""
    data = base64.b64decode(public)
    if algorithm == ED25519:
        return ed25519.Ed25519PublicKey.from_public_bytes(data)
    key = serialization.load_der_public_key(data)
    assert isinstance(key, rsa.RSAPublicKey)
    return key
