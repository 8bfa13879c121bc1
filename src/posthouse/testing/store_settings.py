"""The contract of the settings rooms, the sandbox and maintenance."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from posthouse.core.delivery.model import ProviderRow, Route, RouteStep
from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.errors import ConflictError, NotFoundError
from posthouse.core.messages.model import Channel
from posthouse.core.workspaces.errors import StaleSettingsError
from posthouse.core.workspaces.model import ApiKey, DkimKey, Domain, Verification, Workspace
from posthouse.testing.store_kit import Kit, OpenStore, Store


class StoreContractWorkspaces:
    """Workspaces, keys and domains."""

    async def test_workspaces(self, store: Store, kit: Kit) -> None:
        """They come back whole, oldest first; a taken name is a conflict and leaves nothing behind."""
        first = Workspace(kit.workspace, "shop", kit.clock.now(), settings={"a": [1, {"b": "é"}]})
        second = Workspace(kit.ids(), "bank", kit.clock.advance(1))
        await store.add_workspace(first)
        await store.add_workspace(second)
        with pytest.raises(ConflictError, match="shop"):
            await store.add_workspace(Workspace(kit.ids(), "shop", 3))
        assert await store.workspaces() == [first, second]
        changed = msgspec.structs.replace(first, settings={"b": 1}, time_zone="Europe/Paris")
        before = await store.generation()
        await store.update_workspace(first, changed)
        assert await store.workspaces() == [changed, second]
        assert await store.generation() > before
        renamed = msgspec.structs.replace(changed, name="store")
        await store.update_workspace(changed, renamed)
        await store.update_workspace(renamed, renamed)
        with pytest.raises(StaleSettingsError):
            await store.update_workspace(changed, msgspec.structs.replace(changed, settings={}))
        with pytest.raises(ConflictError, match="bank"):
            await store.update_workspace(renamed, msgspec.structs.replace(renamed, name="bank"))
        nobody = Workspace(kit.ids(), "nobody", 3)
        with pytest.raises(NotFoundError, match="no such workspace"):
            await store.update_workspace(nobody, nobody)
        assert await store.workspaces() == [renamed, second]

    async def test_keys(self, store: Store, kit: Kit) -> None:
        """Found by digest, revoked once and for all (the first instant stays), last use only forward."""
        key = ApiKey(kit.ids(), kit.workspace, "shop", True, ("messages:write",), "ab12", kit.clock.now())
        await store.add_key(key, b"d" * 32)
        assert await store.key_by_digest(b"d" * 32) == key
        assert await store.key_by_digest(b"e" * 32) is None
        await store.touch_keys({key.id: 50})
        await store.touch_keys({key.id: 40})
        await store.touch_keys({})
        assert (await store.revoke_key(kit.workspace, key.id, 60)).revoked_at == 60
        assert (await store.revoke_key(kit.workspace, key.id, 70)).revoked_at == 60
        assert await store.keys(kit.workspace) == [msgspec.structs.replace(key, last_used_at=50, revoked_at=60)]
        assert await store.keys(kit.ids()) == []
        with pytest.raises(NotFoundError):
            await store.revoke_key(kit.ids(), key.id, 80)

    async def test_domains(self, store: Store, kit: Kit) -> None:
        """They keep their keys to the byte, change and go; names are unique in a workspace only."""
        keys = (DkimKey("s1", "rsa-sha256", bytes(range(256)), "MIIB"),)
        domain = Domain(
            kit.ids(),
            kit.workspace,
            "shop.example",
            Verification.PENDING,
            1,
            "bounces.shop.example",
            "t.shop.example",
            keys,
        )
        await store.add_domain(domain)
        with pytest.raises(ConflictError, match=r"shop\.example"):
            await store.add_domain(msgspec.structs.replace(domain, id=kit.ids()))
        await store.add_domain(msgspec.structs.replace(domain, id=kit.ids(), workspace_id=kit.ids()))
        changed = msgspec.structs.replace(domain, verification=Verification.DNS, checked_at=9)
        await store.update_domain(domain, changed)
        with pytest.raises(StaleSettingsError):
            await store.update_domain(domain, msgspec.structs.replace(domain, tracking_url="https://t.shop.example"))
        assert await store.domains(kit.workspace) == [changed]
        await store.remove_domain(kit.workspace, "shop.example")
        assert await store.domains(kit.workspace) == []
        with pytest.raises(NotFoundError):
            await store.remove_domain(kit.workspace, "shop.example")
        with pytest.raises(NotFoundError):
            await store.update_domain(changed, changed)

    async def test_generation(self, store: Store, open_store: OpenStore, kit: Kit) -> None:
        """Every change of settings raises it, visibly to other processes; a failed one and a last use do not."""
        other = await open_store()
        key = ApiKey(kit.ids(), kit.workspace, "k", True, (), "", 1)
        provider = ProviderRow(kit.ids(), kit.workspace, "relay", Channel.EMAIL, "smtp", {}, 1)
        template = kit.template(version=1)
        changes: list[Callable[[], Awaitable[object]]] = [
            lambda: store.add_workspace(Workspace(kit.workspace, "shop", 1)),
            lambda: store.update_workspace(
                Workspace(kit.workspace, "shop", 1), Workspace(kit.workspace, "shop", 1, "fr")
            ),
            lambda: store.add_key(key, b"d" * 32),
            lambda: store.revoke_key(kit.workspace, key.id, 1),
            lambda: store.add_provider(provider),
            lambda: store.save_route(Route(kit.workspace, Channel.EMAIL, (RouteStep(provider.id),))),
            lambda: store.publish(template, [kit.release(template)]),
            lambda: store.remove_provider(kit.workspace, "relay"),
        ]
        before = await other.generation()
        for change in changes:
            await change()
            after = await other.generation()
            assert after > before
            before = after
        await store.touch_keys({key.id: 5})
        with pytest.raises(ConflictError):
            await store.add_workspace(Workspace(kit.ids(), "shop", 1))
        assert await other.generation() == before


class StoreContractTemplates:
    """Drafts and releases."""

    async def test_drafts_never_overwrite_each_other(self, store: Store, kit: Kit) -> None:
        """Saving demands the hash that was read; who comes second is told."""
        first = kit.template(source_hash="a")
        await store.save_draft(first, None)
        await store.save_draft(kit.template(source_hash="b"), "a")
        with pytest.raises(ConflictError, match="somebody else"):
            await store.save_draft(kit.template(source_hash="c"), "a")
        with pytest.raises(ConflictError):
            await store.save_draft(kit.template(source_hash="d", id=kit.ids()), None)
        found = await store.template(kit.workspace, "order-confirmation")
        assert found is not None
        assert found.source_hash == "b"
        assert await store.templates(kit.workspace) == [found]
        assert await store.template(kit.ids(), "order-confirmation") is None

    async def test_publishing_is_all_or_nothing(self, store: Store, kit: Kit) -> None:
        """A version has all its variants; the same version again is a conflict that changes nothing."""
        one, two = kit.template(version=1), kit.template(version=2)
        english, french = kit.release(one), kit.release(one, "fr")
        await store.publish(one, [english, french])
        assert await store.releases(kit.workspace, one.key, None) == [english, french]
        with pytest.raises(ConflictError):
            await store.publish(one, [kit.release(one)])
        newer = kit.release(two)
        await store.publish(two, [newer])
        assert await store.releases(kit.workspace, one.key, None) == [newer]
        assert await store.releases(kit.workspace, one.key, 1) == [english, french]
        assert await store.releases(kit.workspace, one.key, 3) == []
        assert await store.release(french.id) == french

    async def test_versions(self, store: Store, kit: Kit) -> None:
        """Newest first, below a number, at most so many; each with its variants and time; nobody else's."""
        for number in (1, 2, 3):
            kit.clock.advance(SECOND)
            template = kit.template(version=number)
            await store.publish(template, [kit.release(template, "fr"), kit.release(template)])
        found = await store.versions(kit.workspace, "order-confirmation", None, 2)
        assert [one.number for one in found] == [3, 2]
        assert found[0].variants == (("email", "en"), ("email", "fr"))
        assert abs(found[0].published_at - kit.clock.now()) <= 1_000
        assert found[0].published_at - found[1].published_at == SECOND
        assert [one.number for one in await store.versions(kit.workspace, "order-confirmation", 2, 5)] == [1]
        assert await store.versions(kit.workspace, "order-confirmation", 1, 5) == []
        assert await store.versions(kit.ids(), "order-confirmation", None, 5) == []
        assert await store.release(kit.ids()) is None


class StoreContractProviders:
    """Providers and routes."""

    async def test_providers_and_routes(self, store: Store, kit: Kit) -> None:
        """They change and go; a provider that goes leaves the routes; a route without steps is the default."""
        relay = ProviderRow(kit.ids(), kit.workspace, "relay", Channel.EMAIL, "smtp", {"port": 25}, 1, b"\x00\xff")
        direct = ProviderRow(kit.ids(), kit.workspace, "direct", Channel.EMAIL, "mx", {}, 2)
        await store.add_provider(relay)
        await store.add_provider(direct)
        with pytest.raises(ConflictError, match="relay"):
            await store.add_provider(msgspec.structs.replace(relay, id=kit.ids()))
        off = msgspec.structs.replace(relay, enabled=False)
        await store.update_provider(off)
        assert await store.providers(kit.workspace) == [off, direct]
        route = Route(kit.workspace, Channel.EMAIL, (RouteStep(relay.id), RouteStep(direct.id, 1)))
        await store.save_route(route)
        await store.save_route(route)
        assert await store.routes(kit.workspace) == [route]
        await store.remove_provider(kit.workspace, "relay")
        assert await store.routes(kit.workspace) == [msgspec.structs.replace(route, steps=(RouteStep(direct.id, 1),))]
        await store.save_route(msgspec.structs.replace(route, steps=()))
        assert await store.routes(kit.workspace) == []
        with pytest.raises(NotFoundError):
            await store.remove_provider(kit.workspace, "relay")
        with pytest.raises(NotFoundError):
            await store.update_provider(relay)


class StoreContractSandbox:
    """The sandbox's mailbox."""

    async def test_kept_listed_and_read(self, store: Store, kit: Kit) -> None:
        """Newest first without content, page by page; one with its content; a second delivery replaces the first."""
        ids = [kit.ids() for _ in range(5)]
        for n, one in enumerate(ids):
            await store.keep_sandbox(
                one, kit.workspace, n, "from@example.net", ["a@example.net", "b@example.net"], b"x"
            )
        await store.keep_sandbox(ids[0], kit.workspace, 9, "from@example.net", ["a@example.net"], b"again")
        page = await store.sandbox_list(kit.workspace, 3, None)
        assert [one.message_id for one in page] == ids[:1:-1]
        assert page[0].recipients == ("a@example.net", "b@example.net")
        assert page[0].content == b""
        rest = await store.sandbox_list(kit.workspace, 3, page[-1].message_id)
        assert [one.message_id for one in rest] == ids[1::-1]
        found = await store.sandbox_message(kit.workspace, ids[0])
        assert found is not None
        assert (found.content, found.at) == (b"again", 9)
        assert await store.sandbox_message(kit.ids(), ids[0]) is None

    async def test_the_newest_thousand(self, store: Store, kit: Kit) -> None:
        """Beyond 1,000 the oldest go, in that workspace only."""
        other = kit.ids()
        await store.keep_sandbox(kit.ids(), other, 0, "s", ["r"], b"")
        first = kit.ids()
        for n in range(1_003):
            await store.keep_sandbox(first if n == 0 else kit.ids(), kit.workspace, n, "s", ["r"], b"")
        assert len(await store.sandbox_list(kit.workspace, 2_000, None)) == 1_000
        assert await store.sandbox_message(kit.workspace, first) is None
        assert len(await store.sandbox_list(other, 10, None)) == 1


class StoreContractMaintenance:
    """What operators and tests need."""

    async def test_markers_and_health(self, store: Store, open_store: OpenStore) -> None:
        """The epoch is seen by others; a healthy store answers ping and its durability check."""
        other = await open_store()
        assert await store.epoch() == 0
        await store.set_epoch(3)
        assert await other.epoch() == 3
        await store.ping()
        await store.check_durability()
        assert await store.misplaced() == 0
        reading = await store.clock_reading()
        assert reading is None or reading > 0
