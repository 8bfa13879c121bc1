"""Webhook endpoints."""

from functools import partial
from typing import Annotated, Literal

from fastapi import Depends, Query
from msgspec import UNSET
from starlette.responses import Response

from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.messages import stream
from posthouse.core.webhooks.model import Endpoint, Filter, Line, Result
from posthouse.core.webhooks.service import UnknownEndpointError
from posthouse.core.workspaces.scopes import ADMIN_READ, ADMIN_WRITE
from posthouse.http.auth import Access
from posthouse.http.context import AccessHere, ServicesHere, answer, json_body, page_after
from posthouse.http.operations import Operation
from posthouse.http.schemas import webhooks as schemas
from posthouse.http.services import Services

TAG = "Webhooks"


async def list_webhooks(here: ServicesHere, access: AccessHere) -> Response:
    """Those of the key's mode; a live key sees all."""
    found = await here.webhooks.list(access.caller.workspace_id)
    shown = [schemas.endpoint(*one) for one in found if access.caller.live or not one[0].live]
    return answer(schemas.EndpointList(shown))


async def add_webhook(
    here: ServicesHere,
    access: AccessHere,
    wanted: Annotated[schemas.NewEndpoint, Depends(json_body(schemas.NewEndpoint))],
) -> Response:
    """Adds one."""
    made = await here.webhooks.add(
        access.caller.workspace_id,
        name=wanted.name,
        url=wanted.url,
        live=access.caller.live,
        types=wanted.types,
        templates=wanted.templates,
        description=wanted.description,
    )
    _, line = await here.webhooks.get(access.caller.workspace_id, wanted.name)
    return answer(schemas.made(made, line), 201)


async def get_webhook(here: ServicesHere, access: AccessHere, name: str) -> Response:
    """One of them."""
    return answer(schemas.endpoint(*await _visible(here, access, name)))


async def change_webhook(
    here: ServicesHere,
    access: AccessHere,
    name: str,
    change: Annotated[schemas.EndpointChange, Depends(json_body(schemas.EndpointChange))],
) -> Response:
    """Replaces what is given."""
    await _visible(here, access, name)
    changed = await here.webhooks.change(
        access.caller.workspace_id,
        name,
        url=None if change.url is UNSET else change.url,
        types=None if change.types is UNSET else change.types,
        templates=None if change.templates is UNSET else change.templates,
        description=None if change.description is UNSET else change.description,
    )
    return answer(schemas.endpoint(*changed))


async def remove_webhook(here: ServicesHere, access: AccessHere, name: str) -> Response:
    """Forgets one."""
    await _visible(here, access, name)
    await here.webhooks.remove(access.caller.workspace_id, name)
    return Response(status_code=204)


async def pause_webhook(here: ServicesHere, access: AccessHere, name: str) -> Response:
    """Tells it nothing for a while."""
    await _visible(here, access, name)
    await here.webhooks.pause(access.caller.workspace_id, name)
    return await get_webhook(here, access, name)


async def resume_webhook(here: ServicesHere, access: AccessHere, name: str) -> Response:
    """Goes on."""
    await _visible(here, access, name)
    await here.webhooks.resume(access.caller.workspace_id, name)
    return await get_webhook(here, access, name)


async def test_webhook(here: ServicesHere, access: AccessHere, name: str) -> Response:
    """Sends a test event."""
    await _visible(here, access, name)
    return answer(schemas.attempt(await here.webhooks.test(access.caller.workspace_id, name)))


async def rotate_webhook(
    here: ServicesHere,
    access: AccessHere,
    name: str,
    wanted: Annotated[schemas.Rotation, Depends(json_body(schemas.Rotation))],
) -> Response:
    """Makes a new secret."""
    _, line = await _visible(here, access, name)
    made = await here.webhooks.rotate(access.caller.workspace_id, name, wanted.overlap_seconds * SECOND)
    return answer(schemas.made(made, line))


async def list_attempts(
    here: ServicesHere,
    access: AccessHere,
    name: str,
    event: Annotated[str | None, Query(description="Only attempts of this event.", max_length=64)] = None,
    result: Annotated[
        Literal["delivered", "failed", "given_up", "gone"] | None, Query(description="Only with this result.")
    ] = None,
    cursor: Annotated[str | None, Query(description="`next` of the previous page.")] = None,
    limit: Annotated[int, Query(description="Attempts a page.", ge=1, le=MAX_PAGE)] = 50,
) -> Response:
    """The delivery log."""
    endpoint, _ = await _visible(here, access, name)
    wanted = Result(result) if result else None
    which = Filter(
        endpoint.id, before=page_after(cursor, partial(ids.read, ids.ATTEMPT)), event=event, result=wanted, limit=limit
    )
    found = await here.webhooks.attempts(access.caller.workspace_id, name, which)
    following = ids.show(ids.ATTEMPT, found[-1].id) if len(found) == limit else None
    return answer(schemas.AttemptPage([schemas.attempt(one) for one in found], following))


async def replay_webhook(
    here: ServicesHere,
    access: AccessHere,
    name: str,
    wanted: Annotated[schemas.ReplayOf, Depends(json_body(schemas.ReplayOf))],
) -> Response:
    """Tells events again."""
    await _visible(here, access, name)
    workspace = access.caller.workspace_id
    if wanted.event is not None and wanted.after is None and wanted.until is None:
        return answer(schemas.replay(await here.webhooks.replay_one(workspace, name, wanted.event)), 202)
    if wanted.event is not None or wanted.after is None:
        problem = FieldProblem("/event", "give `event` alone, or `after` with or without `until`", "form")
        raise ValidationError("Which events are meant?", fields=[problem])
    until = None if wanted.until is None else stream.read_cursor(wanted.until, "/until")
    found = await here.webhooks.replay_range(workspace, name, stream.read_cursor(wanted.after), until)
    return answer(schemas.replay(found), 202)


async def _visible(here: Services, access: Access, name: str) -> tuple[Endpoint, Line]:
    """The endpoint, if this key may see it: a test key sees no live one."""
    endpoint, line = await here.webhooks.get(access.caller.workspace_id, name)
    if endpoint.live and not access.caller.live:
        raise UnknownEndpointError("A test key sees only endpoints for test messages; ask with a live key.")
    return endpoint, line


_ONE = "/v1/webhooks/{name}"
OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/webhooks",
        id="listWebhooks",
        summary="List webhook endpoints",
        tag=TAG,
        endpoint=list_webhooks,
        scope=ADMIN_READ,
        gives=schemas.EndpointList,
    ),
    Operation(
        method="POST",
        path="/v1/webhooks",
        id="addWebhook",
        summary="Add a webhook endpoint",
        description=(
            "It is told what happens from now on, signed after the Standard Webhooks specification. The answer is the only place "
            "where the secret is shown. A test key makes an endpoint for test messages."
        ),
        tag=TAG,
        endpoint=add_webhook,
        scope=ADMIN_WRITE,
        takes=schemas.NewEndpoint,
        gives=schemas.MadeEndpoint,
        status=201,
        fails=(409,),
        example={"name": "shop", "url": "https://shop.example/hooks/posthouse", "types": ["message.bounced"]},
    ),
    Operation(
        method="GET",
        path=_ONE,
        id="getWebhook",
        summary="See a webhook endpoint",
        tag=TAG,
        endpoint=get_webhook,
        scope=ADMIN_READ,
        gives=schemas.EndpointAnswer,
        fails=(404,),
    ),
    Operation(
        method="PATCH",
        path=_ONE,
        id="changeWebhook",
        summary="Change a webhook endpoint",
        description="What is left out stays.",
        tag=TAG,
        endpoint=change_webhook,
        scope=ADMIN_WRITE,
        takes=schemas.EndpointChange,
        gives=schemas.EndpointAnswer,
        fails=(404,),
        example={"types": ["message.bounced", "message.failed"]},
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        id="removeWebhook",
        summary="Remove a webhook endpoint",
        description="Its delivery log goes with it.",
        tag=TAG,
        endpoint=remove_webhook,
        scope=ADMIN_WRITE,
        status=204,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path=_ONE + "/pause",
        id="pauseWebhook",
        summary="Pause a webhook endpoint",
        description="What happens meanwhile is told when it is resumed.",
        tag=TAG,
        endpoint=pause_webhook,
        scope=ADMIN_WRITE,
        gives=schemas.EndpointAnswer,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path=_ONE + "/resume",
        id="resumeWebhook",
        summary="Resume a webhook endpoint",
        description="It goes on where it stopped.",
        tag=TAG,
        endpoint=resume_webhook,
        scope=ADMIN_WRITE,
        gives=schemas.EndpointAnswer,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path=_ONE + "/test",
        id="testWebhook",
        summary="Test a webhook endpoint",
        description="Sends one event of the type `webhook.test` now, and answers with what became of it.",
        tag=TAG,
        endpoint=test_webhook,
        scope=ADMIN_WRITE,
        gives=schemas.AttemptAnswer,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path=_ONE + "/rotate",
        id="rotateWebhook",
        summary="Rotate the secret of a webhook endpoint",
        description="The new secret is shown only here. Until the overlap is over both sign, so no event is refused meanwhile.",
        tag=TAG,
        endpoint=rotate_webhook,
        scope=ADMIN_WRITE,
        takes=schemas.Rotation,
        gives=schemas.MadeEndpoint,
        fails=(404,),
        example={"overlap_seconds": 86400},
    ),
    Operation(
        method="GET",
        path=_ONE + "/attempts",
        id="listWebhookAttempts",
        summary="See the delivery log of a webhook endpoint",
        description="Every attempt with request and answer, trimmed, newest first.",
        tag=TAG,
        endpoint=list_attempts,
        scope=ADMIN_READ,
        gives=schemas.AttemptPage,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path=_ONE + "/replay",
        id="replayWebhook",
        summary="Tell a webhook endpoint events again",
        description="One event, or a range of those that match its filters: up to 1,000 a call, `next` is where to go on.",
        tag=TAG,
        endpoint=replay_webhook,
        scope=ADMIN_WRITE,
        takes=schemas.ReplayOf,
        gives=schemas.ReplayAnswer,
        status=202,
        fails=(404,),
        example={"after": "evt_00000000000000"},
    ),
)
