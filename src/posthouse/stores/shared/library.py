"""Blocks and themes: the queries of both stores. Each function runs in the caller's transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import ConflictError
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.library.errors import ItemInUseError, UnknownItemError
from posthouse.core.templates.library.model import CompiledIn, Item, ItemKind, ItemVersion, Use
from posthouse.core.templates.library.uses import follows
from posthouse.core.templates.rollout import Rollout
from posthouse.stores.shared.documents import from_document, settings_changed, to_document
from posthouse.stores.shared.schema import item_versions, items, templates


class Following(msgspec.Struct):
    """The part of a template's document that says what it uses."""

    compiled: tuple[CompiledIn, ...] = ()
    rollout: Rollout | None = None

    @property
    def uses(self) -> list[Use]:
        """Of the live version, and of one that is being rolled out."""
        return [one.use for one in (*self.compiled, *(self.rollout.compiled if self.rollout else ()))]


def all_items(connection: Connection, workspace_id: Id, kind: ItemKind | None) -> list[Item]:
    """All items (of a kind) by kind and key."""
    statement = select(items.c.document).where(items.c.workspace_id == workspace_id)
    if kind is not None:
        statement = statement.where(items.c.kind == kind.value)
    found = connection.execute(statement.order_by(items.c.kind, items.c.key)).scalars()
    return [from_document(document, Item) for document in found]


def item(connection: Connection, workspace_id: Id, kind: ItemKind, key: str) -> Item | None:
    """One item."""
    document = connection.execute(select(items.c.document).where(*_named(workspace_id, kind, key))).scalar()
    return None if document is None else from_document(document, Item)


def save_item(connection: Connection, saved: Item, expected_hash: str | None) -> None:
    """Keeps a draft unless somebody else saved one since ``expected_hash`` (None: there must be none yet)."""
    settings_changed(connection)
    lost = ConflictError(
        f"the {saved.kind.value} {saved.key!r} was changed by somebody else meanwhile; read it again, then save"
    )
    if expected_hash is None:
        try:
            connection.execute(insert(items).values(**item_row(saved)))
        except IntegrityError as error:
            raise lost from error
        return
    unchanged = (items.c.id == saved.id) & (items.c.source_hash == expected_hash)
    current = connection.execute(select(items.c.document).where(unchanged)).scalar()
    if current is None:
        raise lost
    kept = from_document(current, Item)  # what is live may have moved on meanwhile: only the draft is ours
    merged = msgspec.structs.replace(
        kept, name=saved.name, draft=saved.draft, source_hash=saved.source_hash, updated_at=saved.updated_at
    )
    write_item(connection, merged)


def remove_item(connection: Connection, workspace_id: Id, kind: ItemKind, key: str) -> None:
    """Takes an item away that no live template names."""
    settings_changed(connection)
    found = item(connection, workspace_id, kind, key)
    if found is None:
        raise UnknownItemError(f"There is no {kind.value} {key!r}.")
    users = using(connection, workspace_id, kind, key, default=found.default, pinned=True)
    if users:
        named = ", ".join(users[:5])
        raise ItemInUseError(
            f"The {kind.value} {key!r} is used by {counted(len(users), 'template')} ({named}); change these first."
        )
    connection.execute(delete(item_versions).where(item_versions.c.item_id == found.id))
    connection.execute(delete(items).where(items.c.id == found.id))


def versions_of(connection: Connection, item_id: Id) -> list[ItemVersion]:
    """All versions, newest first."""
    statement = select(item_versions.c.document).where(item_versions.c.item_id == item_id)
    found = connection.execute(statement.order_by(item_versions.c.version.desc())).scalars()
    return [from_document(document, ItemVersion) for document in found]


def version_of(connection: Connection, item_id: Id, number: int) -> ItemVersion | None:
    """One version."""
    mine = (item_versions.c.item_id == item_id) & (item_versions.c.version == number)
    document = connection.execute(select(item_versions.c.document).where(mine)).scalar()
    return None if document is None else from_document(document, ItemVersion)


def using(
    connection: Connection, workspace_id: Id, kind: ItemKind, key: str, *, default: bool, pinned: bool = False
) -> list[str]:
    """Keys of templates whose live version follows an item; with ``pinned`` also those that stay with a version of it."""
    statement = select(templates.c.key, templates.c.document).where(
        templates.c.workspace_id == workspace_id, templates.c.version > 0
    )
    found = []
    for name, document in connection.execute(statement.order_by(templates.c.key)):
        uses = from_document(document, Following).uses
        named = pinned and any(use.kind is kind and use.key == key for use in uses)
        if named or follows(uses, kind, key, default=default):
            found.append(name)
    return found


def check_current(connection: Connection, workspace_id: Id, compiled: Iterable[CompiledIn]) -> None:
    """Refuses a publication that was compiled with what is no longer the live version of an item."""
    for one in compiled:
        if one.use.pinned is not None:
            continue
        live = _live(connection, workspace_id, one)
        if live != (one.key, one.version):
            raise ConflictError(f"the {one.use} was published meanwhile; publish the template again")


def write_item(connection: Connection, changed: Item) -> None:
    """Replaces an item's row."""
    connection.execute(update(items).where(items.c.id == changed.id).values(**item_row(changed)))


def item_row(one: Item) -> dict[str, Any]:
    """The columns of an item."""
    return {
        "id": one.id,
        "workspace_id": one.workspace_id,
        "kind": one.kind.value,
        "key": one.key,
        "version": one.version,
        "source_hash": one.source_hash,
        "document": to_document(one),
    }


def _live(connection: Connection, workspace_id: Id, one: CompiledIn) -> tuple[str, int]:
    if one.use.key:
        found = item(connection, workspace_id, one.use.kind, one.use.key)
    else:
        themes = all_items(connection, workspace_id, ItemKind.THEME)
        found = next((theme for theme in themes if theme.default), None)
    return (found.key, found.version) if found else ("", 0)


def _named(workspace_id: Id, kind: ItemKind, key: str) -> Sequence[Any]:
    return (items.c.workspace_id == workspace_id, items.c.kind == kind.value, items.c.key == key)
