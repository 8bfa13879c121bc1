"""How long things are kept, and the removal of persons."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from posthouse.core.keeping.settings import Retention
from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import ForbiddenError
from posthouse.core.workspaces.scopes import ADMIN_READ, ADMIN_WRITE, ERASURES_WRITE
from posthouse.http.auth import Access
from posthouse.http.context import AccessHere, IfMatch, ServicesHere, answer, bare, etag_of, json_body
from posthouse.http.operations import Operation
from posthouse.http.schemas import keeping as schemas

TAG = "Keeping"


async def get_retention(here: ServicesHere, access: AccessHere) -> Response:
    """The rules."""
    return _rules(await here.retention.rules(access.caller.workspace_id))


async def put_retention(
    here: ServicesHere,
    access: AccessHere,
    said: Annotated[schemas.RetentionAnswer, Depends(json_body(schemas.RetentionAnswer))],
    if_match: IfMatch = None,
) -> Response:
    """Other rules."""
    if not access.caller.live:
        raise ForbiddenError("These rules erase live messages: a test key cannot change them. Use a live key.")
    wanted = schemas.wanted(said)
    return _rules(await here.retention.change(access.caller.workspace_id, lambda _: wanted, bare(if_match)))


def _rules(retention: Retention) -> Response:
    return answer(schemas.shown(retention), headers=etag_of(retention))


async def erase_person(
    here: ServicesHere,
    access: AccessHere,
    said: Annotated[schemas.PersonToErase, Depends(json_body(schemas.PersonToErase))],
) -> Response:
    """Begins."""
    _refuse_test_keys(access)
    person = here.erasures.person(said.email, said.phone)
    by = ids.show(ids.KEY, access.key.id)
    begun = await here.erasures.begin(access.caller.workspace_id, person, "api", by)
    return answer(schemas.erasure(begun), 202)


async def get_erasure(here: ServicesHere, access: AccessHere, erasure_id: str) -> Response:
    """How far it is."""
    _refuse_test_keys(access)
    found = await here.erasures.get(access.caller.workspace_id, ids.read(ids.ERASURE, erasure_id))
    return answer(schemas.erasure(found))


def _refuse_test_keys(access: Access) -> None:
    if not access.caller.live:
        raise ForbiddenError("Removing is about real people: a test key neither sees nor does it. Use a live key.")


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
            "brought back: `posthouse retention run --dry-run` counts it first. With `If-Match` (the `ETag` of the "
            "answer that you changed) rules that somebody else changed meanwhile are not overwritten (409)."
        ),
        tag=TAG,
        endpoint=put_retention,
        scope=ADMIN_WRITE,
        takes=schemas.RetentionAnswer,
        gives=schemas.RetentionAnswer,
        fails=(404, 409),
        example={"default": {"content_days": 90, "event_days": 400}, "classes": {"security": {"content_days": 7}}},
    ),
    Operation(
        method="POST",
        path="/v1/contacts/erase",
        id="erasePerson",
        summary="Remove a person everywhere",
        description=(
            "Messages to the person that wait are withdrawn; content, addresses and what others said of the person go; suppressions go on "
            "under a keyed hash. It is done within minutes, a little at a time; the receipt says how many rows of which table, and what a last "
            "look through everything found. "
            "Nothing brings it back."
        ),
        tag=TAG,
        endpoint=erase_person,
        scope=ERASURES_WRITE,
        takes=schemas.PersonToErase,
        gives=schemas.ErasureAnswer,
        status=202,
        example={"email": "ann@customer.example"},
    ),
    Operation(
        method="GET",
        path="/v1/contacts/erasures/{erasure_id}",
        id="getErasure",
        summary="See how far a removal is",
        tag=TAG,
        endpoint=get_erasure,
        scope=ERASURES_WRITE,
        gives=schemas.ErasureAnswer,
        fails=(404,),
    ),
)
