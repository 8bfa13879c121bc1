"""Tracking as people manage it: what a workspace wants to notice, tracking hosts, and what came back."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from posthouse.core.tracking.settings import TrackingSettings
from posthouse.core.workspaces.scopes import ADMIN_READ, ADMIN_WRITE, MESSAGES_READ
from posthouse.http.context import AccessHere, IfMatch, ServicesHere, answer, bare, etag_of, json_body
from posthouse.http.moments import moment_in_query
from posthouse.http.operations import Operation
from posthouse.http.routes.tracking import TAG
from posthouse.http.schemas import settings as settings_schemas
from posthouse.http.schemas import tracking as schemas


async def get_tracking(here: ServicesHere, access: AccessHere) -> Response:
    """The settings."""
    return _settings(here, await here.tracking_reports.settings(access.caller.workspace_id))


async def change_tracking(
    here: ServicesHere,
    access: AccessHere,
    wanted: Annotated[schemas.TrackingChange, Depends(json_body(schemas.TrackingChange))],
    if_match: IfMatch = None,
) -> Response:
    """Other settings."""
    kept = await here.tracking_reports.change(
        access.caller.workspace_id, lambda found: schemas.changed(found, wanted), bare(if_match)
    )
    return _settings(here, kept)


def _settings(here: ServicesHere, found: TrackingSettings) -> Response:
    return answer(schemas.settings(found, here.tracking_reports.rules_version), headers=etag_of(found))


async def set_tracking_host(
    here: ServicesHere,
    access: AccessHere,
    name: str,
    wanted: Annotated[schemas.TrackingHost, Depends(json_body(schemas.TrackingHost))],
) -> Response:
    """What links of a domain begin with."""
    found = await here.domains.track(access.caller.workspace_id, name, wanted.url, unchecked=wanted.unchecked)
    return answer(settings_schemas.domain(found, list(here.domains.records(found))))


async def get_shares(
    here: ServicesHere,
    access: AccessHere,
    template: Annotated[str | None, Query(description="The template's key; default: all.", max_length=100)] = None,
    since: Annotated[str | None, Query(description="Of messages accepted at or after (RFC 3339).")] = None,
    until: Annotated[str | None, Query(description="Of messages accepted before (RFC 3339).")] = None,
) -> Response:
    """Opens and clicks."""
    found = await here.tracking_reports.shares(
        access.caller.workspace_id,
        template,
        since=moment_in_query("since", since),
        until=moment_in_query("until", until),
    )
    return answer(schemas.SharesAnswer(found))


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/tracking",
        id="getTracking",
        summary="See the tracking settings",
        tag=TAG,
        endpoint=get_tracking,
        scope=ADMIN_READ,
        gives=schemas.TrackingAnswer,
        fails=(404,),
    ),
    Operation(
        method="PATCH",
        path="/v1/tracking",
        id="changeTracking",
        summary="Change the tracking settings",
        description="For messages whose template and request say nothing. Nothing is tracked until a domain has a tracking host. What is left "
        "out stays; with `If-Match` (the `ETag` of the answer) settings that somebody else changed meanwhile are not changed (409).",
        tag=TAG,
        endpoint=change_tracking,
        scope=ADMIN_WRITE,
        takes=schemas.TrackingChange,
        gives=schemas.TrackingAnswer,
        fails=(404, 409),
        example={"opens": True, "clicks": True},
    ),
    Operation(
        method="PUT",
        path="/v1/domains/{name}/tracking",
        id="setTrackingHost",
        summary="Set the tracking host of a domain",
        description="What links in its mail begin with. The host must lead here: its CNAME is looked up first.",
        tag=TAG,
        endpoint=set_tracking_host,
        scope=ADMIN_WRITE,
        takes=schemas.TrackingHost,
        gives=settings_schemas.DomainAnswer,
        fails=(404,),
        example={"url": "https://links.shop.example"},
    ),
    Operation(
        method="GET",
        path="/v1/tracking/shares",
        id="getTrackingShares",
        summary="See who opened and clicked",
        description="Each message counts once, by the best that is known of it; machines are shown beside people, never among them.",
        tag=TAG,
        endpoint=get_shares,
        scope=MESSAGES_READ,
        gives=schemas.SharesAnswer,
        fails=(404,),
    ),
)
