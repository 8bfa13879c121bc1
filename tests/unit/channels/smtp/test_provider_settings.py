"""Settings of providers: mistakes are told all at once, with what to write instead."""

import random
from typing import Any

import pytest
from tests.unit.channels.smtp.smtp_kit import Log, outbound

from posthouse.channels.email.providers import PROVIDERS, ProviderContext
from posthouse.channels.email.providers.smtp.send import is_loopback
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.delivery.outcomes import Refused
from posthouse.core.kernel.clock import SystemClock
from posthouse.core.kernel.errors import ValidationError

CONTEXT = ProviderContext(clock=SystemClock(), hostname="client.example", chance=random.Random(1))


def create(kind: str, settings: dict[str, Any], secret: dict[str, Any] | None = None) -> Any:
    row = ProviderRow(b"p" * 16, b"w" * 16, "out", PROVIDERS[kind].channel, kind, settings, 0)
    return PROVIDERS[kind].create(row, secret or {}, CONTEXT)


@pytest.mark.parametrize(
    ("settings", "secret", "pointer", "advice"),
    [
        ({}, {}, "/settings/host", "required"),
        ({"host": "a.example", "prot": 25}, {}, "/settings/prot", '"port"'),
        ({"host": "a.example", "zzz": 1}, {}, "/settings/zzz", "known ones are"),
        ({"host": "a.example", "port": 0}, {}, "/settings/port", ">= 1"),
        ({"host": "a b"}, {}, "/settings/host", ""),
        ({"host": "a.example\n"}, {}, "/settings/host", ""),
        ({"host": "a.example", "helo": "we.example\n"}, {}, "/settings/helo", ""),
        ({"host": "a.example", "tls": "verfy"}, {}, "/settings/tls", "did you mean 'verify'"),
        ({"host": "a.example", "port": 465}, {}, "/settings/tls", "implicit"),
        ({"host": "a.example", "max_connections": "many"}, {}, "/settings/max_connections", "a whole number"),
        ({"host": "a.example", "username": "u"}, {}, "/secret/password", "needs"),
        ({"host": "a.example"}, {"password": "x"}, "/settings/username", "user name"),
        ({"host": "a.example", "username": "u"}, {"password": "x", "token": "y"}, "/secret", "not both"),
        ({"host": "a.example", "username": "u"}, {"pasword": "x"}, "/secret/pasword", '"password"'),
    ],
)
def test_a_mistake_is_named_with_its_remedy(
    settings: dict[str, Any], secret: dict[str, Any], pointer: str, advice: str
) -> None:
    """Each bad field has its pointer and a hint."""
    with pytest.raises(ValidationError) as caught:
        create("smtp", settings, secret)
    problem = {each.pointer: each.detail for each in caught.value.fields}
    assert advice in problem[pointer]


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody should have to try five times."""
    with pytest.raises(ValidationError) as caught:
        create("smtp", {"port": "x", "rate": -1, "nonsense": 1})
    assert {each.pointer for each in caught.value.fields} == {
        "/settings/host", "/settings/port", "/settings/rate", "/settings/nonsense",
    }  # fmt: skip


def test_settings_are_judged_before_they_are_kept() -> None:
    """The check of a descriptor knows what its provider knows."""
    with pytest.raises(ValidationError, match="implicit"):
        PROVIDERS["smtp"].check({"host": "a.example", "port": 465})
    for kind, settings in (("smtp", {"host": "a.example"}), ("mx", {}), ("sandbox", {})):
        PROVIDERS[kind].check(settings)


def test_words_from_a_command_line_are_understood() -> None:
    """Everything arrives as strings there."""
    made = create("smtp", {"host": "127.0.0.1", "port": "2525", "tls": "starttls-verify", "max_connections": "4"})
    assert (made.concurrency, made.loopback) == (4, True)


@pytest.mark.parametrize("kind", ["mx", "sandbox"])
def test_what_a_provider_cannot_do_without_is_asked_for(kind: str) -> None:
    """A resolver for direct delivery, a store for the sandbox."""
    with pytest.raises(ValidationError, match="needs a"):
        create(kind, {})


def test_the_table_knows_each_kind_by_its_name() -> None:
    """Kind, documentation page and form belong together."""
    for kind, descriptor in PROVIDERS.items():
        assert descriptor.kind == kind
        assert descriptor.docs == f"docs/providers/{kind}.md"


async def test_an_unproved_domain_leaves_through_loopback_relays_only() -> None:
    """Refused before anything is looked up or connected to, with what to do about it."""
    made = create("smtp", {"host": "relay.example"})
    outcome = await made.send(outbound(manual_domain=True), Log())
    assert isinstance(outcome, Refused)
    assert "domains check" in outcome.text


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("[::1]", True), ("localhost", True), ("a.localhost", True),
     ("10.0.0.1", False), ("localhost.example", False), ("mail.example", False)],
)  # fmt: skip
def test_loopback_is_what_can_only_be_this_machine(host: str, loopback: bool) -> None:
    """Manual domain verification is good enough there, and nowhere else."""
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("allow_private", "tru", "true or false"),
        ("port", "99999", "a whole number <= 65535"),
        ("rate_per_domain", "fast", "a number"),
    ],
)
def test_a_wrong_value_is_told_in_words(name: str, value: str, wanted: str) -> None:
    """What to write, never the name of a type of Python's."""
    with pytest.raises(ValidationError, match=f'"{value}" will not do: write {wanted}$'):
        PROVIDERS["mx"].check({name: value})
