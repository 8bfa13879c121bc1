"""Service levels of templates."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from posthouse.core.workspaces.scopes import ANALYTICS_READ, TEMPLATES_WRITE
from posthouse.http.context import AccessHere, ServicesHere, answer, json_body
from posthouse.http.operations import Operation
from posthouse.http.schemas import alerts as schemas

TAG = "Analytics"
_ONE = "/v1/templates/{key}/service-level"


async def list_levels(here: ServicesHere, access: AccessHere) -> Response:
    """All of them."""
    found = await here.levels.all(access.caller.workspace_id)
    return answer(schemas.LevelList([schemas.level(*one) for one in found]))


async def get_level(here: ServicesHere, access: AccessHere, key: str) -> Response:
    """One of them."""
    return answer(schemas.level(key, *await here.levels.get(access.caller.workspace_id, key)))


async def put_level(
    here: ServicesHere,
    access: AccessHere,
    key: str,
    wanted: Annotated[schemas.LevelWish, Depends(json_body(schemas.LevelWish))],
) -> Response:
    """Promises something."""
    found = await here.levels.save(
        access.caller.workspace_id,
        key,
        share=wanted.share,
        seconds=wanted.seconds,
        measure=wanted.measure,
        days=wanted.days,
    )
    return answer(schemas.level(key, *found))


async def remove_level(here: ServicesHere, access: AccessHere, key: str) -> Response:
    """Promises nothing any more."""
    await here.levels.remove(access.caller.workspace_id, key)
    return Response(status_code=204)


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/analytics/levels",
        id="listServiceLevels",
        summary="See how service levels are kept",
        description=(
            "Of every template that has one: target, measured share, messages, error budget left and how fast it is spent. Of live "
            "messages; time runs from the instant at which a message was accepted or, scheduled for later, due."
        ),
        tag=TAG,
        endpoint=list_levels,
        scope=ANALYTICS_READ,
        gives=schemas.LevelList,
    ),
    Operation(
        method="GET",
        path=_ONE,
        id="getServiceLevel",
        summary="See the service level of a template",
        tag=TAG,
        endpoint=get_level,
        scope=ANALYTICS_READ,
        gives=schemas.LevelAnswer,
        fails=(404,),
    ),
    Operation(
        method="PUT",
        path=_ONE,
        id="setServiceLevel",
        summary="Set the service level of a template",
        description="It is measured at the last edge of the histograms that is not later than `seconds`; the answer says at which.",
        tag=TAG,
        endpoint=put_level,
        scope=TEMPLATES_WRITE,
        takes=schemas.LevelWish,
        gives=schemas.LevelAnswer,
        fails=(404,),
        example={"share": 0.95, "seconds": 5, "measure": "first-attempt", "days": 28},
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        id="removeServiceLevel",
        summary="Remove the service level of a template",
        tag=TAG,
        endpoint=remove_level,
        scope=TEMPLATES_WRITE,
        status=204,
        fails=(404,),
    ),
)
