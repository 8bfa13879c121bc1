"""What people answered to the ratings in messages."""

from functools import partial
from typing import Annotated, Final, Literal, TypedDict

from fastapi import Depends, Query
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from posthouse.core.analytics.rating_pages import Pass
from posthouse.core.analytics.ratings import RatingService
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.moments import show_moment
from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.workspaces.scopes import ANALYTICS_READ, MESSAGES_READ
from posthouse.http import languages, tracking_pages
from posthouse.http import rating_pages as pages
from posthouse.http.context import AccessHere, ServicesHere, answer, json_body, wants_csv
from posthouse.http.csv import CSV
from posthouse.http.moments import moment_in_query
from posthouse.http.operations import Operation
from posthouse.http.replies import Reply
from posthouse.http.schemas import ratings as schemas

TAG = "Ratings"
PAGE_OF: Final = 25
"""Comments that a page shows."""


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


async def make_rating_page(
    here: ServicesHere,
    access: AccessHere,
    wanted: Annotated[schemas.PageWish, Depends(json_body(schemas.PageWish))],
) -> Response:
    """An address that needs no key."""
    url, given = here.rating_pages.make(
        access.caller.workspace_id, live=access.caller.live, days=wanted.days, now=here.clock.now()
    )
    return answer(schemas.PageMade(url, show_moment(given.until)), 201)


async def show_rating_page(here: ServicesHere, request: Request, word: str) -> Response:
    """Numbers and words, for whoever was given the address."""
    asked = request.query_params
    browser = languages.accepted(request.headers.get("accept-language", ""))
    spoken = languages.language(asked.get("lang", "")[:16], *browser)
    given = here.rating_pages.read(word, here.clock.now())
    if given is None:
        reply = tracking_pages.said(spoken, "gone", 404)
    else:
        reply = await _page(here.ratings, given, spoken, asked)
    headers = {name.decode(): value.decode() for name, value in [*reply.headers, *reply.security]}
    return Response(reply.body, reply.status, headers=headers)


async def _page(ratings: RatingService, given: Pass, spoken: str, asked: QueryParams) -> Reply:
    """What somebody typed into the address is passed over where it makes no sense: a page has no problem documents."""
    keys = await ratings.templates(given.workspace_id)
    template = asked.get("template") if asked.get("template") in keys else None
    most = int(asked["max"]) if asked.get("max") in {str(score) for score in range(11)} else None
    summary = await ratings.summary(given.workspace_id, live=given.live, template=template)
    read = partial(
        ratings.answers,
        given.workspace_id,
        live=given.live,
        template=template,
        commented=True,
        highest=most,
        limit=PAGE_OF,
    )
    try:
        found = await read(cursor=asked.get("cursor"))
    except ValidationError:
        found = await read()
    return pages.ratings(spoken, summary, found, keys, pages.Wish(template, most), given.until)


OPERATIONS = (
    Operation(
        method="GET",
        path="/ratings/{word}",
        id="showRatingPage",
        summary="Read answers and comments as a page",
        description=(
            "NPS and CSAT by month, and what people wrote, in four languages. The address is signed, needs no key, and ends: "
            "`POST /v1/ratings/page` makes one."
        ),
        tag=TAG,
        endpoint=show_rating_page,
        public=True,
        gives="text/html",
        pages=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/ratings/page",
        id="makeRatingPage",
        summary="Make an address of the comments page",
        description="For people without a key. Whoever has the address may read, until then; it cannot be taken back before.",
        tag=TAG,
        endpoint=make_rating_page,
        scope=MESSAGES_READ,
        takes=schemas.PageWish,
        gives=schemas.PageMade,
        status=201,
        example={"days": 7},
    ),
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
