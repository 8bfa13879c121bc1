"""What people answered to the ratings in messages."""

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.workspaces.scopes import ANALYTICS_READ, MESSAGES_READ
from posthouse.http.auth import Access
from posthouse.http.context import AccessHere, ServicesHere, answer
from posthouse.http.moments import moment_in_query
from posthouse.http.operations import Operation
from posthouse.http.schemas import ratings as schemas

TAG = "Ratings"

Template = Annotated[str | None, Query(description="The template's key; default: all.", max_length=100)]
Name = Annotated[str | None, Query(description="The rating's name in the template; default: all.", max_length=64)]
Since = Annotated[str | None, Query(description="Answered at or after (RFC 3339).", max_length=64)]
Until = Annotated[str | None, Query(description="Answered before (RFC 3339).", max_length=64)]
Mode = Annotated[
    Literal["live", "test"] | None,
    Query(description="Of which messages; default: the key's own. A test key only ever sees test messages."),
]


async def summarise_ratings(
    here: ServicesHere,
    access: AccessHere,
    *,
    template: Template = None,
    rating: Name = None,
    since: Since = None,
    until: Until = None,
    granularity: Annotated[
        Literal["day", "week", "month"], Query(description="What the series goes by, in the workspace's time zone.")
    ] = "month",
    mode: Mode = None,
) -> Response:
    """NPS and CSAT."""
    found = await here.ratings.summary(
        access.caller.workspace_id,
        live=_live(mode, access),
        template=template,
        rating=rating,
        since=moment_in_query("since", since),
        until=moment_in_query("until", until),
        granularity=granularity,
    )
    return answer(found)


async def list_rating_answers(
    here: ServicesHere,
    access: AccessHere,
    *,
    template: Template = None,
    rating: Name = None,
    since: Since = None,
    until: Until = None,
    min_score: Annotated[int | None, Query(description="Scores from here on.", ge=0, le=10)] = None,
    max_score: Annotated[int | None, Query(description="Scores up to here.", ge=0, le=10)] = None,
    commented: Annotated[bool, Query(description="Only answers with words.")] = False,
    mode: Mode = None,
    cursor: Annotated[str | None, Query(description="`next` of the previous page.", max_length=200)] = None,
    limit: Annotated[int, Query(description="Items a page.", ge=1, le=MAX_PAGE)] = 50,
) -> Response:
    """Single answers, with their words."""
    found = await here.ratings.answers(
        access.caller.workspace_id,
        live=_live(mode, access),
        template=template,
        rating=rating,
        since=moment_in_query("since", since),
        until=moment_in_query("until", until),
        lowest=min_score,
        highest=max_score,
        commented=commented,
        cursor=cursor,
        limit=limit,
    )
    return answer(schemas.page(found))


def _live(mode: str | None, access: Access) -> bool:
    return access.caller.live and mode != "test"


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/ratings/summary",
        id="summariseRatings",
        summary="See NPS and CSAT",
        description=(
            "By template and rating, and over time. Scores of 0 to 10 give NPS: the percentage of 9 and 10 less that of 0 to 6. Scores "
            "of 1 to 5 give CSAT: the percentage of 4 and 5. Each message counts once, with its last answer; `margin` is that of 95 %. "
            "Default: the last 90 days; periods without an answer are left out."
        ),
        tag=TAG,
        endpoint=summarise_ratings,
        scope=ANALYTICS_READ,
        gives=schemas.Summary,
        fails=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/ratings",
        id="listRatingAnswers",
        summary="List answers and comments",
        description="The last answer of each message to each rating, the newest first. `commented=true` leaves out those without words.",
        tag=TAG,
        endpoint=list_rating_answers,
        scope=MESSAGES_READ,
        gives=schemas.AnswerPage,
        fails=(404,),
    ),
)
