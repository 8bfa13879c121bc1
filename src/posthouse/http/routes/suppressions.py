"""Who must not be written to."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import FieldProblem, ForbiddenError, ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.moments import read_moment
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.messages.model import Channel
from posthouse.core.suppressions.model import COVERS_BY_WORD, REASON_BY_WORD, Suppression, SuppressionQuery
from posthouse.core.suppressions.service import Author, Wanted
from posthouse.core.suppressions.table import import_table, write_table
from posthouse.core.workspaces.scopes import SUPPRESSIONS_READ, SUPPRESSIONS_WRITE
from posthouse.http.auth import Access
from posthouse.http.context import AccessHere, ServicesHere, answer, context, headers_of, json_body, page_after
from posthouse.http.errors import UnsupportedMediaTypeError
from posthouse.http.operations import Operation
from posthouse.http.schemas import suppressions as schemas

TAG = "Suppressions"
CSV = "text/csv"
_CHANNELS = {channel.name.lower(): channel for channel in Channel}


class Filters:
    """Which entries."""

    def __init__(
        self,
        *,
        address: Annotated[
            str | None, Query(description="One address, of e-mail unless `channel` says otherwise.")
        ] = None,
        channel: Annotated[str | None, Query(description="email, sms, whatsapp or push.")] = None,
        category: Annotated[str | None, Query(description="all, transactional or commercial.")] = None,
        reason: Annotated[
            str | None, Query(description="hard_bounce, soft_bounces, complaint, unsubscribe or manual.")
        ] = None,
        cursor: Annotated[str | None, Query(description="`next` of the previous page.")] = None,
        limit: Annotated[int, Query(description="Items a page.", ge=1, le=MAX_PAGE)] = 50,
    ) -> None:
        self.address = address
        self.channel = _known("channel", channel, _CHANNELS)
        self.covers = _known("category", category, COVERS_BY_WORD)
        self.reason = _known("reason", reason, REASON_BY_WORD)
        self.before = page_after(cursor, partial(ids.read, ids.SUPPRESSION))
        self.limit = limit

    def query(self, access: Access) -> SuppressionQuery:
        """As the room asks."""
        return SuppressionQuery(
            workspace_id=_workspace(access),
            channel=self.channel,
            address=self.address,
            reason=self.reason,
            covers=self.covers,
            before=self.before,
            limit=self.limit,
        )


async def list_suppressions(here: ServicesHere, access: AccessHere, filters: Annotated[Filters, Depends()]) -> Response:
    """Entries that match all filters."""
    page = await here.suppressions.search(filters.query(access))
    return answer(schemas.SuppressionPage([schemas.suppression(entry) for entry in page.items], page.next))


async def add_suppression(
    here: ServicesHere,
    access: AccessHere,
    wanted: Annotated[schemas.NewSuppression, Depends(json_body(schemas.NewSuppression))],
) -> Response:
    """Adds one."""
    made = await here.suppressions.add(
        _workspace(access),
        Wanted(
            wanted.address,
            _CHANNELS[wanted.channel],
            None if wanted.category is None else COVERS_BY_WORD[wanted.category],
            REASON_BY_WORD[wanted.reason],
            _moment(wanted.expires_at),
            wanted.note,
        ),
        _author(access),
    )
    return answer(schemas.suppression(made), 201)


async def get_suppression(here: ServicesHere, access: AccessHere, suppression_id: str) -> Response:
    """One of them."""
    found = await here.suppressions.get(_workspace(access), ids.read(ids.SUPPRESSION, suppression_id))
    return answer(schemas.suppression(found))


async def remove_suppression(here: ServicesHere, access: AccessHere, suppression_id: str) -> Response:
    """Takes one away."""
    entry = ids.read(ids.SUPPRESSION, suppression_id)
    await here.suppressions.remove(_workspace(access), entry, _author(access))
    return Response(status_code=204)


async def look_up(
    here: ServicesHere,
    access: AccessHere,
    address: Annotated[str, Query(description="The address.")],
    channel: Annotated[str, Query(description="email, sms, whatsapp or push.")] = "email",
) -> Response:
    """What holds for an address, and what was done before."""
    known = _known("channel", channel, _CHANNELS)
    holding, log = await here.suppressions.look_up(_workspace(access), known or Channel.EMAIL, address)
    word: Any = channel
    return answer(
        schemas.LookUpAnswer(
            address,
            word,
            [schemas.suppression(entry) for entry in holding],
            [schemas.log_entry(entry) for entry in log],
        )
    )


async def import_suppressions(request: Request, here: ServicesHere, access: AccessHere) -> Response:
    """Takes a table in."""
    workspace_id = _workspace(access)
    headers = headers_of(request)
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != CSV.encode():
        raise UnsupportedMediaTypeError("Send the table as text/csv, UTF-8, with a first line that names the columns.")
    body = await context(request).bodies.read(headers, request.receive)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        problem = FieldProblem("", f"byte {error.start} is not UTF-8; save the table as UTF-8", "bad-table")
        raise ValidationError("The table cannot be read.", fields=[problem]) from None
    done = await import_table(here.suppressions, workspace_id, text, _author(access, "import"))
    problems = [schemas.RefusedLine(row.line, row.detail) for row in done.problems]
    return answer(schemas.ImportAnswer(done.added, done.unchanged, done.refused, problems))


async def export_suppressions(here: ServicesHere, access: AccessHere) -> Response:
    """The whole list as a table, a page at a time."""
    disposition = {
        "content-disposition": 'attachment; filename="suppressions.csv"',
        "content-type": f"{CSV}; charset=utf-8",
    }
    return _Pages(_table(here.suppressions.pages(SuppressionQuery(_workspace(access)))), disposition)


class _Pages(Response):
    """An answer that is sent as it is made. The first piece is made before the head is sent, so that trouble can still be told."""

    def __init__(self, pieces: AsyncIterator[bytes], headers: dict[str, str]) -> None:
        super().__init__(None, headers=headers)
        del self.headers["content-length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        piece = await anext(self._pieces)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        async for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _table(pages: AsyncIterator[list[Suppression]]) -> AsyncIterator[bytes]:
    head = True
    async for entries in pages:
        yield "".join(write_table(entries, head=head)).encode()
        head = False


def _workspace(access: Access) -> Id:
    """Whose list it is. It is about real people, whom a test key neither reaches nor sees."""
    if not access.caller.live:
        raise ForbiddenError("The list is about real people: a test key neither sees nor changes it. Use a live key.")
    return access.caller.workspace_id


def _author(access: Access, source: str = "api") -> Author:
    return Author(source, ids.show(ids.KEY, access.key.id))


def _known(name: str, word: str | None, known: dict[str, Any]) -> Any:
    if word is None or word in known:
        return known.get(word or "")
    problem = FieldProblem(f"/{name}", f"write one of {', '.join(known)}{did_you_mean(word, known)}", "unknown-word")
    raise ValidationError("The query has an unknown word.", fields=[problem])


def _moment(word: str | None) -> int | None:
    if word is None:
        return None
    try:
        return read_moment(word)
    except (ValueError, OverflowError) as error:
        text = f"write an RFC 3339 date and time such as 2027-01-31T09:00:00Z ({error})"
        raise ValidationError("The end is no time.", fields=[FieldProblem("/expires_at", text, "bad-time")]) from None


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/suppressions",
        id="listSuppressions",
        summary="List suppressions",
        description="Newest first; entries that have expired are shown too.",
        tag=TAG,
        endpoint=list_suppressions,
        scope=SUPPRESSIONS_READ,
        gives=schemas.SuppressionPage,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/suppressions",
        id="addSuppression",
        summary="Suppress an address",
        description="Again changes nothing, unless the new entry holds longer: the answer is the entry that holds.",
        tag=TAG,
        endpoint=add_suppression,
        scope=SUPPRESSIONS_WRITE,
        takes=schemas.NewSuppression,
        gives=schemas.SuppressionAnswer,
        status=201,
        example={"address": "ann@customer.example", "note": "asked for it on the phone"},
    ),
    Operation(
        method="GET",
        path="/v1/suppressions/lookup",
        id="lookUpSuppressions",
        summary="Look an address up",
        description="May it be written to, and what was done before: the audit remembers removed entries.",
        tag=TAG,
        endpoint=look_up,
        scope=SUPPRESSIONS_READ,
        gives=schemas.LookUpAnswer,
    ),
    Operation(
        method="GET",
        path="/v1/suppressions/export",
        id="exportSuppressions",
        summary="Export the list",
        description="CSV; `POST /v1/suppressions/import` takes it in again.",
        tag=TAG,
        endpoint=export_suppressions,
        scope=SUPPRESSIONS_READ,
        gives=CSV,
    ),
    Operation(
        method="POST",
        path="/v1/suppressions/import",
        id="importSuppressions",
        summary="Import a list",
        description=(
            "CSV in UTF-8 whose first line names its columns: `address`, and any of `channel`, `category`, `reason`, "
            "`expires_at`, `note`. Without a category who unsubscribed gets no commercial messages, the others none. "
            "Bad lines are told and do not stop the good ones."
        ),
        tag=TAG,
        endpoint=import_suppressions,
        scope=SUPPRESSIONS_WRITE,
        takes=CSV,
        gives=schemas.ImportAnswer,
        example="address,reason,note\nann@customer.example,complaint,from the old system\n",
    ),
    Operation(
        method="GET",
        path="/v1/suppressions/{suppression_id}",
        id="getSuppression",
        summary="See a suppression",
        tag=TAG,
        endpoint=get_suppression,
        scope=SUPPRESSIONS_READ,
        gives=schemas.SuppressionAnswer,
        fails=(404,),
    ),
    Operation(
        method="DELETE",
        path="/v1/suppressions/{suppression_id}",
        id="removeSuppression",
        summary="Let an address be written to again",
        description="The audit keeps what the entry said and who took it away.",
        tag=TAG,
        endpoint=remove_suppression,
        scope=SUPPRESSIONS_WRITE,
        status=204,
        fails=(404,),
    ),
)
