"""Sending domains and workspaces."""

import pytest
from tests.unit.http.fakes import Stage

from posthouse.core.kernel.errors import ConflictError, ValidationError
from posthouse.core.workspaces.errors import DomainExistsError, UnknownDomainError, UnknownWorkspaceError
from posthouse.core.workspaces.model import Verification
from posthouse.core.workspaces.scopes import covers


@pytest.fixture
async def stage() -> Stage:
    return await Stage().open()


async def test_a_new_domain_waits_for_its_proof_and_has_two_sealed_keys(stage: Stage) -> None:
    """RSA and Ed25519, each under its own selector; private keys are never stored in clear."""
    domain = await stage.services.domains.add(stage.workspace_id, " Shop.Example. ")
    assert (domain.name, domain.verification, domain.usable) == ("shop.example", Verification.PENDING, False)
    assert [key.algorithm for key in domain.keys] == ["rsa-sha256", "ed25519-sha256"]
    assert len({key.selector for key in domain.keys}) == 2
    assert all(key.private.startswith(b"sealed:dkim:") for key in domain.keys)
    assert domain.return_path == "bounces.shop.example"


async def test_the_proof_may_be_skipped(stage: Stage) -> None:
    """`verified` makes it usable at once, marked as manual."""
    domain = await stage.services.domains.add(stage.workspace_id, "shop.example", verified=True)
    assert (domain.verification, domain.usable) == (Verification.MANUAL, True)


async def test_a_check_verifies_and_a_later_failure_does_not_take_it_back(stage: Stage) -> None:
    """A resolver in trouble must not stop mail."""
    domains = stage.services.domains
    await domains.add(stage.workspace_id, "shop.example")
    domain, findings = await domains.check(stage.workspace_id, "shop.example")
    assert not domain.usable
    assert findings[0].advice == "publish this record"
    stage.dns.published = True
    domain, _ = await domains.check(stage.workspace_id, "SHOP.example")
    assert domain.verification is Verification.DNS
    assert domain.checked_at == stage.clock.now()
    stage.dns.published = False
    domain, findings = await domains.check(stage.workspace_id, "shop.example")
    assert domain.usable
    assert not findings[0].ok


async def test_what_is_changed_during_a_look_up_is_kept(stage: Stage) -> None:
    """A look-up takes seconds; who sets the tracking host meanwhile loses nothing, nor does the proof."""
    domains = stage.services.domains
    await domains.add(stage.workspace_id, "shop.example")
    stage.dns.published = True
    url = "https://go.shop.example"

    async def track() -> None:
        await domains.track(stage.workspace_id, "shop.example", url, unchecked=True)

    stage.dns.meanwhile = track
    await domains.check(stage.workspace_id, "shop.example")
    domain = await domains.get(stage.workspace_id, "shop.example")
    assert (domain.verification, domain.tracking_url) == (Verification.DNS, url)


async def test_no_record_asked_for_proves_nothing(stage: Stage) -> None:
    """A domain is not ours because there was nothing to look up."""
    domains = stage.services.domains
    await domains.add(stage.workspace_id, "shop.example")
    stage.dns.wants_nothing = True
    domain, _ = await domains.check(stage.workspace_id, "shop.example")
    assert not domain.usable


async def test_domains_are_unique_and_can_be_removed(stage: Stage) -> None:
    """Adding twice is a conflict; what was removed is unknown."""
    domains = stage.services.domains
    await domains.add(stage.workspace_id, "shop.example")
    with pytest.raises(DomainExistsError):
        await domains.add(stage.workspace_id, "SHOP.example")
    await domains.remove(stage.workspace_id, "shop.example")
    with pytest.raises(UnknownDomainError):
        await domains.get(stage.workspace_id, "shop.example")
    with pytest.raises(UnknownDomainError):
        await domains.remove(stage.workspace_id, "not a domain")


@pytest.mark.parametrize(
    "name",
    ["", "shop", "-a.example", "a..example", "a b.example", "a" * 64 + ".example", "x." * 127 + "ab", "ä.example"],
)
async def test_what_is_no_domain_name_is_refused(stage: Stage, name: str) -> None:
    """The advice shows how to write one."""
    with pytest.raises(ValidationError) as bad:
        await stage.services.domains.add(stage.workspace_id, name)
    assert bad.value.fields[0].pointer == "/name"


async def test_workspaces_have_unique_names_and_checked_settings(stage: Stage) -> None:
    """Names, locales and time zones are checked together."""
    workspaces = stage.services.workspaces
    with pytest.raises(ConflictError):
        await workspaces.create("shop")
    with pytest.raises(ValidationError) as bad:
        await workspaces.create("No Name", default_locale="english!", time_zone="Mars/Olympus")
    assert [problem.pointer for problem in bad.value.fields] == ["/name", "/default_locale", "/time_zone"]
    made = await workspaces.create("second", default_locale="pt-BR", time_zone="Europe/Paris")
    assert (await workspaces.get(made.id)).name == "second"
    with pytest.raises(UnknownWorkspaceError):
        await workspaces.get(b"x" * 16)


@pytest.mark.parametrize(
    ("held", "wanted", "expected"),
    [
        (["messages:read"], "messages:read", True),
        (["messages:*"], "messages:read", True),
        (["*"], "admin:write", True),
        (["messages:*"], "admin:write", False),
        (["messages:write"], "messages:read", False),
        (["messages:read"], "messages:*", False),
        (["admin:*"], "*", False),
        ([], "messages:read", False),
    ],
)
def test_wider_scopes_include_narrower_ones(held: list[str], wanted: str, expected: bool) -> None:
    """By a wildcard of the room or of everything, and never the other way round."""
    assert covers(held, wanted) is expected
