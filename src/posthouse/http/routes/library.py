"""The library: blocks and themes, what publishing them would touch, and their publications."""

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any, Final

from fastapi import Depends, Query
from fastapi import Path as PathParameter
from starlette.responses import Response

from posthouse.core.kernel import ids
from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.templates.library.content import BlockFile, ThemeFile
from posthouse.core.templates.library.model import ItemKind
from posthouse.core.workspaces.scopes import TEMPLATES_READ, TEMPLATES_WRITE
from posthouse.http.context import AccessHere, IfMatch, ServicesHere, answer, bare, json_body
from posthouse.http.operations import Operation
from posthouse.http.schemas import library as schemas

TAG: Final = "Library"
MAX_SHOWN: Final = 50
"""Templates in detail on one page of an impact: each has two whole mails for every locale."""

Raw = Annotated[dict[str, Any], Depends(json_body(dict[str, Any]))]
Number = Annotated[int, PathParameter(description="Its number.", ge=1, le=2**31 - 1)]
_EXAMPLES: Final[dict[ItemKind, dict[str, Any]]] = {
    ItemKind.BLOCK: {
        "name": "Footer",
        "blocks": [{"type": "text", "id": "address", "size": "small", "text": {"en": "The Shop, {{ shop.city }}"}}],
        "sample": {"shop": {"city": "Lyon"}},
    },
    ItemKind.THEME: {
        "name": "The Shop",
        "default": True,
        "tokens": {"name": "The Shop", "light": {"primary": "#7a1f3d"}},
    },
}


class _Room:
    """The endpoints of one kind."""

    def __init__(self, kind: ItemKind) -> None:
        self.kind = kind

    async def list(self, here: ServicesHere, access: AccessHere) -> Response:
        """All of them."""
        found = await here.library.list(access.caller.workspace_id, self.kind)
        return answer(schemas.ItemList([schemas.item(one) for one in found]))

    async def get(self, here: ServicesHere, access: AccessHere, key: str) -> Response:
        """One with its draft."""
        found = await here.library.get(access.caller.workspace_id, self.kind, key)
        return answer(schemas.item_detail(found), headers={"etag": f'"{found.source_hash}"'})

    async def save(
        self, here: ServicesHere, access: AccessHere, key: str, wanted: Raw, if_match: IfMatch = None
    ) -> Response:
        """Keeps a draft."""
        expected = bare(if_match)
        result = await here.library.save(access.caller.workspace_id, self.kind, key, wanted, expected)
        return answer(schemas.saved(result), headers={"etag": f'"{result.item.source_hash}"'})

    async def remove(self, here: ServicesHere, access: AccessHere, key: str) -> Response:
        """Takes one away."""
        await here.library.remove(access.caller.workspace_id, self.kind, key)
        return Response(status_code=204)

    async def versions(self, here: ServicesHere, access: AccessHere, key: str) -> Response:
        """What was published."""
        workspace_id = access.caller.workspace_id
        found = await here.library.versions(workspace_id, self.kind, key)
        live = (await here.library.get(workspace_id, self.kind, key)).version
        return answer(schemas.ItemVersionList([schemas.version(one, live) for one in found]))

    async def version(self, here: ServicesHere, access: AccessHere, key: str, version: Number) -> Response:
        """One version as it was written."""
        workspace_id = access.caller.workspace_id
        found = await here.library.version(workspace_id, self.kind, key, version)
        live = (await here.library.get(workspace_id, self.kind, key)).version
        return answer(schemas.version_detail(found, live))

    async def render(
        self,
        here: ServicesHere,
        access: AccessHere,
        key: str,
        wanted: Annotated[schemas.RenderItem, Depends(json_body(schemas.RenderItem))],
    ) -> Response:
        """Shows it by itself."""
        found = await here.library.preview(access.caller.workspace_id, self.kind, key, wanted.version)
        return answer(schemas.preview(found))

    async def impact(
        self,
        here: ServicesHere,
        access: AccessHere,
        key: str,
        cursor: Annotated[str, Query(description="`next` of the previous page.", max_length=100)] = "",
        limit: Annotated[int, Query(description="Templates in detail.", ge=0, le=MAX_SHOWN)] = 10,
    ) -> Response:
        """What publishing the draft would change."""
        found = await here.impact.impact(access.caller.workspace_id, self.kind, key, cursor, limit)
        return answer(schemas.impact(found))

    async def publish(
        self,
        here: ServicesHere,
        access: AccessHere,
        key: str,
        wanted: Annotated[schemas.PublishItem, Depends(json_body(schemas.PublishItem))],
    ) -> Response:
        """Makes it live, with everything that follows it."""
        workspace_id = access.caller.workspace_id
        begun = await here.publisher.begin(workspace_id, self.kind, key, wanted.version)
        if begun is None:
            return answer(schemas.PublishAnswer(None))
        task = here.publisher.start(begun, wanted.version)
        await asyncio.wait({task}, timeout=wanted.wait)
        found = await here.publisher.publication(workspace_id, begun.id)
        return answer(schemas.PublishAnswer(schemas.publication_detail(found)), status=202)


async def list_publications(
    here: ServicesHere,
    access: AccessHere,
    limit: Annotated[int, Query(description="How many.", ge=1, le=MAX_PAGE)] = 50,
) -> Response:
    """The newest ones."""
    return answer(schemas.publications(await here.publisher.publications(access.caller.workspace_id, limit)))


async def get_publication(here: ServicesHere, access: AccessHere, id: str) -> Response:  # noqa: A002 - as in the path
    """How far it is, or what it did."""
    found = await here.publisher.publication(access.caller.workspace_id, ids.read(ids.PUBLICATION, id))
    return answer(schemas.publication_detail(found))


async def undo_publication(here: ServicesHere, access: AccessHere, id: str) -> Response:  # noqa: A002 - as in the path
    """Brings the former releases back."""
    found = await here.publisher.undo(access.caller.workspace_id, ids.read(ids.PUBLICATION, id))
    return answer(schemas.publication_detail(found))


def _operations(kind: ItemKind) -> Iterator[Operation]:
    room, word = _Room(kind), kind.value
    path, name = f"/v1/{kind.folder}", word.capitalize()
    reads: dict[str, Any] = {"method": "GET", "tag": TAG, "scope": TEMPLATES_READ}
    writes: dict[str, Any] = {"tag": TAG, "scope": TEMPLATES_WRITE}
    one = f"{path}/{{key}}"
    yield Operation(
        **reads, path=path, id=f"list{name}s", summary=f"List {word}s", endpoint=room.list, gives=schemas.ItemList
    )
    yield Operation(
        **reads,
        path=one,
        id=f"get{name}",
        summary=f"See a {word}",
        endpoint=room.get,
        gives=schemas.ItemDetail,
        fails=(404,),
    )
    yield Operation(
        **writes,
        method="PUT",
        path=one,
        id=f"save{name}",
        summary=f"Keep the draft of a {word}",
        description=(
            "Makes it when there is none. Nothing changes for readers until it is published; the same again changes nothing. With "
            "`If-Match` a draft that somebody else changed meanwhile is not overwritten (409)."
        ),
        endpoint=room.save,
        takes=BlockFile if kind is ItemKind.BLOCK else ThemeFile,
        gives=schemas.ItemSaved,
        fails=(409,),
        example=_EXAMPLES[kind],
    )
    yield Operation(
        **writes,
        method="DELETE",
        path=one,
        id=f"remove{name}",
        summary=f"Take a {word} away",
        description="Only while no live template uses it. What was sent with it can still be shown.",
        endpoint=room.remove,
        status=204,
        fails=(404, 409),
    )
    yield Operation(
        **reads,
        path=f"{one}/versions",
        id=f"list{name}Versions",
        summary=f"List a {word}'s versions",
        endpoint=room.versions,
        gives=schemas.ItemVersionList,
        fails=(404,),
    )
    yield Operation(
        **reads,
        path=f"{one}/versions/{{version}}",
        id=f"get{name}Version",
        summary=f"See a version of a {word}",
        endpoint=room.version,
        gives=schemas.ItemVersionDetail,
        fails=(404,),
    )
    yield Operation(
        **{**reads, "method": "POST"},
        path=f"{one}/render",
        id=f"render{name}",
        summary=f"Look at a {word} by itself",
        endpoint=room.render,
        takes=schemas.RenderItem,
        gives=schemas.RenderedItem,
        fails=(404,),
        example={"version": 1},
    )
    yield Operation(
        **reads,
        path=f"{one}/impact",
        id=f"get{name}Impact",
        summary=f"What publishing a {word} would change",
        description=(
            "Every template that follows it, and a page of them rendered with their samples before and after, with what the lint "
            "would newly say and what would stop the publication."
        ),
        endpoint=room.impact,
        gives=schemas.ImpactAnswer,
        fails=(404,),
    )
    yield Operation(
        **writes,
        method="POST",
        path=f"{one}/publish",
        id=f"publish{name}",
        summary=f"Publish a {word}",
        description=(
            "Compiles every template that follows it and makes all of them live in one go, or nothing. Answers when that is done or "
            "`wait` is over; `GET /v1/publications/{id}` tells how far it is."
        ),
        endpoint=room.publish,
        status=202,
        takes=schemas.PublishItem,
        gives=schemas.PublishAnswer,
        fails=(404, 409),
        example={"wait": 10},
    )


OPERATIONS = (
    *_operations(ItemKind.BLOCK),
    *_operations(ItemKind.THEME),
    Operation(
        method="GET",
        path="/v1/publications",
        id="listPublications",
        summary="List publications of blocks and themes",
        tag=TAG,
        endpoint=list_publications,
        scope=TEMPLATES_READ,
        gives=schemas.PublicationList,
    ),
    Operation(
        method="GET",
        path="/v1/publications/{id}",
        id="getPublication",
        summary="See a publication",
        tag=TAG,
        endpoint=get_publication,
        scope=TEMPLATES_READ,
        gives=schemas.PublicationDetail,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/publications/{id}/undo",
        id="undoPublication",
        summary="Undo a publication",
        description="The former releases are live again at once; nothing is compiled. Refused when templates were published since.",
        tag=TAG,
        endpoint=undo_publication,
        scope=TEMPLATES_WRITE,
        gives=schemas.PublicationDetail,
        fails=(404, 409),
    ),
)
