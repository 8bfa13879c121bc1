"""Templates and releases: the queries of both stores. Each function runs in the caller's transaction."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from posthouse.core.kernel.errors import ConflictError
from posthouse.core.kernel.ids import Id, milliseconds_of
from posthouse.core.templates.library.model import CompiledIn
from posthouse.core.templates.model import Edition, Made, Release, Template, TemplateSource, Version
from posthouse.core.templates.rollout import Rollout
from posthouse.stores.shared.documents import from_document, insert_unless_there, settings_changed, to_document
from posthouse.stores.shared.library import check_current
from posthouse.stores.shared.schema import editions, releases, sources, templates

_LIVE: Final = ("version", "latest", "published_hash", "compiled", "archived", "rollout")
_DRAFT: Final = ("name", "description", "kind", "category", "draft", "source_hash", "changed_by")
"""The two halves of a template: who changes one leaves the other as it is by then."""


class _Live(NamedTuple):
    """The version that is made, and what from."""

    version: int
    source_hash: str
    compiled: tuple[CompiledIn, ...]


class _RolledOut(msgspec.Struct):
    """The part of a template's document that says whether another version comes."""

    rollout: Rollout | None = None


def rollout(connection: Connection, workspace_id: Id, key: str) -> Rollout | None:
    """The version of a template that serves a share of the messages."""
    mine = (templates.c.workspace_id == workspace_id) & (templates.c.key == key)
    document = connection.execute(select(templates.c.document).where(mine)).scalar()
    return None if document is None else from_document(document, _RolledOut).rollout


def template(connection: Connection, workspace_id: Id, key: str) -> Template | None:
    """One template with its draft."""
    mine = (templates.c.workspace_id == workspace_id) & (templates.c.key == key)
    document = connection.execute(select(templates.c.document).where(mine)).scalar()
    return None if document is None else from_document(document, Template)


def all_templates(connection: Connection, workspace_id: Id) -> list[Template]:
    """All templates of a workspace by key."""
    mine = select(templates.c.document).where(templates.c.workspace_id == workspace_id).order_by(templates.c.key)
    return [from_document(document, Template) for document in connection.execute(mine).scalars()]


def save_draft(connection: Connection, draft: Template, expected_hash: str | None) -> None:
    """Keeps a draft unless somebody else saved one since ``expected_hash`` (None: there must be none yet)."""
    settings_changed(connection)
    lost = ConflictError(f"the template {draft.key!r} was changed by somebody else meanwhile; read it again, then save")
    if expected_hash is None:
        _add(connection, draft, lost)
        return
    unchanged = (templates.c.id == draft.id) & (templates.c.source_hash == expected_hash)
    current = connection.execute(select(templates.c.document).where(unchanged)).scalar()
    if current is None:
        raise lost
    live = from_document(current, Template)  # what is live may have moved on meanwhile: only the draft is ours
    kept = {name: getattr(live, name) for name in _LIVE}
    connection.execute(update(templates).where(unchanged).values(**_columns(msgspec.structs.replace(draft, **kept))))


def publish(
    connection: Connection, published: Template, made: Sequence[Release], source: TemplateSource | None
) -> None:
    """Makes a version live, or begins its roll-out: the releases and the template's new settings, all or nothing."""
    settings_changed(connection)
    new = _Live(published.version, published.published_hash, published.compiled)
    if published.rollout is not None:
        new = _Live(published.rollout.version, published.rollout.source_hash, published.rollout.compiled)
    check_current(connection, published.workspace_id, new.compiled)
    mine = templates.c.id == published.id
    current = connection.execute(select(templates.c.latest, templates.c.document).where(mine)).first()
    if current is None:
        _add(connection, published, _version_taken(published))
    elif current.latest >= new.version:
        raise _version_taken(published)
    else:
        # a draft that was saved while this one was compiled stays; what a publication of the library staged is out of date
        live = _with_draft_of(published, from_document(current.document, Template))
        connection.execute(update(templates).where(mine).values(**_columns(live)))
        staged = (releases.c.template_id == published.id) & (releases.c.version > current.latest)
        connection.execute(delete(releases).where(staged))
    if source is not None:
        _keep_source(connection, published, new, source)
    try:
        connection.execute(insert(releases), [release_row(Made.of(release)) for release in made])
    except IntegrityError as error:
        raise _version_taken(published) from error


def releases_of(connection: Connection, workspace_id: Id, key: str, version: int | None) -> list[Release]:
    """The releases of a version (None: the latest), empty when there is none."""
    mine = (templates.c.workspace_id == workspace_id) & (templates.c.key == key)
    wanted = templates.c.version if version is None else version
    statement = (
        select(releases.c.document)
        .join(templates, templates.c.id == releases.c.template_id)
        .where(mine, releases.c.version == wanted, releases.c.version <= templates.c.latest, templates.c.version > 0)
        .order_by(releases.c.channel, releases.c.locale)
    )
    return [from_document(document, Release) for document in connection.execute(statement).scalars()]


def versions(connection: Connection, workspace_id: Id, key: str, before: int | None, limit: int) -> list[Version]:
    """Published versions, newest first. Documents stay unread: they are long, and identifiers tell the time."""
    mine = (templates.c.workspace_id == workspace_id) & (templates.c.key == key)
    owner = select(templates.c.id).where(mine).scalar_subquery()
    latest = select(templates.c.latest).where(mine).scalar_subquery()  # above it stands what a publication has staged
    numbers = select(releases.c.version).where(releases.c.template_id == owner, releases.c.version <= latest)
    if before is not None:
        numbers = numbers.where(releases.c.version < before)
    page = numbers.distinct().order_by(releases.c.version.desc()).limit(limit).subquery()
    statement = (
        select(releases.c.version, releases.c.channel, releases.c.locale, releases.c.id)
        .where(releases.c.template_id == owner, releases.c.version.in_(select(page.c.version)))
        .order_by(releases.c.version.desc(), releases.c.channel, releases.c.locale)
    )
    found: list[Version] = []
    for number, rows in groupby(connection.execute(statement), key=lambda row: row.version):
        variants = list(rows)
        first = min(milliseconds_of(row.id) for row in variants)
        found.append(Version(number, first * 1_000, tuple((row.channel, row.locale) for row in variants)))
    return found


def release(connection: Connection, release_id: Id) -> Release | None:
    """One release by its identifier."""
    document = connection.execute(select(releases.c.document).where(releases.c.id == release_id)).scalar()
    return None if document is None else from_document(document, Release)


def edition(connection: Connection, template_id: Id, version: int) -> tuple[Edition, TemplateSource | None] | None:
    """What a version was made from; None for one that was published before sources were kept."""
    statement = (
        select(editions.c.document, sources.c.document)
        .join(
            sources,
            (sources.c.template_id == editions.c.template_id) & (sources.c.source_hash == editions.c.source_hash),
            isouter=True,
        )
        .where(editions.c.template_id == template_id, editions.c.version == version)
    )
    row = connection.execute(statement).first()
    if row is None:
        return None
    return from_document(row[0], Edition), None if row[1] is None else from_document(row[1], TemplateSource)


def set_live(connection: Connection, moved: Template, version: int, beside: Rollout | None) -> None:
    """Makes another version live, or none; the draft stays as it is by now."""
    settings_changed(connection)
    mine = templates.c.id == moved.id
    row = connection.execute(select(templates.c.version, templates.c.latest, templates.c.document).where(mine)).first()
    if row is None or row.version != version or row.latest != max(moved.latest, moved.version):
        raise ConflictError(f"the template {moved.key!r} was published by somebody else meanwhile; read it again")
    current = from_document(row.document, Template)
    if current.rollout != beside:
        raise ConflictError(f"the roll-out of {moved.key!r} was changed by somebody else meanwhile; read it again")
    live = _with_draft_of(moved, current)
    connection.execute(update(templates).where(mine).values(**_columns(live)))


def _add(connection: Connection, new: Template, conflict: ConflictError) -> None:
    try:
        connection.execute(insert(templates).values(**_columns(new)))
    except IntegrityError as error:
        raise conflict from error


def _keep_source(connection: Connection, published: Template, new: _Live, source: TemplateSource) -> None:
    """What the version was made from: needed when a block changes, for a rollback and for a comparison."""
    row = {"template_id": published.id, "source_hash": new.source_hash, "document": to_document(source)}
    connection.execute(insert_unless_there(connection, sources).values(**row))
    edition = Edition(published.id, new.version, published.updated_at, new.source_hash, "", new.compiled)
    connection.execute(
        insert(editions).values(
            template_id=published.id,
            version=new.version,
            source_hash=new.source_hash,
            document=to_document(edition),
        )
    )


def _with_draft_of(published: Template, current: Template) -> Template:
    return msgspec.structs.replace(published, **{name: getattr(current, name) for name in _DRAFT})


def _version_taken(one: Template) -> ConflictError:
    version = one.rollout.version if one.rollout else one.version
    return ConflictError(f"version {version} of the template {one.key!r} exists already; read it again and retry")


def _columns(one: Template) -> dict[str, Any]:
    return {
        "id": one.id,
        "workspace_id": one.workspace_id,
        "key": one.key,
        "version": one.version,
        "latest": max(one.latest, one.version),
        "source_hash": one.source_hash,
        "document": to_document(one),
    }


def release_row(one: Made) -> dict[str, Any]:
    """The columns of a release."""
    return {
        "id": one.id,
        "template_id": one.template_id,
        "version": one.version,
        "channel": one.channel,
        "locale": one.locale,
        "document": bytes(one.document),
    }
