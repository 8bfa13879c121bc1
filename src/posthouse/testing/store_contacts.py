"""The contract of ContactStore."""

import asyncio
from typing import Any

import msgspec
import pytest

from posthouse.core.contacts.errors import ContactKeyTakenError
from posthouse.core.contacts.model import Contact, ContactQuery
from posthouse.testing.store_kit import Kit, Store


def contact_of(kit: Kit, **changes: Any) -> Contact:
    """A contact; any field may be given."""
    now = kit.clock.now()
    fields: dict[str, Any] = {
        "id": kit.ids(),
        "workspace_id": kit.workspace,
        "created_at": now,
        "updated_at": now,
        "key": "customer-4711",
        "name": "Änn",
        "email": "ann@example.net",
        "locale": "fr-CA",
        "attributes": {"points": 120, "tags": ["a", None]},
    }
    return Contact(**(fields | changes))


class StoreContractContacts:
    """People."""

    async def test_contacts_come_back_whole(self, store: Store, kit: Kit) -> None:
        """By identifier, key and address, newest first, a page at a time; other workspaces see nothing."""
        first, bare = contact_of(kit), contact_of(kit, key=None, attributes={})
        other = contact_of(kit, key=None, email=None, phone="+33612345678")
        for one in (first, bare, other):
            await store.add_contact(one)
        assert await store.contact(kit.workspace, first.id) == first
        assert await store.contact_by_key(kit.workspace, "customer-4711") == first
        assert await store.contacts(ContactQuery(kit.workspace)) == [other, bare, first]
        assert await store.contacts(ContactQuery(kit.workspace, "Ann@example.net", limit=1)) == [bare]
        assert await store.contacts(ContactQuery(kit.workspace, "ann@example.net", before=bare.id)) == [first]
        stranger = kit.ids()
        assert await store.contact(stranger, first.id) is None
        assert await store.contact_by_key(stranger, "customer-4711") is None
        assert await store.contacts(ContactQuery(stranger)) == []

    async def test_a_key_belongs_to_one_contact(self, store: Store, kit: Kit) -> None:
        """In each workspace; neither adding nor changing takes it from another."""
        first, second = contact_of(kit), contact_of(kit, key="b")
        await store.add_contact(first)
        await store.add_contact(second)
        await store.add_contact(contact_of(kit, workspace_id=kit.ids()))
        with pytest.raises(ContactKeyTakenError):
            await store.add_contact(contact_of(kit))
        with pytest.raises(ContactKeyTakenError):
            await store.update_contact(msgspec.structs.replace(second, key=first.key), second.updated_at)
        assert await store.contact(kit.workspace, second.id) == second

    async def test_of_two_who_change_one_is_told(self, store: Store, kit: Kit) -> None:
        """Whoever read an older state changes nothing; nor does anybody change what is gone."""
        first = contact_of(kit)
        await store.add_contact(first)
        changed = [
            msgspec.structs.replace(first, name=str(index), updated_at=first.updated_at + 1) for index in range(3)
        ]
        won = await asyncio.gather(*(store.update_contact(one, first.updated_at) for one in changed))
        assert sorted(won) == [False, False, True]
        assert await store.contact(kit.workspace, first.id) == changed[won.index(True)]
        assert await store.remove_contact(kit.workspace, first.id)
        assert not await store.remove_contact(kit.workspace, first.id)
        assert not await store.update_contact(changed[0], first.updated_at + 1)
        assert await store.contact(kit.workspace, first.id) is None
