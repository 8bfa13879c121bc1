"""How long things are kept."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from posthouse.core.kernel.errors import ForbiddenError
from posthouse.core.workspaces.scopes import ADMIN_READ, ADMIN_WRITE
from posthouse.http.context import AccessHere, ServicesHere, answer, json_body
from posthouse.http.operations import Operation
from posthouse.http.schemas import keeping as schemas

TAG = "Keeping"


async def get_retention(here: ServicesHere, access: AccessHere) -> Response:
    """The rules."""
    return answer(schemas.shown(await here.retention.rules(access.caller.workspace_id)))


async def put_retention(
    here: ServicesHere,
    access: AccessHere,
    said: Annotated[schemas.RetentionAnswer, Depends(json_body(schemas.RetentionAnswer))],
) -> Response:
    """Other rules."""
    if not access.caller.live:
        raise ForbiddenError("These rules erase live messages: a test key cannot change them. Use a live key.")
    kept = await here.retention.change(access.caller.workspace_id, schemas.wanted(said))
    return answer(schemas.shown(kept))


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/retention",
        id="getRetention",
        summary="See how long things are kept",
        tag=TAG,
        endpoint=get_retention,
        scope=ADMIN_READ,
        gives=schemas.RetentionAnswer,
        fails=(404,),
    ),
    Operation(
        method="PUT",
        path="/v1/retention",
        id="setRetention",
        summary="Set how long things are kept",
        description=(
            "Takes the place of all rules; what is left out is kept for good. What is due by the new rules is erased within the hour and cannot be "
            "brought back: `posthouse retention run --dry-run` counts it first."
        ),
        tag=TAG,
        endpoint=put_retention,
        scope=ADMIN_WRITE,
        takes=schemas.RetentionAnswer,
        gives=schemas.RetentionAnswer,
        fails=(404,),
        example={"default": {"content_days": 90, "event_days": 400}, "classes": {"security": {"content_days": 7}}},
    ),
)
