"""A new version of a template for a share of the messages first."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from posthouse.core.workspaces.scopes import ANALYTICS_READ, TEMPLATES_READ, TEMPLATES_WRITE
from posthouse.http.context import AccessHere, ServicesHere, answer, json_body
from posthouse.http.operations import Operation
from posthouse.http.routes.templates import TAG
from posthouse.http.schemas import templates as schemas


async def get_rollout(here: ServicesHere, access: AccessHere, key: str) -> Response:
    """What is being rolled out, and how it does."""
    workspace_id = access.caller.workspace_id
    found, compared = await here.templates.get(workspace_id, key), None
    if (running := found.rollout) is not None and ANALYTICS_READ in access.allowed:
        compared = await here.analytics.versions(workspace_id, key, running.started_at, found.version, running.version)
    return answer(schemas.rollout(found, compared))


async def set_rollout(
    here: ServicesHere,
    access: AccessHere,
    key: str,
    wanted: Annotated[schemas.SetRollout, Depends(json_body(schemas.SetRollout))],
) -> Response:
    """Begins a roll-out, or changes its share."""
    found = await here.rollouts.set(access.caller.workspace_id, key, wanted.percent, wanted.version)
    return answer(schemas.rollout(found))


async def complete_rollout(here: ServicesHere, access: AccessHere, key: str) -> Response:
    """For everybody."""
    return answer(schemas.template(await here.rollouts.complete(access.caller.workspace_id, key)))


async def take_back_rollout(here: ServicesHere, access: AccessHere, key: str) -> Response:
    """For nobody."""
    return answer(schemas.template(await here.rollouts.back(access.caller.workspace_id, key)))


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/templates/{key}/rollout",
        id="getRollout",
        summary="See a roll-out",
        description=(
            "The live version, and the one that serves a share of the messages beside it, if there is one, with a comparison of both: of the "
            "messages accepted since the roll-out began, the share that bounced, was complained about and was clicked by a person. Each with "
            "the interval that holds the true one in 95 of 100 cases, and whether the version that comes is `higher`, `lower`, shows "
            "`no-difference`, or has `too-few` messages to say (under 100)."
        ),
        tag=TAG,
        endpoint=get_rollout,
        scope=TEMPLATES_READ,
        gives=schemas.RolloutState,
        fails=(404,),
    ),
    Operation(
        method="PUT",
        path="/v1/templates/{key}/rollout",
        id="setRollout",
        summary="Begin a roll-out, or change its share",
        description=(
            "From now on a share of the people gets another version than the live one: always the same people, who stay in while "
            "the share grows. Messages that name a version themselves get that. Without `version` the share of the roll-out that "
            "runs is changed. `POST …/publish?percent=10` makes a new version and begins its roll-out in one step."
        ),
        tag=TAG,
        endpoint=set_rollout,
        scope=TEMPLATES_WRITE,
        takes=schemas.SetRollout,
        gives=schemas.RolloutState,
        fails=(404, 409),
        example={"percent": 10, "version": 4},
    ),
    Operation(
        method="POST",
        path="/v1/templates/{key}/rollout/complete",
        id="completeRollout",
        summary="Complete a roll-out",
        description="The version that was rolled out is the live one.",
        tag=TAG,
        endpoint=complete_rollout,
        scope=TEMPLATES_WRITE,
        gives=schemas.TemplateAnswer,
        fails=(404, 409),
    ),
    Operation(
        method="DELETE",
        path="/v1/templates/{key}/rollout",
        id="takeBackRollout",
        summary="Take a roll-out back",
        description="Everybody gets the live version again. What was accepted is sent as it was accepted.",
        tag=TAG,
        endpoint=take_back_rollout,
        scope=TEMPLATES_WRITE,
        gives=schemas.TemplateAnswer,
        fails=(404, 409),
    ),
)
