"""What it costs to compose and sign one mail of 22 KB, against ``email.message`` with ``dkimpy`` and the RSA floor.

Rendering is left out on both sides: our composer is given the wire form that a release prints, the standard library the
same text. Run with ``python bench/compose.py [seconds]``.
"""

import sys
import time
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any

import dkim
import msgspec
from cryptography.hazmat.primitives import serialization

from posthouse.channels.email.compose import EmailComposer
from posthouse.channels.email.dkim import Key, Signer
from posthouse.channels.email.dkim_keys import ED25519, RSA, digest_signer, generate_keys
from posthouse.channels.email.model import Identity, Outbound
from posthouse.channels.email.verp import ReturnPaths
from posthouse.core.messages.model import Extras
from posthouse.core.templates.model import Category, Release, Rendered, Sender, UnknownPolicy, WireBody
from posthouse.core.templates.ports import LinkWriter
from posthouse.rendering.renderer import MinijinjaRenderer

NOW = 1_795_316_466_000_000
ROW = '<tr><td style="padding:8px;color:#333">Espresso cup, blue, no. {n}</td><td align="right">12.00 €</td></tr>\n'
HTML = "<html><body><table>\n" + "".join(ROW.format(n=n) for n in range(168)) + "</table></body></html>\n"
TEXT = "Thank you for your order.\n" + "".join(f"Espresso cup, blue, no. {n}: 12.00 €\n" for n in range(60))
SUBJECT = "Your order 1042 is confirmed"


class ReadyRenderer(MinijinjaRenderer):
    """Rendering costs nothing here."""

    def __init__(self) -> None:
        super().__init__()
        self.body = super().encode(Rendered(SUBJECT, HTML, TEXT))

    def plain(
        self,
        release: Release,
        variables: Mapping[str, Any],
        *,
        at: int | None = None,
        zone: str = "UTC",
        links: LinkWriter | None = None,
    ) -> Rendered:
        return Rendered(SUBJECT, HTML, TEXT)

    def wire(
        self,
        release: Release,
        variables: Mapping[str, Any],
        *,
        at: int | None = None,
        zone: str = "UTC",
        links: LinkWriter | None = None,
    ) -> WireBody:
        return self.body

    def encode(self, rendered: Rendered) -> WireBody:
        return self.body


class Letter(msgspec.Struct):
    id: bytes = bytes.fromhex("0199f0a2b3c47d5e8f90a1b2c3d4e5f6")
    workspace_id: bytes = bytes(range(16))
    recipient: str = "ann@people.example"
    recipient_name: str = "Ann Lee"
    variables: bytes = b"{}"
    created_at: int = NOW
    due_at: int = NOW


def release() -> Release:
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
        programs={},
        variables=(),
        schema={},
        created_at=NOW,
        sender=Sender("shop@shop.example", "The Shop"),
        reply_to=Sender("help@shop.example", "Help"),
    )


def identity(keys: list[Key]) -> Identity:
    sign = Signer("shop.example", keys, now=lambda: NOW) if keys else lambda headers, body: []
    return Identity(domain="shop.example", return_path="bounces.shop.example", manual=True, sign=sign)


def microseconds(work: Callable[[], object], seconds: float) -> float:
    """The best of five rounds, which is what the work costs when nobody disturbs."""
    work()
    best = float("inf")
    for _ in range(5):
        count, started = 0, time.perf_counter()
        while (spent := time.perf_counter() - started) < seconds / 5:
            work()
            count += 1
        best = min(best, spent / count)
    return best * 1e6


def standard_library() -> bytes:
    """The same mail by ``email.message``."""
    mail = EmailMessage()
    mail["From"] = "The Shop <shop@shop.example>"
    mail["To"] = "Ann Lee <ann@people.example>"
    mail["Reply-To"] = "Help <help@shop.example>"
    mail["Subject"] = SUBJECT
    mail["Date"] = formatdate(NOW / 1e6)
    mail["Message-ID"] = "<msg_01k7ra5cy4fnf8z451pb1x9sfp@shop.example>"
    mail.set_content(TEXT, cte="quoted-printable")
    mail.add_alternative(HTML, subtype="html", cte="quoted-printable")
    return mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))


def report(name: str, cost: float, against: str = "") -> None:
    print(f"{name:<58}{cost:9.1f} µs  {against}")


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    rsa_private, _ = generate_keys(RSA)
    sign_rsa = digest_signer(RSA, rsa_private)
    sign_ed = digest_signer(ED25519, generate_keys(ED25519)[0])
    composer = EmailComposer(ReadyRenderer(), ReturnPaths(b"0123456789abcdef"))
    message, extras, published = Letter(), Extras(), release()

    def compose(who: Identity) -> Callable[[], Outbound]:
        return lambda: composer.compose(message, extras, published, who, {})

    instant = Key("i", RSA, lambda digest: bytes(256))
    rsa_key, ed_key = Key("r1", RSA, sign_rsa), Key("e1", ED25519, sign_ed)
    size = len(compose(identity([]))().content)

    floor = microseconds(lambda: sign_rsa(bytes(32)), seconds)
    ed_floor = microseconds(lambda: sign_ed(bytes(32)), seconds)
    unsigned = microseconds(compose(identity([])), seconds)
    around = microseconds(compose(identity([instant])), seconds)
    with_rsa = microseconds(compose(identity([rsa_key])), seconds)
    with_both = microseconds(compose(identity([rsa_key, ed_key])), seconds)

    private_pem = serialization.load_der_private_key(rsa_private, None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    theirs = standard_library()
    their_compose = microseconds(standard_library, seconds)
    their_sign = microseconds(
        lambda: dkim.sign(theirs, b"r1", b"shop.example", private_pem, canonicalize=(b"relaxed", b"relaxed")), seconds
    )
    their_cost = their_compose + their_sign

    print(f"One mail of {size:,} bytes (theirs {len(theirs):,}), rendering left out, best of five rounds")
    report("RSA-2048 signature alone (the floor)", floor)
    report("Ed25519 signature alone", ed_floor)
    report("compose, unsigned", unsigned)
    report("sign, without the RSA signature itself", around - unsigned)
    report("compose and sign, without the RSA signature itself", around, "bar: 60")
    report("compose and sign, RSA", with_rsa, f"{with_rsa / floor:.2f} times the floor")
    report("compose and sign, RSA and Ed25519", with_both, f"{with_both / (floor + ed_floor):.2f} times both floors")
    report("EmailMessage", their_compose, f"{their_compose / unsigned:.0f} times ours")
    report("dkimpy, RSA", their_sign)
    report("EmailMessage and dkimpy, RSA", their_cost, f"RATIO {their_cost / with_rsa:.1f} times ours")


if __name__ == "__main__":
    main()
