"""Workspaces, API keys and sending domains: the queries of both stores, each in the caller's transaction."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec
from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from posthouse.core.kernel.errors import ConflictError, NotFoundError
from posthouse.core.kernel.ids import Id
from posthouse.core.workspaces.errors import StaleSettingsError
from posthouse.core.workspaces.model import ApiKey, Domain, Workspace
from posthouse.stores.shared.documents import GENERATION, from_document, settings_changed, to_document
from posthouse.stores.shared.schema import api_keys, domains, meta, workspaces

T = TypeVar("T", bound=msgspec.Struct)


def generation(connection: Connection) -> int:
    """The settings generation."""
    return int(connection.execute(select(meta.c.number).where(meta.c.name == GENERATION)).scalar() or 0)


def add_workspace(connection: Connection, workspace: Workspace) -> None:
    """Keeps a new workspace."""
    row = {"id": workspace.id, "name": workspace.name, "created_at": workspace.created_at}
    settings_changed(connection)
    try:
        connection.execute(insert(workspaces).values(**row, document=to_document(workspace)))
    except IntegrityError as error:
        raise ConflictError(f"there is a workspace named {workspace.name!r} already; choose another name") from error


def update_workspace(connection: Connection, before: Workspace, after: Workspace) -> None:
    """Replaces a workspace, if it is still what it was."""
    settings_changed(connection)
    mine = workspaces.c.id == after.id
    kept = connection.execute(select(workspaces.c.document).where(mine).with_for_update()).scalar()
    if kept is None:
        raise NotFoundError("there is no such workspace; list them with `posthouse workspaces list`")
    _still(kept, before)
    try:
        connection.execute(update(workspaces).where(mine).values(name=after.name, document=to_document(after)))
    except IntegrityError as error:
        raise ConflictError(f"there is a workspace named {after.name!r} already; choose another name") from error


def all_workspaces(connection: Connection) -> list[Workspace]:
    """All of them, oldest first."""
    found = connection.execute(select(workspaces.c.document).order_by(workspaces.c.created_at, workspaces.c.id))
    return [from_document(document, Workspace) for document in found.scalars()]


def add_key(connection: Connection, key: ApiKey, digest: bytes) -> None:
    """Keeps a key under its keyed hash."""
    settings_changed(connection)
    row = {"id": key.id, "workspace_id": key.workspace_id, "digest": digest, "document": to_document(key)}
    try:
        connection.execute(insert(api_keys).values(**row, last_used_at=key.last_used_at, revoked_at=key.revoked_at))
    except IntegrityError as error:
        raise ConflictError("this key exists already; make a new one") from error


def key_by_digest(connection: Connection, digest: bytes) -> ApiKey | None:
    """The key with this hash, revoked ones too."""
    row = connection.execute(_KEYS.where(api_keys.c.digest == digest)).first()
    return None if row is None else _key(row)


def keys_of(connection: Connection, workspace_id: Id) -> list[ApiKey]:
    """All keys of a workspace, oldest first."""
    found = connection.execute(_KEYS.where(api_keys.c.workspace_id == workspace_id).order_by(api_keys.c.id))
    return sorted((_key(row) for row in found), key=lambda key: key.created_at)


def revoke_key(connection: Connection, workspace_id: Id, key_id: Id, at: int) -> ApiKey:
    """Marks a key as revoked; the first instant stays."""
    settings_changed(connection)
    mine = (api_keys.c.id == key_id) & (api_keys.c.workspace_id == workspace_id)
    connection.execute(update(api_keys).where(mine, api_keys.c.revoked_at.is_(None)).values(revoked_at=at))
    row = connection.execute(_KEYS.where(mine)).first()
    if row is None:
        raise NotFoundError("there is no such key in this workspace; list them with `posthouse keys list`")
    return _key(row)


def touch_keys(connection: Connection, used: Mapping[Id, int]) -> None:
    """Sets last use, forward only. In the order of the identifiers, so that two processes never wait in a ring."""
    if not used:
        return
    at: BindParameter[int] = bindparam("at")
    older = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < at)
    statement = update(api_keys).where(api_keys.c.id == bindparam("key"), older).values(last_used_at=at)
    connection.execute(statement, [{"key": key, "at": used[key]} for key in sorted(used)])


def add_domain(connection: Connection, domain: Domain) -> None:
    """Keeps a new domain."""
    settings_changed(connection)
    row = {"id": domain.id, "workspace_id": domain.workspace_id, "name": domain.name}
    try:
        connection.execute(insert(domains).values(**row, document=to_document(domain)))
    except IntegrityError as error:
        raise ConflictError(f"this workspace has the domain {domain.name} already") from error


def domains_of(connection: Connection, workspace_id: Id) -> list[Domain]:
    """All domains of a workspace, oldest first."""
    found = connection.execute(select(domains.c.document).where(domains.c.workspace_id == workspace_id))
    return sorted(
        (from_document(document, Domain) for document in found.scalars()), key=lambda one: (one.created_at, one.id)
    )


def update_domain(connection: Connection, before: Domain, after: Domain) -> None:
    """Replaces a domain, if it is still what it was."""
    settings_changed(connection)
    mine = (domains.c.id == after.id) & (domains.c.workspace_id == after.workspace_id)
    kept = connection.execute(select(domains.c.document).where(mine).with_for_update()).scalar()
    if kept is None:
        raise NotFoundError(f"there is no domain {after.name} in this workspace; add it first")
    _still(kept, before)
    connection.execute(update(domains).where(mine).values(name=after.name, document=to_document(after)))


def remove_domain(connection: Connection, workspace_id: Id, name: str) -> None:
    """Forgets a domain."""
    settings_changed(connection)
    mine = (domains.c.workspace_id == workspace_id) & (domains.c.name == name)
    if not connection.execute(delete(domains).where(mine)).rowcount:
        raise NotFoundError(f"there is no domain {name} in this workspace")


def _still(kept: bytes, before: T) -> None:
    if from_document(kept, type(before)) != from_document(to_document(before), type(before)):
        raise StaleSettingsError("Somebody else changed it at the same moment; look at it and try again.")


_KEYS = select(api_keys.c.document, api_keys.c.last_used_at, api_keys.c.revoked_at)


def _key(row: Row[bytes, int | None, int | None]) -> ApiKey:
    document, last_used_at, revoked_at = row
    key = from_document(document, ApiKey)
    return msgspec.structs.replace(key, last_used_at=last_used_at, revoked_at=revoked_at)
