"""Conversions: reported by the business application, listed, and added up."""

from functools import partial
from typing import Annotated, Literal

from fastapi import Depends, Query
from starlette.responses import Response

from posthouse.core.conversions.service import By, OrderCountedError
from posthouse.core.kernel import ids
from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.workspaces.scopes import MESSAGES_READ, MESSAGES_WRITE
from posthouse.http.auth import Access
from posthouse.http.context import AccessHere, ServicesHere, answer, json_body, page_after
from posthouse.http.moments import moment_in_query
from posthouse.http.operations import Operation
from posthouse.http.schemas import conversions as schemas

TAG = "Conversions"

Mode = Annotated[
    Literal["live", "test"] | None,
    Query(description="Which orders; default: the key's own. A test key only ever sees what test keys reported."),
]


async def report_conversion(
    here: ServicesHere,
    access: AccessHere,
    said: Annotated[schemas.ConversionReport, Depends(json_body(schemas.ConversionReport))],
) -> Response:
    """Counts an order."""
    tells = MESSAGES_READ in access.allowed
    try:
        found = await here.conversions.report(access.caller.workspace_id, schemas.wanted(said), live=access.caller.live)
    except OrderCountedError as error:
        raise (error if tells else OrderCountedError("the order is counted already; one order counts once")) from None
    return answer(schemas.counted(found, tells=tells), 200 if found.repeated else 201)


async def list_conversions(
    here: ServicesHere,
    access: AccessHere,
    order: Annotated[str | None, Query(description="The order's number.", max_length=255)] = None,
    mode: Mode = None,
    cursor: Annotated[str | None, Query(description="`next` of the previous page.")] = None,
    limit: Annotated[int, Query(description="Items a page.", ge=1, le=MAX_PAGE)] = 50,
) -> Response:
    """The newest first."""
    before = page_after(cursor, partial(ids.read, ids.CONVERSION))
    found = await here.conversions.page(
        access.caller.workspace_id, live=_live(mode, access), order=order, before=before, limit=limit
    )
    return answer(schemas.page(found))


async def get_revenue(
    here: ServicesHere,
    access: AccessHere,
    by: Annotated[Literal["template", "slot", "link"], Query(description="What a row is.")] = "template",
    since: Annotated[str | None, Query(description="Ordered at or after (RFC 3339).")] = None,
    until: Annotated[str | None, Query(description="Ordered before (RFC 3339).")] = None,
    mode: Mode = None,
) -> Response:
    """Adds up."""
    found = await here.conversions.revenue(
        access.caller.workspace_id,
        live=_live(mode, access),
        by=By(by),
        since=moment_in_query("since", since),
        until=moment_in_query("until", until),
    )
    return answer(schemas.revenue(found))


def _live(mode: str | None, access: Access) -> bool:
    return access.caller.live and mode != "test"


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/conversions",
        id="reportConversion",
        summary="Report an order",
        description=(
            "Credited to the last click within the workspace's `attribution_days`: the one that `click` names (the parameter `ph_cid` "
            "that links to `conversion_hosts` carry), or a later one in a message to `email`. One order counts once: again, it is "
            "answered with 200 and `repeated`; with another amount, with 409. With `corrects` the amount is what is left of it after a "
            "refund (`0`: cancelled): revenue is of what is left, and to say it twice subtracts nothing twice. What it is credited to is "
            "told to keys with `messages:read`."
        ),
        tag=TAG,
        endpoint=report_conversion,
        scope=MESSAGES_WRITE,
        takes=schemas.ConversionReport,
        gives=schemas.CountedAnswer,
        status=201,
        also=200,
        fails=(404, 409),
        example={"order": "A-1001", "amount": "49.90", "currency": "EUR", "email": "ann@shop.example"},
    ),
    Operation(
        method="GET",
        path="/v1/conversions",
        id="listConversions",
        summary="List orders",
        tag=TAG,
        endpoint=list_conversions,
        scope=MESSAGES_READ,
        gives=schemas.ConversionPage,
        fails=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/conversions/revenue",
        id="getRevenue",
        summary="See what templates brought in",
        description="By template, or by slot (a place for a promotion) or link of each; the most first. Different currencies are never added up.",
        tag=TAG,
        endpoint=get_revenue,
        scope=MESSAGES_READ,
        gives=schemas.RevenueAnswer,
    ),
)
