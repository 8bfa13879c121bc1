"""API keys: made, recognised, revoked."""

import re

import pytest
from tests.unit.http.fakes import Stage

from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.errors import NotFoundError, ValidationError
from posthouse.core.workspaces.errors import ScopeTooWideError
from posthouse.core.workspaces.keys import GENERATION_TTL, KeyService
from posthouse.core.workspaces.model import ApiKey


@pytest.fixture
async def stage() -> Stage:
    return await Stage().open()


async def test_a_key_has_its_form_and_is_stored_as_a_hash_alone(stage: Stage) -> None:
    """ph_live_ or ph_test_ and 43 characters of base64url; the store never sees them."""
    made = await stage.keys.create(stage.workspace_id, "shop", live=True)
    test = await stage.keys.create(stage.workspace_id, "shop", live=False)
    assert re.fullmatch(r"ph_live_[A-Za-z0-9_-]{43}", made.secret)
    assert re.fullmatch(r"ph_test_[A-Za-z0-9_-]{43}", test.secret)
    assert made.secret[8:] not in repr(stage.store.key_rows)
    assert made.key.hint == made.secret[-4:]
    assert stage.box.digest(made.secret) in stage.store.key_rows


async def test_a_recognised_key_is_asked_for_once(stage: Stage) -> None:
    """The store is asked for a key once, and for the generation at most once in 100 ms."""
    for _ in range(50):
        assert await stage.keys.authenticate(stage.live_key) is not None
    assert stage.store.asked_keys == 1
    assert stage.store.asked_generation == 1
    stage.clock.advance(GENERATION_TTL)
    await stage.keys.authenticate(stage.live_key)
    assert stage.store.asked_generation == 2
    assert stage.store.asked_keys == 1


@pytest.mark.parametrize(
    "word", ["", "ph_live_", "ph_live_" + "a" * 42, "ph_live_" + "a" * 44, "x" * 51, "ph_live_" + "ä" * 43]
)
async def test_what_is_no_key_costs_no_question(stage: Stage, word: str) -> None:
    """Nonsense is refused without the store."""
    assert await stage.keys.authenticate(word) is None
    assert stage.store.asked_keys == 0


async def test_revoking_here_counts_at_once(stage: Stage) -> None:
    """The process that revokes does not wait for its own cache."""
    key = await stage.keys.authenticate(stage.live_key)
    assert key is not None
    await stage.keys.revoke(stage.workspace_id, key.id)
    assert await stage.keys.authenticate(stage.live_key) is None


async def test_revoking_elsewhere_counts_within_a_tenth_of_a_second(stage: Stage) -> None:
    """Another process revokes: this one refuses the key as soon as it has looked at the generation."""
    other = KeyService(store=stage.store, box=stage.box, clock=stage.clock, new_id=stage.new_id, entropy=stage.entropy)
    key = await stage.keys.authenticate(stage.live_key)
    assert key is not None
    await other.revoke(stage.workspace_id, key.id)
    stage.clock.advance(GENERATION_TTL)
    assert await stage.keys.authenticate(stage.live_key) is None


async def test_a_revocation_during_the_look_up_is_not_missed(stage: Stage) -> None:
    """What was read before settings changed is not remembered after."""
    key = await stage.keys.authenticate(stage.test_key)
    assert key is not None

    class RevokedMeanwhile:
        """While the first look-up of a key is under way, the key is revoked and another request notices the change."""

        looked = False

        def __getattr__(self, name: str) -> object:
            return getattr(stage.store, name)

        async def key_by_digest(self, digest: bytes) -> ApiKey | None:
            found = await stage.store.key_by_digest(digest)
            if not self.looked:
                self.looked = True
                await stage.store.revoke_key(stage.workspace_id, key.id, 1)
                stage.clock.advance(GENERATION_TTL)
                await keys.authenticate(stage.live_key)
            return found

    keys = KeyService(
        store=RevokedMeanwhile(), box=stage.box, clock=stage.clock, new_id=stage.new_id, entropy=stage.entropy
    )
    await keys.authenticate(stage.test_key)
    assert await keys.authenticate(stage.test_key) is None


async def test_last_use_is_written_in_batches(stage: Stage) -> None:
    """One write for many uses, forward only in time, nothing when nobody came."""
    key = await stage.keys.authenticate(stage.live_key)
    assert key is not None
    stage.clock.advance(SECOND)
    await stage.keys.authenticate(stage.live_key)
    assert stage.store.touched == {}
    await stage.keys.flush_use()
    assert stage.store.touched == {key.id: stage.clock.now()}
    stage.store.touched.clear()
    await stage.keys.flush_use()
    assert stage.store.touched == {}


async def test_a_key_gives_away_no_more_than_it_has(stage: Stage) -> None:
    """Neither a scope that it lacks, nor live when it is a test key."""
    reader = (await stage.keys.create(stage.workspace_id, "r", live=True, scopes=["admin:*", "messages:read"])).key
    with pytest.raises(ScopeTooWideError, match="messages:write"):
        await stage.keys.create(stage.workspace_id, "w", live=True, scopes=["messages:write"], creator=reader)
    with pytest.raises(ScopeTooWideError, match=r"\*"):
        await stage.keys.create(stage.workspace_id, "w", live=True, scopes=["*"], creator=reader)
    tester = (await stage.keys.create(stage.workspace_id, "t", live=False, scopes=["*"])).key
    with pytest.raises(ScopeTooWideError, match="test key"):
        await stage.keys.create(stage.workspace_id, "w", live=True, creator=tester)
    await stage.keys.create(stage.workspace_id, "fine", live=True, scopes=["admin:read", "admin:*"], creator=reader)


async def test_bad_names_scopes_and_networks_are_named(stage: Stage) -> None:
    """Each wrong thing has its pointer and its advice."""
    with pytest.raises(ValidationError) as bad:
        await stage.keys.create(stage.workspace_id, "k", live=True, scopes=["messages:write", "mesages:read"])
    assert bad.value.fields[0].pointer == "/scopes/1"
    assert "messages:read" in bad.value.fields[0].detail
    with pytest.raises(ValidationError) as bad:
        await stage.keys.create(stage.workspace_id, "k", live=True, networks=["10.0.0.0/8", "10.0.0.0/99"])
    assert bad.value.fields[0].pointer == "/networks/1"
    for name in ("", "   ", "x" * 101):
        with pytest.raises(ValidationError):
            await stage.keys.create(stage.workspace_id, name, live=True)
    with pytest.raises(ValidationError):
        await stage.keys.create(stage.workspace_id, "k", live=True, scopes=[])


async def test_revoking_a_strangers_key_is_not_found(stage: Stage) -> None:
    """Keys of other workspaces do not exist."""
    key = await stage.keys.authenticate(stage.live_key)
    assert key is not None
    with pytest.raises(NotFoundError):
        await stage.keys.revoke(b"x" * 16, key.id)


async def test_a_key_that_may_come_from_one_network_lets_no_other_come_from_elsewhere(stage: Stage) -> None:
    """A moment inside the network must not make a key that works from anywhere."""
    made = await stage.keys.create(stage.workspace_id, "a", live=True, scopes=["admin:*"], networks=["10.1.0.0/16"])
    for wanted in (["10.0.0.0/8"], ["10.1.2.0/24", "::/0"], ["192.0.2.1"]):
        with pytest.raises(ScopeTooWideError, match="may not come from"):
            await stage.keys.create(
                stage.workspace_id, "b", live=True, scopes=["admin:*"], networks=wanted, creator=made.key
            )
    narrow = {"live": True, "scopes": ["admin:*"], "creator": made.key}
    inside = await stage.keys.create(stage.workspace_id, "b", networks=["10.1.2.0/24"], **narrow)
    assert inside.key.networks == ("10.1.2.0/24",)
    assert (await stage.keys.create(stage.workspace_id, "c", **narrow)).key.networks == ("10.1.0.0/16",)


async def test_a_test_key_does_not_revoke_live_ones(stage: Stage) -> None:
    """Whoever finds a test key must not stop production; its own kind it may."""
    tester = (await stage.keys.create(stage.workspace_id, "t", live=False, scopes=["*"])).key
    live = await stage.keys.authenticate(stage.live_key)
    assert live is not None
    with pytest.raises(ScopeTooWideError, match="cannot revoke"):
        await stage.keys.revoke(stage.workspace_id, live.id, tester)
    assert (await stage.keys.revoke(stage.workspace_id, tester.id, tester)).revoked_at is not None
    assert (await stage.keys.revoke(stage.workspace_id, live.id, live)).revoked_at is not None


async def test_a_key_revokes_none_that_it_could_not_have_made(stage: Stage) -> None:
    """Whoever administers keys and may do nothing else must not stop those who may."""
    here, admin = stage.workspace_id, {"live": True, "scopes": ["admin:*"]}
    revoker = (await stage.keys.create(here, "a", networks=["10.0.0.0/8"], **admin)).key
    wider = [
        (await stage.keys.create(here, "w", live=True, scopes=["messages:write"], networks=["10.0.0.0/8"])).key,
        (await stage.keys.create(here, "w", live=False, scopes=["*"], networks=["10.0.0.0/8"])).key,
        (await stage.keys.create(here, "w", networks=["10.0.0.0/7"], **admin)).key,
        (await stage.keys.create(here, "w", **admin)).key,
    ]
    for other in wider:
        with pytest.raises(ScopeTooWideError, match="cannot revoke"):
            await stage.keys.revoke(here, other.id, revoker)
        assert (await stage.keys.revoke(here, other.id)).revoked_at is not None
    narrow = (await stage.keys.create(here, "n", live=False, scopes=["admin:read"], networks=["10.1.0.0/16"])).key
    for one in (narrow, revoker):
        assert (await stage.keys.revoke(here, one.id, revoker)).revoked_at is not None
