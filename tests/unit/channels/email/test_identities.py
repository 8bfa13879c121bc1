"""Who we write as."""

from collections.abc import Sequence

import msgspec
import pytest
from tests.unit.channels.email.kit import NOW, SELECTORS, keys

from posthouse.channels.email.dkim_keys import PURPOSE, DkimKeyError
from posthouse.channels.email.identities import EmailIdentities
from posthouse.core.kernel.cache import FRESH_FOR
from posthouse.core.workspaces.model import DkimKey, Domain, Verification
from posthouse.testing.clock import FakeClock

WORKSPACE = bytes(16)


class FakeBox:
    """Seals by turning bytes around, and remembers the purpose."""

    def __init__(self) -> None:
        self.opened = 0

    def seal(self, secret: bytes, *, purpose: str) -> bytes:
        return purpose.encode() + b"|" + secret[::-1]

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        self.opened += 1
        name, _, secret = sealed.partition(b"|")
        if name != purpose.encode():
            raise ValueError(name)
        return secret[::-1]

    def digest(self, secret: str) -> bytes:
        return secret.encode().ljust(32)


class FakeDomains:
    """A workspace store as far as identities read it."""

    def __init__(self, *domains: Domain) -> None:
        self.all = list(domains)
        self.at = 1
        self.reads = 0

    async def generation(self) -> int:
        return self.at

    async def domains(self, workspace_id: bytes) -> Sequence[Domain]:
        self.reads += 1
        return [domain for domain in self.all if domain.workspace_id == workspace_id]


BOX = FakeBox()


def domain(name: str, verification: Verification = Verification.DNS, workspace_id: bytes = WORKSPACE) -> Domain:
    sealed = tuple(
        DkimKey(SELECTORS[kind], kind, BOX.seal(private, purpose=PURPOSE), public)
        for kind, (private, public) in reversed(keys().items())
    )
    return Domain(bytes(16), workspace_id, name, verification, NOW, f"bounces.{name}", f"links.{name}", sealed)


def identities(*domains: Domain, clock: FakeClock | None = None) -> tuple[EmailIdentities, FakeDomains, FakeBox]:
    store, box = FakeDomains(*domains), FakeBox()
    return EmailIdentities(store, box, clock or FakeClock(NOW)), store, box  # type: ignore[arg-type]


async def test_an_exact_domain_signs_with_all_its_keys() -> None:
    """The sender's domain, in any case and form, gives its return path and signatures, RSA on top."""
    subject, _, _ = identities(domain("shop.example"), domain("xn--exmple-cua.com", Verification.MANUAL))
    found = await subject.identity(WORKSPACE, "orders@SHOP.example")
    assert found is not None
    assert (found.domain, found.return_path, found.manual) == ("shop.example", "bounces.shop.example", False)
    signatures = [value for _, value in found.sign([("From", "a@shop.example")], b"\r\n")]
    assert ["a=rsa-sha256" in signatures[0], "a=ed25519-sha256" in signatures[1]] == [True, True]
    wide = await subject.identity(WORKSPACE, "a@exämple.com")
    assert wide is not None
    assert wide.manual


@pytest.mark.parametrize(
    "sender",
    ["a@mail.shop.example", "a@example", "a@other.example", "a@pending.example", "a@theirs.example", "a", "", "a@é é"],
)
async def test_nothing_but_our_proved_domains(sender: str) -> None:
    """Neither sub-domains nor parents, nor what is pending or another workspace's."""
    subject, _, _ = identities(
        domain("shop.example"),
        domain("pending.example", Verification.PENDING),
        domain("theirs.example", workspace_id=bytes(15) + b"1"),
    )
    assert await subject.identity(WORKSPACE, sender) is None


async def test_read_once_until_the_settings_change() -> None:
    """Domains are read once a generation, which is asked for after 100 ms; keys are opened once for good."""
    clock = FakeClock(NOW)
    subject, store, box = identities(domain("shop.example"), clock=clock)
    for _ in range(3):
        await subject.identity(WORKSPACE, "a@shop.example")
    assert (store.reads, box.opened) == (1, 2)
    store.all[0] = msgspec.structs.replace(store.all[0], return_path="b2.shop.example")
    assert (await subject.identity(WORKSPACE, "a@shop.example")).return_path == "bounces.shop.example"  # type: ignore[union-attr]
    store.at += 1
    assert (await subject.identity(WORKSPACE, "a@shop.example")).return_path == "bounces.shop.example"  # type: ignore[union-attr]
    clock.advance(FRESH_FOR)
    assert (await subject.identity(WORKSPACE, "a@shop.example")).return_path == "b2.shop.example"  # type: ignore[union-attr]
    assert (store.reads, box.opened) == (2, 2)


async def test_keys_of_another_master_key() -> None:
    """A key that cannot be opened says what to do."""
    broken = msgspec.structs.replace(
        domain("shop.example"), keys=(DkimKey("s", "rsa-sha256", BOX.seal(b"x", purpose="other"), "p"),)
    )
    subject, _, _ = identities(broken)
    with pytest.raises(DkimKeyError, match="master key"):
        await subject.identity(WORKSPACE, "a@shop.example")
