"""The sandbox, held messages, health and figures."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import FieldProblem, ForbiddenError, NotFoundError, ValidationError
from posthouse.core.workspaces.scopes import ADMIN_READ, ADMIN_WRITE
from posthouse.http.context import AccessHere, ServicesHere, answer, json_body, page_after
from posthouse.http.operations import Operation
from posthouse.http.routes.messages import Paging
from posthouse.http.schemas import messages as message_schemas
from posthouse.http.schemas import settings as schemas

SANDBOX = "Sandbox"
TAG = "Operation"


async def list_sandbox(here: ServicesHere, access: AccessHere, paging: Annotated[Paging, Depends()]) -> Response:
    """What test messages became."""
    found = await here.sandbox.sandbox_list(
        access.caller.workspace_id, paging.limit + 1, page_after(paging.cursor, here.messages.place)
    )
    shown = found[: paging.limit]
    following = ids.show(ids.MESSAGE, shown[-1].message_id) if len(found) > len(shown) else None
    return answer(message_schemas.SandboxPage([message_schemas.sandboxed(kept) for kept in shown], following))


async def get_sandbox(here: ServicesHere, access: AccessHere, message_id: str) -> Response:
    """One of them with its source."""
    found = await here.sandbox.sandbox_message(access.caller.workspace_id, ids.read(ids.MESSAGE, message_id))
    if found is None:
        raise NotFoundError("The sandbox has no such message; it keeps the newest 1,000 of a workspace.")
    return answer(message_schemas.sandboxed_detail(found))


async def release_held(
    here: ServicesHere,
    access: AccessHere,
    wanted: Annotated[schemas.ReleaseHeld, Depends(json_body(schemas.ReleaseHeld))],
) -> Response:
    """Lets held messages go."""
    if not access.caller.live:
        raise ForbiddenError("Held messages are live ones: a test key cannot release them. Use a live key.")
    if wanted.all == bool(wanted.messages):
        problem = FieldProblem("/messages", 'name the messages, or write "all": true', "missing")
        raise ValidationError("Which messages?", fields=[problem])
    chosen = None if wanted.all else [ids.read(ids.MESSAGE, word) for word in wanted.messages]
    count = await here.held.release_held(access.caller.workspace_id, chosen, here.clock.now())
    return answer(schemas.ReleasedAnswer(count))


async def get_health() -> Response:
    """The process is alive: it answers."""
    return answer(schemas.HealthAnswer("ok"))


async def get_readiness(here: ServicesHere) -> Response:
    """Whether requests can be served."""
    health = await here.health()
    return answer(
        schemas.HealthAnswer("ok" if health.ready else "unavailable", health.checks), 200 if health.ready else 503
    )


async def get_metrics(here: ServicesHere) -> Response:
    """Figures for Prometheus."""
    media_type, text = await here.metrics()
    return Response(text, headers={"content-type": media_type})


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/sandbox",
        id="listSandbox",
        summary="List sandbox messages",
        description="The newest 1,000 that the sandbox provider took.",
        tag=SANDBOX,
        endpoint=list_sandbox,
        scope=ADMIN_READ,
        gives=message_schemas.SandboxPage,
    ),
    Operation(
        method="GET",
        path="/v1/sandbox/{message_id}",
        id="getSandboxMessage",
        summary="See a sandbox message",
        tag=SANDBOX,
        endpoint=get_sandbox,
        scope=ADMIN_READ,
        gives=message_schemas.SandboxDetail,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/held/release",
        id="releaseHeld",
        summary="Release held messages",
        description="Messages are held after a backup was restored, or when an attempt is in doubt and the policy is `hold`.",
        tag=TAG,
        endpoint=release_held,
        scope=ADMIN_WRITE,
        takes=schemas.ReleaseHeld,
        gives=schemas.ReleasedAnswer,
        fails=(404,),
        example={"all": True},
    ),
    Operation(
        method="GET",
        path="/healthz",
        id="getHealth",
        summary="Is the process alive?",
        tag=TAG,
        endpoint=get_health,
        public=True,
        gives=schemas.HealthAnswer,
    ),
    Operation(
        method="GET",
        path="/readyz",
        id="getReadiness",
        summary="Can requests be served?",
        description="503 while they cannot; `checks` says why.",
        tag=TAG,
        endpoint=get_readiness,
        public=True,
        gives=schemas.HealthAnswer,
    ),
    Operation(
        method="GET",
        path="/metrics",
        id="getMetrics",
        summary="Figures for Prometheus",
        tag=TAG,
        endpoint=get_metrics,
        public=True,
        gives="text/plain",
    ),
)
