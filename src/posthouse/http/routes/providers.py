"""Providers and routes."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from posthouse.core.delivery.admin import NamedStep
from posthouse.core.kernel.errors import NotFoundError
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.messages.model import Channel
from posthouse.core.workspaces.scopes import ADMIN_READ, ADMIN_WRITE
from posthouse.http.context import AccessHere, ServicesHere, answer, json_body
from posthouse.http.operations import Operation
from posthouse.http.schemas import settings as schemas

TAG = "Providers"
_CHANNELS: dict[str, Channel] = {schemas.channel_word(channel): channel for channel in Channel}


async def list_providers(here: ServicesHere, access: AccessHere) -> Response:
    """All providers."""
    rows = await here.providers.list(access.caller.workspace_id)
    return answer(schemas.ProviderList([schemas.provider(row) for row in rows]))


async def add_provider(
    here: ServicesHere,
    access: AccessHere,
    wanted: Annotated[schemas.NewProvider, Depends(json_body(schemas.NewProvider))],
) -> Response:
    """Adds one."""
    row = await here.providers.add(
        access.caller.workspace_id,
        name=wanted.name,
        kind=wanted.kind,
        settings=wanted.settings,
        secret=wanted.secret,
        channel=_CHANNELS[wanted.channel],
    )
    return answer(schemas.provider(row), 201)


async def get_provider(here: ServicesHere, access: AccessHere, name: str) -> Response:
    """One of them."""
    return answer(schemas.provider(await here.providers.get(access.caller.workspace_id, name)))


async def change_provider(
    here: ServicesHere,
    access: AccessHere,
    name: str,
    change: Annotated[schemas.ProviderChange, Depends(json_body(schemas.ProviderChange))],
) -> Response:
    """Replaces what is given."""
    row = await here.providers.update(
        access.caller.workspace_id, name, settings=change.settings, secret=change.secret, enabled=change.enabled
    )
    return answer(schemas.provider(row))


async def remove_provider(here: ServicesHere, access: AccessHere, name: str) -> Response:
    """Forgets one."""
    await here.providers.remove(access.caller.workspace_id, name)
    return Response(status_code=204)


async def list_routes(here: ServicesHere, access: AccessHere) -> Response:
    """The routes that were set."""
    found = await here.providers.routes(access.caller.workspace_id)
    return answer(schemas.RouteList([schemas.route(channel, list(steps)) for channel, steps in found]))


async def get_route(here: ServicesHere, access: AccessHere, channel: str) -> Response:
    """The route of a channel."""
    wanted = _channel(channel)
    found = dict(await here.providers.routes(access.caller.workspace_id))
    return answer(schemas.route(wanted, list(found.get(wanted, []))))


async def set_route(
    here: ServicesHere,
    access: AccessHere,
    channel: str,
    wanted: Annotated[schemas.RouteIn, Depends(json_body(schemas.RouteIn))],
) -> Response:
    """Replaces the route of a channel."""
    steps = [NamedStep(step.provider, step.position, step.weight) for step in wanted.steps]
    await here.providers.route(access.caller.workspace_id, _channel(channel), steps)
    return answer(schemas.route(_channel(channel), sorted(steps, key=lambda step: step.position)))


def _channel(word: str) -> Channel:
    found = _CHANNELS.get(word)
    if found is None:
        raise NotFoundError(f'"{word[:64]}" is no channel{did_you_mean(word, _CHANNELS)}')
    return found


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/providers",
        id="listProviders",
        summary="List providers",
        tag=TAG,
        endpoint=list_providers,
        scope=ADMIN_READ,
        gives=schemas.ProviderList,
    ),
    Operation(
        method="POST",
        path="/v1/providers",
        id="addProvider",
        summary="Add a provider",
        description="Settings by kind: see docs/providers. What is secret goes into `secret` and is never shown again.",
        tag=TAG,
        endpoint=add_provider,
        scope=ADMIN_WRITE,
        takes=schemas.NewProvider,
        gives=schemas.ProviderAnswer,
        status=201,
        fails=(409,),
        example={"name": "relay", "kind": "smtp", "settings": {"host": "smtp.relay.example", "port": 587}},
    ),
    Operation(
        method="GET",
        path="/v1/providers/{name}",
        id="getProvider",
        summary="See a provider",
        tag=TAG,
        endpoint=get_provider,
        scope=ADMIN_READ,
        gives=schemas.ProviderAnswer,
        fails=(404,),
    ),
    Operation(
        method="PATCH",
        path="/v1/providers/{name}",
        id="changeProvider",
        summary="Change a provider",
        description="What is left out stays; `settings` are replaced as a whole.",
        tag=TAG,
        endpoint=change_provider,
        scope=ADMIN_WRITE,
        takes=schemas.ProviderChange,
        gives=schemas.ProviderAnswer,
        fails=(404,),
        example={"enabled": False},
    ),
    Operation(
        method="DELETE",
        path="/v1/providers/{name}",
        id="removeProvider",
        summary="Remove a provider",
        description="It is taken out of the routes too.",
        tag=TAG,
        endpoint=remove_provider,
        scope=ADMIN_WRITE,
        status=204,
        fails=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/routes",
        id="listRoutes",
        summary="List routes",
        tag=TAG,
        endpoint=list_routes,
        scope=ADMIN_READ,
        gives=schemas.RouteList,
    ),
    Operation(
        method="GET",
        path="/v1/routes/{channel}",
        id="getRoute",
        summary="See the route of a channel",
        tag=TAG,
        endpoint=get_route,
        scope=ADMIN_READ,
        gives=schemas.RouteAnswer,
        fails=(404,),
    ),
    Operation(
        method="PUT",
        path="/v1/routes/{channel}",
        id="setRoute",
        summary="Set the route of a channel",
        description="Equal positions share by weight; higher positions are the fallback. No steps: back to the default.",
        tag=TAG,
        endpoint=set_route,
        scope=ADMIN_WRITE,
        takes=schemas.RouteIn,
        gives=schemas.RouteAnswer,
        fails=(404,),
        example={"steps": [{"provider": "relay"}, {"provider": "backup", "position": 1}]},
    ),
)
