"""Messages: found, looked at, withdrawn, sent again."""

from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from starlette.responses import Response

from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import FieldProblem, NotFoundError, ValidationError
from posthouse.core.kernel.moments import read_moment
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.messages.model import STATUS_BY_WORD, Message, MessageQuery, Status
from posthouse.core.messages.submission import Submission
from posthouse.core.workspaces.scopes import MESSAGES_READ, MESSAGES_WRITE
from posthouse.http import languages
from posthouse.http.auth import Access
from posthouse.http.context import AccessHere, ServicesHere, answer, context, headers_of, page_after
from posthouse.http.operations import Operation
from posthouse.http.routes.submit import BATCH_PATH, MESSAGES_PATH
from posthouse.http.schemas import messages as schemas
from posthouse.http.services import Services

TAG = "Messages"
EXAMPLE = {
    "template": "order-confirmation",
    "to": {"email": "ann@shop.example", "name": "Ann"},
    "variables": {"order": {"number": "A-1001", "total": "49.90 EUR"}},
    "correlation": "A-1001",
    "idempotency_key": "order-A-1001-confirmed",
}
RECEIPT = {
    "id": "msg_01jdb3z5v8e9tr4w6k2m7n0qxy",
    "status": "queued",
    "mode": "live",
    "template": "order-confirmation",
    "version": 3,
    "channel": "email",
    "locale": "en",
    "lane": "normal",
    "created_at": "2026-11-22T09:30:00.000Z",
    "send_at": "2026-11-22T09:30:00.000Z",
}


class Filters:
    """The filters of a list, read and checked together."""

    def __init__(
        self,
        *,
        recipient: Annotated[
            str | None, Query(description="The address it goes to, in whatever case.", max_length=320)
        ] = None,
        template: Annotated[str | None, Query(description="The template's key.", max_length=200)] = None,
        status: Annotated[str | None, Query(description="A status, `delivered` for example.")] = None,
        tag: Annotated[str | None, Query(description="One of its tags.", max_length=64)] = None,
        correlation: Annotated[
            str | None, Query(description="The business object, in whatever case.", max_length=255)
        ] = None,
        subject: Annotated[
            str | None,
            Query(description="Words that are all in the subject as it was sent, in any order.", max_length=255),
        ] = None,
        provider_id: Annotated[
            str | None,
            Query(description="What the provider called it, or its own `Message-ID`.", max_length=320),
        ] = None,
        since: Annotated[str | None, Query(description="Accepted at or after (RFC 3339).")] = None,
        until: Annotated[str | None, Query(description="Accepted before (RFC 3339).")] = None,
        mode: Annotated[
            Literal["live", "test", "all"] | None,
            Query(description="Which messages; default: the key's own. A test key only ever sees test messages."),
        ] = None,
    ) -> None:
        self.recipient = recipient
        self.template = template
        self.tag = tag
        self.correlation = correlation
        self.subject = subject
        self.provider_id = provider_id
        self.mode = mode
        problems: list[FieldProblem] = []
        self.status = _status(status, problems)
        self.since = _moment("since", since, problems)
        self.until = _moment("until", until, problems)
        if problems:
            raise ValidationError("The query has bad values.", fields=problems)


class Paging:
    """Which page."""

    def __init__(
        self,
        *,
        cursor: Annotated[str | None, Query(description="`next` of the previous page.")] = None,
        limit: Annotated[int, Query(description="Items a page.", ge=1, le=MAX_PAGE)] = 50,
    ) -> None:
        self.limit = limit
        self.cursor = cursor


async def list_messages(
    here: ServicesHere,
    access: AccessHere,
    filters: Annotated[Filters, Depends()],
    paging: Annotated[Paging, Depends()],
) -> Response:
    """Messages that match all filters, newest first."""
    page = await here.messages.search(
        MessageQuery(
            workspace_id=access.caller.workspace_id,
            recipient=filters.recipient,
            template_key=filters.template,
            status=filters.status,
            tag=filters.tag,
            correlation=filters.correlation,
            since=filters.since,
            until=filters.until,
            live=live_of(filters.mode, access),
            before=page_after(paging.cursor, here.messages.place),
            limit=paging.limit,
        ),
        subject=filters.subject,
        provider_id=filters.provider_id,
    )
    return answer(schemas.MessagePage([schemas.summary(message) for message in page.items], page.next))


async def get_message(here: ServicesHere, access: AccessHere, message_id: str) -> Response:
    """One message with all that was asked for."""
    return answer(schemas.detail(await _visible(here, access, message_id)))


async def get_timeline(
    here: ServicesHere,
    access: AccessHere,
    request: Request,
    message_id: str,
    language: Annotated[
        str | None, Query(description="Of the sentences: en, fr, es or ru; default: what `Accept-Language` asks for.")
    ] = None,
) -> Response:
    """What happened to it."""
    wished = request.headers.get("accept-language", "")
    spoken = languages.chosen(language) if language is not None else languages.language(*languages.accepted(wished))
    message = await _visible(here, access, message_id)
    events = await here.messages.timeline(message.workspace_id, message.id)
    return answer(schemas.timeline(message.id, events, spoken, message))


async def get_content(here: ServicesHere, access: AccessHere, message_id: str) -> Response:
    """What it says."""
    message = await _visible(here, access, message_id)
    return answer(schemas.content(message.id, await here.messages.content(message.workspace_id, message.id)))


async def cancel_message(here: ServicesHere, access: AccessHere, message_id: str) -> Response:
    """Withdraws it."""
    message = await _visible(here, access, message_id)
    return answer(schemas.detail(await here.messages.cancel(message.workspace_id, message.id)))


async def resend_message(here: ServicesHere, access: AccessHere, message_id: str) -> Response:
    """Makes a new message from it."""
    message = await _visible(here, access, message_id)
    receipt = await here.messages.resend(access.caller, message.id)
    return Response(receipt.body, 202, media_type="application/json")


async def upload_file(
    here: ServicesHere,
    access: AccessHere,
    request: Request,
    name: Annotated[str, Query(description="The file's name.", min_length=1, max_length=200)],
) -> Response:
    """Keeps the bytes of the body."""
    headers = headers_of(request)
    kind = headers.get(b"content-type", b"application/octet-stream").decode("latin-1")
    data = await context(request).bodies.read(headers, request.receive)
    return answer(schemas.upload(await here.messages.upload(access.caller.workspace_id, name, kind, data)), 201)


async def _visible(here: Services, access: Access, word: str) -> Message:
    """The message, if this key may see it: a test key sees no live one."""
    message = await here.messages.get(access.caller.workspace_id, ids.read(ids.MESSAGE, word))
    if message.live and not access.caller.live:
        raise NotFoundError("A test key sees only test messages; ask with a live key.")
    return message


def live_of(mode: str | None, access: Access) -> bool | None:
    """Which messages a key may see and asked for; None: both."""
    if not access.caller.live:
        return False
    return {None: True, "live": True, "test": False, "all": None}[mode]


def _status(word: str | None, problems: list[FieldProblem]) -> Status | None:
    if word is None:
        return None
    found = STATUS_BY_WORD.get(word)
    if found is None:
        advice = f'"{word[:64]}" is no status{did_you_mean(word, STATUS_BY_WORD)}'
        problems.append(FieldProblem("/status", advice, "unknown-word"))
    return found


def _moment(name: str, word: str | None, problems: list[FieldProblem]) -> int | None:
    """An instant; a ``+`` that was not escaped in the URL arrives as a blank and is meant as a plus."""
    if word is None:
        return None
    try:
        return read_moment(word.replace(" ", "+") if "T" in word else word)
    except (ValueError, OverflowError):
        advice = "write an RFC 3339 time with its zone, like 2026-11-22T09:30:00Z"
        problems.append(FieldProblem(f"/{name}", advice, "time"))
        return None


OPERATIONS = (
    Operation(
        method="POST",
        path=MESSAGES_PATH,
        id="sendMessage",
        summary="Send a message",
        description=(
            "Answers 202 once the message is kept durably. With an idempotency key the same request again gets the same answer, "
            "marked `Idempotent-Replayed: true`."
        ),
        tag=TAG,
        scope=MESSAGES_WRITE,
        takes=Submission,
        gives=schemas.ReceiptAnswer,
        status=202,
        fails=(409,),
        example=EXAMPLE,
        answer_example=RECEIPT,
        headers=("Idempotency-Key",),
    ),
    Operation(
        method="POST",
        path=BATCH_PATH,
        id="sendBatch",
        summary="Send many messages",
        description=(
            "Up to 1,000 messages or 10 MB. Each is accepted or refused on its own; the results stand in the order of the "
            "request. With an `Idempotency-Key` header each item gets the key `key#index`."
        ),
        tag=TAG,
        scope=MESSAGES_WRITE,
        takes=list[Submission],
        gives=schemas.BatchAnswer,
        example=[EXAMPLE],
        answer_example={"results": [{"status": 202, "message": RECEIPT}]},
        headers=("Idempotency-Key",),
    ),
    Operation(
        method="GET",
        path=MESSAGES_PATH,
        id="listMessages",
        summary="Find messages",
        description=(
            "All given filters must hold. Newest first. Filters that many messages match each, and few together, are looked for among "
            "5,000 messages a page: then a page may be short, even empty, while `next` says where to look on. Subjects and what providers "
            "said are found a second or two after the hand-over."
        ),
        tag=TAG,
        endpoint=list_messages,
        scope=MESSAGES_READ,
        gives=schemas.MessagePage,
    ),
    Operation(
        method="GET",
        path="/v1/messages/{message_id}",
        id="getMessage",
        summary="See a message",
        tag=TAG,
        endpoint=get_message,
        scope=MESSAGES_READ,
        gives=schemas.MessageDetail,
        fails=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/messages/{message_id}/timeline",
        id="getTimeline",
        summary="See what happened to a message",
        description="Every attempt with the receiving server's own words, each fact also told in a sentence of four languages.",
        tag=TAG,
        endpoint=get_timeline,
        scope=MESSAGES_READ,
        gives=schemas.TimelineAnswer,
        fails=(404, 422),
    ),
    Operation(
        method="GET",
        path="/v1/messages/{message_id}/content",
        id="getContent",
        summary="See what a message says",
        tag=TAG,
        endpoint=get_content,
        scope=MESSAGES_READ,
        gives=schemas.ContentAnswer,
        fails=(404, 410),
    ),
    Operation(
        method="POST",
        path="/v1/messages/{message_id}/cancel",
        id="cancelMessage",
        summary="Cancel a message",
        description="Possible until it is being sent; 409 afterwards. Of a cancelled one: the same answer again.",
        tag=TAG,
        endpoint=cancel_message,
        scope=MESSAGES_WRITE,
        gives=schemas.MessageDetail,
        fails=(404, 409),
    ),
    Operation(
        method="POST",
        path="/v1/messages/{message_id}/resend",
        id="resendMessage",
        summary="Send a message again",
        description=(
            "Makes a new message with the same content, linked to this one, which leaves at once; of a cancelled one too. "
            "409 while the old one will still be sent by itself."
        ),
        tag=TAG,
        endpoint=resend_message,
        scope=MESSAGES_WRITE,
        gives=schemas.ReceiptAnswer,
        status=202,
        fails=(404, 409, 410),
        answer_example=RECEIPT,
    ),
    Operation(
        method="POST",
        path="/v1/uploads",
        id="uploadFile",
        summary="Upload an attachment",
        description="The body is the file itself; Content-Type is its type. Messages then name it by its id.",
        tag=TAG,
        endpoint=upload_file,
        scope=MESSAGES_WRITE,
        takes="application/octet-stream",
        gives=schemas.UploadAnswer,
        status=201,
    ),
)
