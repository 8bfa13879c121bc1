"""Publications of blocks and themes: many templates at once, or none. Each function runs in the caller's transaction."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import fields
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from posthouse.core.kernel.errors import ConflictError
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.library.errors import PublicationRunningError
from posthouse.core.templates.library.model import Item, ItemKind, ItemVersion
from posthouse.core.templates.library.publication import Follower, LiveSource, Publication, State, Turn
from posthouse.core.templates.library.uses import follows
from posthouse.core.templates.model import Edition, Made, Template
from posthouse.stores.shared import library
from posthouse.stores.shared.documents import from_document, settings_changed, to_document, upsert_for
from posthouse.stores.shared.schema import editions, item_versions, publications, releases, sources, templates
from posthouse.stores.shared.templates import release_row

_MOVES: Final = frozenset({"id", "version", "latest", "published_hash", "compiled", "updated_at"})
"""What a publication reads and changes of a template."""


def _kept_field(field: msgspec.structs.FieldInfo) -> tuple[str, Any, Any]:
    if field.name in _MOVES:
        return field.name, field.type, field.default
    default = field.default if field.required else msgspec.Raw(msgspec.json.encode(field.default))
    return field.name, msgspec.Raw, default


_FIELDS: Any = [_kept_field(one) for one in fields(Template)]
_Kept: Any = msgspec.defstruct("_Kept", _FIELDS)
"""A template whose draft and words stay as they are written: hundreds of them are moved in one transaction."""


class _Variant(msgspec.Struct):
    channel: str
    locale: str


class _Outline(msgspec.Struct):
    """The part of a source that says which variants it has."""

    variants: tuple[_Variant, ...] = ()


_FEW = 200
"""Identifiers in one question: SQLite takes some thousand."""


def followers(connection: Connection, workspace_id: Id) -> list[Follower]:
    """All templates that have a live version, by key."""
    c = templates.c
    live = select(c.document).where(c.workspace_id == workspace_id, c.version > 0).order_by(c.key)
    return [from_document(document, Follower) for document in connection.execute(live).scalars()]


def live_sources(connection: Connection, template_ids: Sequence[Id]) -> dict[Id, LiveSource]:
    """What the live versions were made from, where that is known."""
    found: dict[Id, LiveSource] = {}
    for some in _chunks(template_ids):
        statement = (
            select(templates.c.id, sources.c.document)
            .join(editions, (editions.c.template_id == templates.c.id) & (editions.c.version == templates.c.version))
            .join(
                sources,
                (sources.c.template_id == templates.c.id) & (sources.c.source_hash == editions.c.source_hash),
            )
            .where(templates.c.id.in_(some))
        )
        found |= {row.id: _unread(row.document) for row in connection.execute(statement)}
    return found


def begin(connection: Connection, publication: Publication, now: int) -> None:
    """Notes that it goes on; one that has run out is ended."""
    settings_changed(connection)  # taken first, it keeps two from beginning at once
    _refuse_while_running(connection, publication.workspace_id, now)
    _unstage(connection, publication.workspace_id)
    row = {"id": publication.id, "workspace_id": publication.workspace_id}
    connection.execute(
        insert(publications).values(**row, state=publication.state.value, document=to_document(publication))
    )


def _refuse_while_running(connection: Connection, workspace_id: Id, now: int) -> None:
    mine = (publications.c.workspace_id == workspace_id) & (publications.c.state == State.RUNNING.value)
    for document in connection.execute(select(publications.c.document).where(mine)).scalars().all():
        other = from_document(document, Publication).seen_at(now)
        if other.state is State.RUNNING:
            detail = (
                f"The {other.kind.value} {other.key!r} is being published ({other.done} of {other.total} templates); "
                "wait for its end, then try again."
            )
            raise PublicationRunningError(detail)
        _write(connection, other)


def stage(connection: Connection, publication: Publication, made: Sequence[Made]) -> None:
    """Keeps releases above their template's latest version, where nobody sees them."""
    _still_ours(connection, publication)
    if made:
        statement = upsert_for(connection, releases)
        columns = ("template_id", "version", "channel", "locale")
        fresh = {"id": statement.excluded.id, "document": statement.excluded.document}
        # what a conflict sent round again replaces what was staged first
        connection.execute(
            statement.on_conflict_do_update(index_elements=columns, set_=fresh), [release_row(one) for one in made]
        )
    _write(connection, publication)


def go_live(
    connection: Connection, publication: Publication, published: Item, version: ItemVersion, turns: Sequence[Turn]
) -> list[Id]:
    """Makes all of it live, or says which templates are not as they were."""
    settings_changed(connection)
    _still_ours(connection, publication)
    rows = {row.id: row for row in _template_rows(connection, publication.workspace_id)}
    changed = _changed(rows, published, turns) or _unstaged(connection, turns)
    if changed:
        return changed
    _turn(connection, rows, turns, publication, version.published_at)
    _publish_item(connection, published, version)
    _write(connection, publication)
    return []


def undo(connection: Connection, publication: Publication, former: Item, turns: Sequence[Turn], now: int) -> list[Id]:
    """Makes the former versions live again, or says which templates moved on since."""
    settings_changed(connection)
    _refuse_while_running(connection, publication.workspace_id, now)
    rows = {row.id: row for row in _template_rows(connection, publication.workspace_id)}
    changed = [
        turn.template_id for turn in turns if _version(rows, turn) != turn.after or _comes(rows[turn.template_id])
    ]
    if changed:
        return changed
    current = library.item(connection, former.workspace_id, former.kind, former.key)
    if current is None or current.version != publication.version:
        raise ConflictError(f"the {former.kind.value} {former.key!r} was published again since; undo that first")
    former_ones = _editions(connection, turns)
    _move(connection, [_moved(rows[turn.template_id], turn, now, former_ones) for turn in turns])
    back = msgspec.structs.replace(
        current, version=former.version, published_hash=former.published_hash, default=former.default, updated_at=now
    )
    library.write_item(connection, back)
    if publication.former_default:
        _set_default(connection, publication.workspace_id, publication.former_default)
    _write(connection, publication)
    return []


def end(connection: Connection, publication: Publication) -> None:
    """Notes how it ended, if it is still ours, and takes away what is staged."""
    if _state(connection, publication.id) is State.RUNNING:
        _unstage(connection, publication.workspace_id)
        _write(connection, publication)


def publication(connection: Connection, workspace_id: Id, publication_id: Id) -> Publication | None:
    """One publication."""
    mine = (publications.c.workspace_id == workspace_id) & (publications.c.id == publication_id)
    document = connection.execute(select(publications.c.document).where(mine)).scalar()
    return None if document is None else from_document(document, Publication)


def newest(connection: Connection, workspace_id: Id, limit: int) -> list[Publication]:
    """The newest publications."""
    statement = select(publications.c.document).where(publications.c.workspace_id == workspace_id)
    found = connection.execute(statement.order_by(publications.c.id.desc()).limit(limit)).scalars()
    return [from_document(document, Publication) for document in found]


def _unread(document: bytes) -> LiveSource:
    """A source as it is kept: hundreds of them as objects would be work for nobody, and for the garbage collector."""
    variants = from_document(document, _Outline).variants
    return LiveSource(msgspec.Raw(document), tuple([(one.channel, one.locale) for one in variants]))


def _template_rows(connection: Connection, workspace_id: Id) -> Sequence[Row[Id, str, int, int, bytes]]:
    c = templates.c
    statement = select(c.id, c.key, c.version, c.latest, c.document).where(c.workspace_id == workspace_id)
    return connection.execute(statement).all()


def _changed(rows: dict[Id, Row[Id, str, int, int, bytes]], published: Item, turns: Sequence[Turn]) -> list[Id]:
    """Templates that were published, rolled back or made since they were read, or of which another version comes."""
    expected = {turn.template_id: (turn.before, turn.latest) for turn in turns}
    moved = [one for one, numbers in expected.items() if one not in rows or _numbers(rows[one]) != numbers]
    for one, row in rows.items():
        following = from_document(row.document, library.Following)
        if not row.version or (one in expected and following.rollout is None):
            continue
        if follows(following.uses, published.kind, published.key, default=published.default):
            moved.append(one)
    return list(dict.fromkeys(moved))


def _unstaged(connection: Connection, turns: Sequence[Turn]) -> list[Id]:
    """Templates whose releases are not all there: somebody who published took them away."""
    there: dict[tuple[Id, int], int] = {}
    for some in _chunks([turn.template_id for turn in turns]):
        c = releases.c
        statement = select(c.template_id, c.version, func.count()).where(c.template_id.in_(some))
        for template_id, version, count in connection.execute(statement.group_by(c.template_id, c.version)):
            there[template_id, version] = count
    return [one.template_id for one in turns if there.get((one.template_id, one.after), 0) != one.releases]


def _turn(
    connection: Connection,
    rows: dict[Id, Row[Id, str, int, int, bytes]],
    turns: Sequence[Turn],
    publication: Publication,
    at: int,
) -> None:
    made, changed = [], []
    for turn in turns:
        current = from_document(rows[turn.template_id].document, _Kept)
        live = msgspec.structs.replace(
            current, version=turn.after, latest=turn.after, compiled=turn.compiled, updated_at=at
        )
        changed.append(live)
        edition = Edition(turn.template_id, turn.after, at, turn.source_hash, publication.cause, turn.compiled)
        made.append(edition_row(edition))
    _move(connection, changed)
    if made:
        connection.execute(insert(editions), made)


def edition_row(one: Edition) -> dict[str, object]:
    """The columns of an edition."""
    return {
        "template_id": one.template_id,
        "version": one.version,
        "source_hash": one.source_hash,
        "document": to_document(one),
    }


def _moved(row: Row[Id, str, int, int, bytes], turn: Turn, now: int, former: dict[Id, Edition]) -> Any:
    """A template on its former version."""
    current, edition = from_document(row.document, _Kept), former.get(turn.template_id)
    return msgspec.structs.replace(
        current,
        version=turn.before,
        latest=max(current.latest, current.version),
        published_hash=edition.source_hash if edition else "",
        compiled=edition.compiled if edition else (),
        updated_at=now,
    )


def _move(connection: Connection, moved: Sequence[Any]) -> None:
    """Writes which version of each (as :data:`_Kept`) is live."""
    if not moved:
        return
    statement = update(templates).where(templates.c.id == bindparam("one"))
    values: dict[str, Any] = {"version": bindparam("to"), "latest": bindparam("top"), "document": bindparam("text")}
    rows = [{"one": one.id, "to": one.version, "top": one.latest, "text": to_document(one)} for one in moved]
    connection.execute(statement.values(**values), rows)


def _editions(connection: Connection, turns: Sequence[Turn]) -> dict[Id, Edition]:
    """What the former versions were made from, where that is known."""
    before = {turn.template_id: turn.before for turn in turns}
    found: dict[Id, Edition] = {}
    for some in _chunks(list(before)):
        statement = select(editions.c.document).where(editions.c.template_id.in_(some))
        for document in connection.execute(statement).scalars():
            edition = from_document(document, Edition)
            if before[edition.template_id] == edition.version:
                found[edition.template_id] = edition
    return found


def _publish_item(connection: Connection, published: Item, version: ItemVersion) -> None:
    current = library.item(connection, published.workspace_id, published.kind, published.key)
    if current is None or current.latest != version.number - 1:
        raise ConflictError(f"the {published.kind.value} {published.key!r} was published or removed meanwhile")
    if published.default:
        _set_default(connection, published.workspace_id, "")
    live = msgspec.structs.replace(
        current,
        version=version.number,
        latest=version.number,
        published_hash=version.source_hash,
        default=published.default,
        updated_at=version.published_at,
    )
    library.write_item(connection, live)
    row = {"item_id": version.item_id, "version": version.number, "document": to_document(version)}
    connection.execute(insert(item_versions).values(**row))


def _set_default(connection: Connection, workspace_id: Id, key: str) -> None:
    """One theme is the default, or none is."""
    for theme in library.all_items(connection, workspace_id, ItemKind.THEME):
        if theme.default != (theme.key == key):
            library.write_item(connection, msgspec.structs.replace(theme, default=theme.key == key))


def _still_ours(connection: Connection, publication: Publication) -> None:
    if _state(connection, publication.id) is not State.RUNNING:
        raise ConflictError("this publication stood still too long and was given up; start it again")


def _state(connection: Connection, publication_id: Id) -> State | None:
    word = connection.execute(select(publications.c.state).where(publications.c.id == publication_id)).scalar()
    return None if word is None else State(word)


def _write(connection: Connection, publication: Publication) -> None:
    mine = publications.c.id == publication.id
    values = {"state": publication.state.value, "document": to_document(publication)}
    connection.execute(update(publications).where(mine).values(**values))


def _unstage(connection: Connection, workspace_id: Id) -> None:
    """Takes away releases above the latest version of their template: a publication that came to nothing left them."""
    c = templates.c
    rows = connection.execute(select(c.id, c.latest).where(c.workspace_id == workspace_id)).all()
    gone = (releases.c.template_id == bindparam("one")) & (releases.c.version > bindparam("top"))
    if rows:
        connection.execute(delete(releases).where(gone), [{"one": row.id, "top": row.latest} for row in rows])


def _numbers(row: Row[Id, str, int, int, bytes]) -> tuple[int, int]:
    return row.version, row.latest


def _version(rows: dict[Id, Row[Id, str, int, int, bytes]], turn: Turn) -> int:
    return rows[turn.template_id].version if turn.template_id in rows else 0


def _comes(row: Row[Id, str, int, int, bytes]) -> bool:
    """Whether another version of a template is being rolled out."""
    return from_document(row.document, library.Following).rollout is not None


def _chunks(ids: Sequence[Id]) -> Iterator[Sequence[Id]]:
    return (ids[start : start + _FEW] for start in range(0, len(ids), _FEW))
