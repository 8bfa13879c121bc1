"""The workspace of a key, and its keys."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from posthouse.core.kernel import ids
from posthouse.core.workspaces.scopes import ADMIN_READ, ADMIN_WRITE
from posthouse.http.context import AccessHere, ServicesHere, answer, json_body
from posthouse.http.operations import Operation
from posthouse.http.schemas import settings as schemas

TAG = "Keys"


async def get_workspace(here: ServicesHere, access: AccessHere) -> Response:
    """Where this key belongs."""
    found = await here.workspaces.get(access.caller.workspace_id)
    return answer(schemas.workspace(found, access.key))


async def list_keys(here: ServicesHere, access: AccessHere) -> Response:
    """All keys."""
    found = await here.keys.list(access.caller.workspace_id)
    return answer(schemas.KeyList([schemas.key(key) for key in found]))


async def create_key(
    here: ServicesHere, access: AccessHere, wanted: Annotated[schemas.NewKey, Depends(json_body(schemas.NewKey))]
) -> Response:
    """Makes a key, no wider than the one that asks."""
    made = await here.keys.create(
        access.caller.workspace_id,
        wanted.name,
        live=wanted.mode == "live",
        scopes=wanted.scopes,
        networks=wanted.networks,
        locale=wanted.locale,
        creator=access.key,
    )
    return answer(schemas.created_key(made.key, made.secret), 201)


async def revoke_key(here: ServicesHere, access: AccessHere, key_id: str) -> Response:
    """Makes a key worthless that is no wider than the one that asks."""
    found = await here.keys.revoke(access.caller.workspace_id, ids.read(ids.KEY, key_id), access.key)
    return answer(schemas.key(found))


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/workspace",
        id="getWorkspace",
        summary="See the workspace of the key",
        description="Any valid key may ask; good for a first try.",
        tag=TAG,
        endpoint=get_workspace,
        gives=schemas.WorkspaceAnswer,
    ),
    Operation(
        method="GET",
        path="/v1/keys",
        id="listKeys",
        summary="List keys",
        tag=TAG,
        endpoint=list_keys,
        scope=ADMIN_READ,
        gives=schemas.KeyList,
    ),
    Operation(
        method="POST",
        path="/v1/keys",
        id="createKey",
        summary="Make a key",
        description="The answer is the only place where the secret is ever shown. A key cannot give away more than it has.",
        tag=TAG,
        endpoint=create_key,
        scope=ADMIN_WRITE,
        takes=schemas.NewKey,
        gives=schemas.CreatedKeyAnswer,
        status=201,
        example={"name": "shop", "mode": "live", "scopes": ["messages:write", "messages:read"]},
    ),
    Operation(
        method="POST",
        path="/v1/keys/{key_id}/revoke",
        id="revokeKey",
        summary="Revoke a key",
        description="It is refused everywhere a tenth of a second later. A key revokes none that it could not have made; itself it may.",
        tag=TAG,
        endpoint=revoke_key,
        scope=ADMIN_WRITE,
        gives=schemas.KeyAnswer,
        fails=(404,),
    ),
)
