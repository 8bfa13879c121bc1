"""The port methods of contacts, which both stores do alike."""

from posthouse.core.contacts.model import Contact, ContactQuery
from posthouse.core.kernel.ids import Id
from posthouse.stores.shared import contacts
from posthouse.stores.shared.primitives import Primitives


class SharedContacts(Primitives):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

    async def add_contact(self, contact: Contact) -> None:
        """See ContactStore."""
        await self._write(contacts.add, contact)

    async def update_contact(self, contact: Contact, seen: int) -> bool:
        """See ContactStore."""
        return await self._write(contacts.change, contact, seen)

    async def contact(self, workspace_id: Id, contact_id: Id) -> Contact | None:
        """See ContactStore."""
        return await self._read(contacts.by_id, workspace_id, contact_id)

    async def contact_by_key(self, workspace_id: Id, key: str) -> Contact | None:
        """See ContactStore."""
        return await self._read(contacts.by_key, workspace_id, key)

    async def contacts(self, query: ContactQuery) -> list[Contact]:
        """See ContactStore."""
        return await self._read(contacts.listed, query)

    async def remove_contact(self, workspace_id: Id, contact_id: Id) -> bool:
        """See ContactStore."""
        return await self._write(contacts.remove, workspace_id, contact_id)
