"""A library pushed as files: kept, and published item by item when asked to."""

from collections.abc import Iterable

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.templates.library.errors import ItemProblemsError
from posthouse.core.templates.library.model import Item, ItemSource
from posthouse.core.templates.library.publication import Publication, State
from posthouse.core.templates.library.publisher import LibraryPublisher, Progress
from posthouse.core.templates.library.service import LibraryService


class PushedItem(msgspec.Struct, frozen=True):
    """What became of one item."""

    item: Item
    changed: bool
    publication: Publication | None = None


async def push_library(
    library: LibraryService,
    publisher: LibraryPublisher,
    workspace_id: Id,
    sources: Iterable[ItemSource],
    *,
    publish: bool,
    progress: Progress | None = None,
) -> list[PushedItem]:
    """Keeps items in order, and publishes each that is not live as it is. The same again does nothing.

    Raises:
        ItemProblemsError: an item, or a template that follows it, cannot be published with it.
    """
    pushed = []
    for source in sources:
        saved = await library.save_source(workspace_id, source)
        item, publication = saved.item, None
        if publish:
            publication = await publisher.begin(workspace_id, source.kind, source.key)
        if publication is not None:
            publication = await publisher.run(publication, progress=progress)
            refuse(publication)
            item = await library.get(workspace_id, source.kind, source.key)
        pushed.append(PushedItem(item, saved.changed or publication is not None, publication))
    return pushed


async def try_library(library: LibraryService, workspace_id: Id, sources: Iterable[ItemSource]) -> list[PushedItem]:
    """What a push would keep: items are proved by themselves, nothing is changed. Templates that follow are not compiled.

    Raises:
        ItemProblemsError: an item cannot be kept as it is.
    """
    tried = []
    for source in sources:
        saved = await library.save_source(workspace_id, source, dry=True)
        tried.append(PushedItem(saved.item, saved.changed))
    return tried


def refuse(publication: Publication) -> None:
    """ItemProblemsError when a publication was refused, with every problem of every template."""
    if publication.state is not State.REFUSED:
        return
    fields = [
        msgspec.structs.replace(
            one.problem, detail=f"{one.template}: {one.problem.detail}" if one.template else one.problem.detail
        )
        for one in publication.troubles
    ]
    templates = sorted({one.template for one in publication.troubles if one.template})
    where = f" in {len(templates)} of its templates" if templates else ""
    first = fields[0].detail if fields else "it cannot be published as it is"
    raise ItemProblemsError(
        f"The {publication.kind.value} {publication.key!r} was not published, it would break{where}: {first}"
        if templates
        else f"The {publication.kind.value} {publication.key!r} was not published: {first}",
        fields=fields,
    )
