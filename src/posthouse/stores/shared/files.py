"""Uploaded files: the queries of both stores, each in the caller's transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.files import FileUse, Kept
from posthouse.core.messages.service import extras_of
from posthouse.core.templates.attachments.model import Reference
from posthouse.core.templates.model import Template, TemplateSource
from posthouse.stores.shared.documents import from_document
from posthouse.stores.shared.schema import blobs, editions, messages, queue, sources, templates

_PIECE = 500
"""Waiting messages read at once."""


def files(connection: Connection, workspace_id: Id, after: bytes | None, limit: int) -> list[Kept]:
    """A page by digest; the bytes themselves are not read."""
    c = blobs.c
    wanted = select(c.digest, func.length(c.data), c.created_at).where(c.workspace_id == workspace_id)
    if after is not None:
        wanted = wanted.where(c.digest > after)
    return [
        Kept(bytes(digest), size, at) for digest, size, at in connection.execute(wanted.order_by(c.digest).limit(limit))
    ]


def file(connection: Connection, workspace_id: Id, digest: bytes) -> Kept | None:
    """One of them."""
    c = blobs.c
    wanted = select(func.length(c.data), c.created_at).where(c.workspace_id == workspace_id, c.digest == digest)
    row = connection.execute(wanted).first()
    return None if row is None else Kept(digest, row[0], row[1])


def file_uses(connection: Connection, workspace_id: Id, digests: Sequence[bytes]) -> dict[bytes, list[FileUse]]:
    """The templates that attach each of these. Documents are searched for the digest before any is read."""
    found: dict[bytes, list[FileUse]] = {}
    if not digests:
        return found
    t = templates.c
    rows = connection.execute(
        select(t.id, t.key, t.version, t.document).where(t.workspace_id == workspace_id).order_by(t.key)
    ).all()
    for template_id, key, live, document in rows:
        draft = from_document(document, Template).draft if _names(document, digests) else None
        published = _published(connection, template_id, digests)
        for digest in digests:
            said = _attached(draft, digest)
            versions = {number: one for number, source in published if (one := _attached(source, digest)) is not None}
            shown = said or next(iter(versions.values()), None)
            if shown is not None:
                use = FileUse(
                    key,
                    shown.name,
                    draft=said is not None,
                    live=live in versions,
                    versions=tuple(sorted(versions, key=lambda number: (number != live, -number))),
                    inline=bool(shown.inline),
                )
                found.setdefault(digest, []).append(use)
    return found


def file_waiting(connection: Connection, workspace_id: Id, digest: bytes) -> int:
    """Messages that wait and name it themselves: those with something unusual are read, some at a time."""
    q, m = queue.c, messages.c
    waits = (
        select(m.id, m.extras)
        .join(queue, q.message_id == m.id)
        .where(q.workspace_id == workspace_id, m.extras.is_not(None))
        .order_by(m.id)
        .limit(_PIECE)
    )
    count, after = 0, bytes(16)
    while rows := connection.execute(waits.where(m.id > after)).all():
        count += sum(any(one.digest == digest for one in extras_of(extras).attachments) for _, extras in rows)
        after = rows[-1][0]
    return count


def remove_file(connection: Connection, workspace_id: Id, digest: bytes) -> bool:
    """Takes it away unless a template attaches it."""
    if file_uses(connection, workspace_id, [digest]):
        return False
    c = blobs.c
    connection.execute(delete(blobs).where(c.workspace_id == workspace_id, c.digest == digest))
    return True


def _published(connection: Connection, template_id: Id, digests: Sequence[bytes]) -> list[tuple[int, TemplateSource]]:
    """The versions of a template that name one of these, and what they were made from."""
    s, e = sources.c, editions.c
    kept = select(s.source_hash, s.document).where(s.template_id == template_id)
    named = {
        word: from_document(document, TemplateSource)
        for word, document in connection.execute(kept)
        if _names(document, digests)
    }
    if not named:
        return []
    made = select(e.version, e.source_hash).where(e.template_id == template_id, e.source_hash.in_(named))
    return [(number, named[word]) for number, word in connection.execute(made)]


def _names(document: bytes, digests: Sequence[bytes]) -> bool:
    return any(digest.hex().encode() in document for digest in digests)


def _attached(source: TemplateSource | None, digest: bytes) -> Reference | None:
    """The attachment of a source that is this file."""
    word = f"upl_{digest.hex()}-"
    held = source.attachments if source is not None else ()
    return next((one for one in held if isinstance(one, Reference) and one.upload.startswith(word)), None)
