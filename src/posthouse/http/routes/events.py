"""The stream of events: by pages, and live."""

from typing import Annotated, Final, Literal

from fastapi import Depends, Query, Request
from starlette.responses import Response

from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import FieldProblem, NotFoundError, ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.messages import stream
from posthouse.core.messages.stream import StreamQuery
from posthouse.core.workspaces.scopes import MESSAGES_READ
from posthouse.http.auth import Access
from posthouse.http.context import AccessHere, ServicesHere, answer, context, headers_of
from posthouse.http.live import LiveAnswer
from posthouse.http.operations import Operation
from posthouse.http.routes.messages import live_of
from posthouse.http.schemas import events as schemas

TAG = "Events"
LAST_EVENT_ID: Final = b"last-event-id"


class Which:
    """The filters, read and checked together."""

    def __init__(
        self,
        *,
        type: Annotated[list[str] | None, Query(description="Types of events; repeatable.", max_length=50)] = None,  # noqa: A002
        template: Annotated[
            list[str] | None, Query(description="Keys of templates; repeatable.", max_length=50)
        ] = None,
        message: Annotated[str | None, Query(description="Only what happened to this message.")] = None,
        mode: Annotated[
            Literal["live", "test", "all"] | None,
            Query(description="Of which messages; default: the key's own. A test key only ever sees test messages."),
        ] = None,
    ) -> None:
        self.types = stream.read_types(type or (), "/type")
        self.templates = frozenset(template or ())
        self.message_id = _message(message)
        self.mode = mode

    def query(self, access: Access, after: int, limit: int = 100) -> StreamQuery:
        """What to read for a key."""
        return StreamQuery(
            after=after,
            limit=limit,
            workspace_id=access.caller.workspace_id,
            live=live_of(self.mode, access),
            message_id=self.message_id,
            types=self.types,
            templates=self.templates,
        )


async def list_events(
    here: ServicesHere,
    access: AccessHere,
    which: Annotated[Which, Depends()],
    after: Annotated[
        str | None,
        Query(description="`next` of the page before, or the `id` of an event; default: from the beginning."),
    ] = None,
    limit: Annotated[int, Query(description="Events a page.", ge=1, le=MAX_PAGE)] = 100,
) -> Response:
    """What happened after a cursor, oldest first."""
    begin = 0 if after is None else stream.read_cursor(after)
    return answer(schemas.page(await stream.read(here.events, which.query(access, begin, limit))))


async def follow_events(
    here: ServicesHere,
    access: AccessHere,
    request: Request,
    which: Annotated[Which, Depends()],
    after: Annotated[
        str | None,
        Query(description="Where to begin; `Last-Event-ID` goes before it. Default: what happens from now on."),
    ] = None,
) -> Response:
    """What happens, as it happens."""
    headers = headers_of(request)
    last = headers.get(LAST_EVENT_ID, b"").decode("latin-1") or after
    begin = await here.events.stream_end() if last is None else stream.read_cursor(last)
    if request.scope.get("posthouse.head"):
        return Response(media_type=LiveAnswer.media_type)
    settings = here.settings
    pieces = here.live.follow(which.query(access, begin), settings.heartbeat_seconds)
    gate = context(request).gate

    async def still_allowed() -> object:
        return await gate.admit(headers, request.scope, MESSAGES_READ)

    seat = here.live.seat(access.key.id)
    return LiveAnswer(pieces, seat, still_allowed, settings.stream_seconds, settings.heartbeat_seconds)


def _message(word: str | None) -> Id | None:
    if word is None:
        return None
    try:
        return ids.read(ids.MESSAGE, word)
    except NotFoundError as error:
        problem = FieldProblem("/message", error.detail, "identifier")
        raise ValidationError("The query has bad values.", fields=[problem]) from None


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/events",
        id="listEvents",
        summary="Read what happened, from a cursor on",
        description=(
            "Oldest first. Keep `next` and ask with `after` = `next` again: no event is ever skipped or told twice, whoever else "
            "writes meanwhile. A page looks at 10,000 events at most, so with filters it may be empty while `more` is still true."
        ),
        tag=TAG,
        endpoint=list_events,
        scope=MESSAGES_READ,
        gives=schemas.EventPage,
    ),
    Operation(
        method="GET",
        path="/v1/events/stream",
        id="followEvents",
        summary="Follow what happens, live",
        description=(
            "Server-Sent Events: `id` is the event's, `event` its type, `data` the same JSON as in `GET /v1/events`. After a lost "
            "connection send `Last-Event-ID` and nothing is missed. Whoever does not keep up is let go and comes back the same way."
        ),
        tag=TAG,
        endpoint=follow_events,
        scope=MESSAGES_READ,
        gives="text/event-stream",
        headers=("Last-Event-ID",),
    ),
)
