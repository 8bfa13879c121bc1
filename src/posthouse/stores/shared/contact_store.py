"""The port methods of contacts, which both stores do alike."""

import abc
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from posthouse.core.contacts.model import Contact, ContactQuery
from posthouse.core.kernel.ids import Id
from posthouse.stores.shared import contacts

P = ParamSpec("P")
T = TypeVar("T")


class SharedContacts(abc.ABC):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

    @abc.abstractmethod
    async def _read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, …)`` against one snapshot. UnavailableError when the store does not answer."""

    @abc.abstractmethod
    async def _write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, …)`` in one durable transaction. UnavailableError when the store cannot write."""

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
