"""Contacts: the queries of both stores, each in the caller's transaction."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from posthouse.core.contacts.errors import ContactKeyTakenError
from posthouse.core.contacts.model import Contact, ContactQuery
from posthouse.core.kernel.ids import Id
from posthouse.stores.shared.column_types import Folded
from posthouse.stores.shared.contact_schema import contacts
from posthouse.stores.shared.documents import from_document, to_document

_C = contacts.c


def add(connection: Connection, contact: Contact) -> None:
    """Keeps a new contact."""
    try:
        connection.execute(insert(contacts).values(_row(contact)))
    except IntegrityError as error:
        raise _taken(contact) from error


def change(connection: Connection, contact: Contact, seen: int) -> bool:
    """Replaces a contact that nobody has changed since."""
    found = _one(connection, _mine(contact.workspace_id, contact.id), lock=True)
    if found is None or found.updated_at != seen:
        return False
    try:
        connection.execute(update(contacts).where(_C.id == contact.id).values(_row(contact)))
    except IntegrityError as error:
        raise _taken(contact) from error
    return True


def by_id(connection: Connection, workspace_id: Id, contact_id: Id) -> Contact | None:
    """One contact."""
    return _one(connection, _mine(workspace_id, contact_id))


def by_key(connection: Connection, workspace_id: Id, key: str) -> Contact | None:
    """The one that the business application calls so."""
    return _one(connection, (_C.workspace_id == workspace_id) & (_C.key == key))


def listed(connection: Connection, query: ContactQuery) -> list[Contact]:
    """The newest first."""
    statement = select(_C.document).where(_C.workspace_id == query.workspace_id)
    if query.email is not None:
        statement = statement.where(Folded(_C.email) == Folded(query.email))
    if query.before is not None:
        statement = statement.where(_C.id < query.before)
    found = connection.execute(statement.order_by(_C.id.desc()).limit(query.limit))
    return [from_document(document, Contact) for document in found.scalars()]


def remove(connection: Connection, workspace_id: Id, contact_id: Id) -> bool:
    """Forgets a contact."""
    return connection.execute(delete(contacts).where(_mine(workspace_id, contact_id))).rowcount > 0


def _mine(workspace_id: Id, contact_id: Id) -> ColumnElement[bool]:
    return (_C.id == contact_id) & (_C.workspace_id == workspace_id)


def _one(connection: Connection, where: ColumnElement[bool], *, lock: bool = False) -> Contact | None:
    statement = select(_C.document).where(where)
    document = connection.execute(statement.with_for_update() if lock else statement).scalar()
    return None if document is None else from_document(document, Contact)


def _row(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "workspace_id": contact.workspace_id,
        "key": contact.key,
        "email": contact.email,
        "document": to_document(contact),
    }


def _taken(contact: Contact) -> ContactKeyTakenError:
    return ContactKeyTakenError(f"another contact of this workspace has the key {contact.key!r}")
