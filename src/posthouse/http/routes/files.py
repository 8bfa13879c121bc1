"""Uploaded files: where they are used, and away with those that nobody uses."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.messages.uploads import read_upload_id
from posthouse.core.workspaces.scopes import TEMPLATES_READ, TEMPLATES_WRITE
from posthouse.http.context import AccessHere, ServicesHere, answer, page_after
from posthouse.http.operations import Operation
from posthouse.http.schemas import files as schemas

TAG = "Templates"


async def list_files(
    here: ServicesHere,
    access: AccessHere,
    *,
    cursor: Annotated[str | None, Query(description="`next` of the previous page.", max_length=100)] = None,
    limit: Annotated[int, Query(description="Items a page.", ge=1, le=MAX_PAGE)] = 50,
) -> Response:
    """Uploaded files with their uses."""
    page_after(cursor, read_upload_id)
    found, following = await here.files.list(access.caller.workspace_id, cursor, limit)
    return answer(schemas.UploadList([schemas.file(one) for one in found], following))


async def get_file(here: ServicesHere, access: AccessHere, upload_id: str) -> Response:
    """One of them."""
    return answer(schemas.detail(await here.files.get(access.caller.workspace_id, upload_id)))


async def remove_file(here: ServicesHere, access: AccessHere, upload_id: str) -> Response:
    """Takes it away."""
    await here.files.remove(access.caller.workspace_id, upload_id)
    return Response(status_code=204)


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/uploads",
        id="listUploads",
        summary="List uploaded files",
        description="In the order of their hashes, each with the templates that attach it: in the draft, the live version, any version.",
        tag=TAG,
        endpoint=list_files,
        scope=TEMPLATES_READ,
        gives=schemas.UploadList,
    ),
    Operation(
        method="GET",
        path="/v1/uploads/{upload_id}",
        id="getUpload",
        summary="Where an uploaded file is used",
        description="The templates that attach it, and how many messages wait to be sent with it.",
        tag=TAG,
        endpoint=get_file,
        scope=TEMPLATES_READ,
        gives=schemas.UploadedFileDetail,
        fails=(404,),
    ),
    Operation(
        method="DELETE",
        path="/v1/uploads/{upload_id}",
        id="removeUpload",
        summary="Remove an uploaded file",
        description=(
            "Refused while a template attaches it, in whatever version, or a message waits to be sent with it: `errors` lists them all. "
            "Messages that were sent with it can no longer be shown with it."
        ),
        tag=TAG,
        endpoint=remove_file,
        scope=TEMPLATES_WRITE,
        status=204,
        fails=(404, 409),
    ),
)
