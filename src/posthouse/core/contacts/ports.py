"""What the room of contacts needs from outside."""

from typing import Protocol

from posthouse.core.contacts.model import Contact, ContactQuery
from posthouse.core.kernel.ids import Id


class ContactStore(Protocol):
    """Keeps contacts."""

    async def add_contact(self, contact: Contact) -> None:
        """Keeps a new contact. ContactKeyTakenError when another one has its key."""
        ...

    async def update_contact(self, contact: Contact, seen: int) -> bool:
        """Replaces a contact that was last changed at ``seen``; False: it is gone, or somebody was faster. ContactKeyTakenError."""
        ...

    async def contact(self, workspace_id: Id, contact_id: Id) -> Contact | None:
        """One contact."""
        ...

    async def contact_by_key(self, workspace_id: Id, key: str) -> Contact | None:
        """The contact that the business application calls so."""
        ...

    async def contacts(self, query: ContactQuery) -> list[Contact]:
        """At most ``query.limit`` contacts, newest first."""
        ...

    async def remove_contact(self, workspace_id: Id, contact_id: Id) -> bool:
        """Forgets a contact; whether there was one."""
        ...


class Addresses(Protocol):
    """Brings addresses into their normal form."""

    def normal_email(self, address: str) -> str:
        """The normal form. Raises ValueError: what is wrong with it, in words for people."""
        ...
