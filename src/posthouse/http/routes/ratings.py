"""What people answered to the ratings in messages."""

from typing import Annotated, Literal, TypedDict

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.workspaces.scopes import ANALYTICS_READ, MESSAGES_READ
from posthouse.http.context import AccessHere, ServicesHere, answer, wants_csv
from posthouse.http.csv import CSV
from posthouse.http.moments import moment_in_query
from posthouse.http.operations import Operation
from posthouse.http.schemas import ratings as schemas

TAG = "Ratings"


class Which(TypedDict):
    """The same, as the room takes it."""

    live: bool
    template: str | None
    rating: str | None
    since: int | None
    until: int | None


class Filters:
    """Which answers, as every question here may say."""

    def __init__(
        self,
        access: AccessHere,
        *,
        template: Annotated[str | None, Query(description="The template's key; default: all.", max_length=100)] = None,
        rating: Annotated[
            str | None, Query(description="The rating's name in the template; default: all.", max_length=64)
        ] = None,
        since: Annotated[str | None, Query(description="Answered at or after (RFC 3339).", max_length=64)] = None,
        until: Annotated[str | None, Query(description="Answered before (RFC 3339).", max_length=64)] = None,
        mode: Annotated[
            Literal["live", "test"] | None,
            Query(description="Of which messages; default: the key's own. A test key only ever sees test messages."),
        ] = None,
    ) -> None:
        self.wanted = Which(
            live=access.caller.live and mode != "test",
            template=template,
            rating=rating,
            since=moment_in_query("since", since),
            until=moment_in_query("until", until),
        )


FiltersHere = Annotated[Filters, Depends()]


async def summarise_ratings(
    here: ServicesHere,
    access: AccessHere,
    filters: FiltersHere,
    granularity: Annotated[
        Literal["day", "week", "month"], Query(description="What the series goes by, in the workspace's time zone.")
    ] = "month",
) -> Response:
    """NPS and CSAT."""
    return answer(await here.ratings.summary(access.caller.workspace_id, **filters.wanted, granularity=granularity))


async def list_rating_answers(
    request: Request,
    here: ServicesHere,
    access: AccessHere,
    filters: FiltersHere,
    *,
    min_score: Annotated[int | None, Query(description="Scores from here on.", ge=0, le=10)] = None,
    max_score: Annotated[int | None, Query(description="Scores up to here.", ge=0, le=10)] = None,
    commented: Annotated[bool, Query(description="Only answers with words.")] = False,
    locale: Annotated[
        str | None, Query(description="Language of the message as it was sent, such as fr.", max_length=35)
    ] = None,
    format: Annotated[  # noqa: A002 - the name that people type
        Literal["json", "csv"] | None,
        Query(description="`csv` instead of `Accept: text/csv`: this page for a spreadsheet."),
    ] = None,
    cursor: Annotated[str | None, Query(description="`next` of the previous page.", max_length=200)] = None,
    limit: Annotated[int, Query(description="Items a page.", ge=1, le=MAX_PAGE)] = 50,
) -> Response:
    """Single answers, with their words."""
    found = await here.ratings.answers(
        access.caller.workspace_id,
        **filters.wanted,
        lowest=min_score,
        highest=max_score,
        commented=commented,
        locale=locale,
        cursor=cursor,
        limit=limit,
    )
    page = schemas.page(found)
    if wants_csv(request, format):
        name = {"content-disposition": 'attachment; filename="answers.csv"'}
        return Response(schemas.csv_of(page), media_type=CSV, headers=name)
    return answer(page)


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
        description="The last answer of each message to each rating, the newest first. `commented=true` leaves out those without words. "
        "A page tries 5,000 answers at most, so it may have few and still a `next`.",
        tag=TAG,
        endpoint=list_rating_answers,
        scope=MESSAGES_READ,
        gives=schemas.AnswerPage,
        fails=(404,),
    ),
)
