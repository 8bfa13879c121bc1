"""What becomes of a template: back to a version, copied, put away, compared, taken home as files."""

from typing import Annotated, Final

from fastapi import Depends, Query
from starlette.responses import Response

from posthouse.core.templates.folder_writing import written_folder
from posthouse.core.templates.library.model import ItemKind
from posthouse.core.templates.library.uses import uses_of
from posthouse.core.workspaces.scopes import TEMPLATES_READ, TEMPLATES_WRITE
from posthouse.http.context import AccessHere, ServicesHere, answer, json_body
from posthouse.http.operations import Operation
from posthouse.http.schemas import lifecycle as schemas
from posthouse.http.schemas import templates

TAG: Final = "Templates"
Side = Annotated[str, Query(description="A number, `draft` or `live`.", pattern=r"^(?:[1-9][0-9]{0,8}|draft|live)$")]


async def roll_back(
    here: ServicesHere,
    access: AccessHere,
    key: str,
    wanted: Annotated[schemas.RollBack, Depends(json_body(schemas.RollBack))],
) -> Response:
    """Makes an older version live."""
    found = await here.lifecycle.rollback(access.caller.workspace_id, key, wanted.version)
    return answer(schemas.rolled_back(found))


async def duplicate(
    here: ServicesHere,
    access: AccessHere,
    key: str,
    wanted: Annotated[schemas.Duplicate, Depends(json_body(schemas.Duplicate))],
) -> Response:
    """Keeps a copy as a draft."""
    made = await here.lifecycle.duplicate(access.caller.workspace_id, key, wanted.key, wanted.name)
    return answer(templates.pushed(made), status=201)


async def archive(here: ServicesHere, access: AccessHere, key: str) -> Response:
    """Puts it away."""
    return answer(templates.template(await here.lifecycle.archive(access.caller.workspace_id, key)))


async def unarchive(here: ServicesHere, access: AccessHere, key: str) -> Response:
    """Brings it back."""
    return answer(templates.template(await here.lifecycle.unarchive(access.caller.workspace_id, key)))


async def diff(
    here: ServicesHere,
    access: AccessHere,
    key: str,
    before: Side = "live",
    after: Side = "draft",
) -> Response:
    """Compares two versions."""
    found = await here.lifecycle.diff(access.caller.workspace_id, key, _version(before), _version(after))
    return answer(schemas.diff(found))


async def files(here: ServicesHere, access: AccessHere, key: str, version: Side = "draft") -> Response:
    """A version as files."""
    workspace_id = access.caller.workspace_id
    source = await here.lifecycle.source(workspace_id, key, _version(version))
    template = await here.templates.get(workspace_id, key)
    held = {name: content.decode() for name, content in written_folder(source).items()}
    return answer(schemas.FilesAnswer(key, template.source_hash, held))


def _users(kind: ItemKind) -> Operation:
    async def users(here: ServicesHere, access: AccessHere, key: str) -> Response:
        """Templates that name it."""
        workspace_id = access.caller.workspace_id
        await here.library.get(workspace_id, kind, key)
        found = []
        for one in await here.templates.list(workspace_id):
            drafted = uses_of(one.draft) if one.draft else ()
            pins = [
                (use.pinned, live)
                for uses, live in ((one.uses, True), (drafted, False))
                for use in uses
                if (use.kind, use.key) == (kind, key)
            ]
            if pins:
                versions = sorted({pin for pin, _ in pins if pin})
                found.append(
                    templates.TemplateUse(
                        one.key,
                        one.name,
                        live=any(live for _, live in pins),
                        draft=any(not live for _, live in pins),
                        pinned=versions,
                    )
                )
        return answer(templates.TemplateUses(found))

    word = kind.value
    return Operation(
        method="GET",
        path=f"/v1/{kind.folder}/{{key}}/uses",
        id=f"list{word.capitalize()}Uses",
        summary=f"Where a {word} is used",
        description="Templates that name it, live or in their draft. Who follows a default theme without naming it stands in the impact.",
        tag="Library",
        endpoint=users,
        scope=TEMPLATES_READ,
        gives=templates.TemplateUses,
        fails=(404,),
    )


def _version(word: str) -> int | str | None:
    return None if word == "live" else int(word) if word.isdecimal() else word


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/templates/{key}/rollback",
        id="rollBackTemplate",
        summary="Go back to a version",
        description="It is live at once; nothing is compiled, the draft stays. Messages keep the release they were accepted with.",
        tag=TAG,
        endpoint=roll_back,
        scope=TEMPLATES_WRITE,
        takes=schemas.RollBack,
        gives=schemas.RolledBackAnswer,
        fails=(404, 409),
        example={"version": 3},
    ),
    Operation(
        method="POST",
        path="/v1/templates/{key}/duplicate",
        id="duplicateTemplate",
        summary="Copy a template",
        description="The draft becomes that of a new template.",
        tag=TAG,
        endpoint=duplicate,
        scope=TEMPLATES_WRITE,
        status=201,
        takes=schemas.Duplicate,
        gives=templates.PushedTemplate,
        fails=(404, 409),
        example={"key": "order-confirmation-b2b"},
    ),
    Operation(
        method="POST",
        path="/v1/templates/{key}/archive",
        id="archiveTemplate",
        summary="Put a template away",
        description="Nothing is accepted for it any more; what was accepted is sent.",
        tag=TAG,
        endpoint=archive,
        scope=TEMPLATES_WRITE,
        gives=templates.TemplateAnswer,
        fails=(404, 409),
    ),
    Operation(
        method="POST",
        path="/v1/templates/{key}/unarchive",
        id="unarchiveTemplate",
        summary="Bring a template back",
        description="With the version that was live; compiled again when a block or theme that it follows was published since.",
        tag=TAG,
        endpoint=unarchive,
        scope=TEMPLATES_WRITE,
        gives=templates.TemplateAnswer,
        fails=(404, 409),
    ),
    Operation(
        method="GET",
        path="/v1/templates/{key}/diff",
        id="diffTemplate",
        summary="Compare two versions of a template",
        tag=TAG,
        endpoint=diff,
        scope=TEMPLATES_READ,
        gives=schemas.DiffAnswer,
        fails=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/templates/{key}/files",
        id="getTemplateFiles",
        summary="Take a template home as files",
        description="In a stable order; pushed again unchanged they change nothing.",
        tag=TAG,
        endpoint=files,
        scope=TEMPLATES_READ,
        gives=schemas.FilesAnswer,
        fails=(404,),
    ),
    _users(ItemKind.BLOCK),
    _users(ItemKind.THEME),
)
