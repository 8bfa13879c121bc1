"""The mailbox over HTTP: an API for end-to-end tests, and the page for people."""

import asyncio
import datetime as dt
import hashlib
import urllib.parse
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.errors import PosthouseError, UnavailableError
from posthouse.testing.mailbox.guard import NoSuchMailError, OwnHost, problem_of
from posthouse.testing.mailbox.query import MailQuery, number_of, query_of
from posthouse.testing.mailbox.reading import Reading, Summary, read, summarise
from posthouse.testing.mailbox.showing import MAIL_CSP, page_of
from posthouse.testing.mailbox.source import KEEP, Mail, MailSource

STATIC: Final = Path(__file__).with_name("static")
MAX_WAIT: Final = 60.0
"""Seconds that ``/api/wait`` waits at most."""

_WAIT: Final = 10.0


class MailboxApi:
    """The doors of the mailbox.

    Args:
        source: where the mails are.
        clock: measures how long a caller has waited.
        closing: set when the server is about to stop: nobody is kept waiting then.
    """

    def __init__(self, source: MailSource, clock: Clock, closing: asyncio.Event | None = None) -> None:
        self._source = source
        self._clock = clock
        self._closing = closing or asyncio.Event()
        self._rows: OrderedDict[str, Summary] = OrderedDict()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def routes(self) -> list[Route]:
        """Every door."""
        one = "/api/messages/{mail_id}"
        return [
            Route("/", self.page),
            Route("/api/messages", self.listing, methods=["GET"]),
            Route("/api/messages", self.clear, methods=["DELETE"]),
            Route("/api/wait", self.wait),
            Route(one, self.one),
            Route(f"{one}/read", self.mark_read, methods=["POST"]),
            Route(f"{one}/html", self.html),
            Route(f"{one}/text", self.text),
            Route(f"{one}/source", self.source),
            Route(f"{one}/attachments/{{n:int}}", self.attachment),
        ]

    async def page(self, _request: Request) -> Response:
        """The page for people."""
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    async def listing(self, request: Request) -> Response:
        """``GET /api/messages``: the newest first, at most ``limit``. Knows ``If-None-Match``, so polling is cheap."""
        query = query_of(request.query_params)
        limit = number_of(request.query_params, "limit", KEEP, lowest=1, highest=KEEP)
        rows = [row for row in await self._all() if query.matches(row)]
        unread = sum(row.id not in self._seen for row in rows)
        body = msgspec.json.encode(
            {"total": len(rows), "unread": unread, "messages": [self._row(row) for row in rows[:limit]]}
        )
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return _json(body, {"ETag": tag, "Cache-Control": "no-cache"})

    async def clear(self, _request: Request) -> Response:
        """``DELETE /api/messages``: an empty mailbox."""
        count = await self._source.clear()
        self._rows.clear()
        self._seen.clear()
        return _json(msgspec.json.encode({"deleted": count}))

    async def wait(self, request: Request) -> Response:
        """``GET /api/wait``: the newest mail that matches, as soon as there is one. 404 when the time is over."""
        query = query_of(request.query_params)
        patience = number_of(request.query_params, "timeout", _WAIT, lowest=0, highest=MAX_WAIT)
        deadline = self._clock.monotonic() + int(patience * SECOND)
        while not self._closing.is_set():
            left = (deadline - self._clock.monotonic()) / SECOND
            change = asyncio.ensure_future(self._source.changed(max(0.0, left)))  # before looking: nothing is missed
            await asyncio.sleep(0)
            try:
                rows = await self._all()
                found = next((row for row in rows if query.matches(row)), None)
                mail = await self._source.mail(found.id) if found is not None else None
                if mail is not None:
                    return self._detail(mail)
                if left <= 0:
                    raise NoSuchMailError(_nothing_came(query, patience, rows))
                await self._change_or_closing(change)
            finally:
                change.cancel()
        raise UnavailableError("the mailbox is being stopped")

    async def _change_or_closing(self, change: "asyncio.Future[None]") -> None:
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            both: list[asyncio.Future[Any]] = [change, closing]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closing.cancel()

    async def one(self, request: Request) -> Response:
        """``GET /api/messages/{id}``: everything about a mail."""
        return self._detail(await self._mail(request))

    async def mark_read(self, request: Request) -> Response:
        """``POST /api/messages/{id}/read``: it is not new any more."""
        mail = await self._mail(request)
        self._seen[mail.id] = None
        while len(self._seen) > 2 * KEEP:
            self._seen.popitem(last=False)
        return Response(status_code=204)

    async def html(self, request: Request) -> Response:
        """``…/html``: the HTML as written; with ``?view=1`` as the page shows it. Always in a sandbox of its own."""
        reading = read(await self._mail(request))
        if reading.html is None:
            raise NoSuchMailError("this mail has no HTML; ask for …/text")
        shown = page_of(reading) if request.query_params.get("view") else reading.html
        headers = {"Content-Security-Policy": MAIL_CSP, "Referrer-Policy": "no-referrer"}
        return Response(_bytes(shown), media_type="text/html; charset=utf-8", headers=headers)

    async def text(self, request: Request) -> Response:
        """``…/text``: the text part."""
        reading = read(await self._mail(request))
        if reading.text is None:
            raise NoSuchMailError("this mail has no text; ask for …/html")
        return Response(_bytes(reading.text), media_type="text/plain; charset=utf-8")

    async def source(self, request: Request) -> Response:
        """``…/source``: the mail byte by byte; with ``?download=1`` as a file."""
        mail = await self._mail(request)
        if request.query_params.get("download"):
            return _download(mail.content, f"{mail.id}.eml", "message/rfc822")
        return Response(mail.content, media_type="text/plain; charset=utf-8")

    async def attachment(self, request: Request) -> Response:
        """``…/attachments/{n}``: one file, always as a download."""
        reading = read(await self._mail(request))
        n = request.path_params["n"]
        file = next((file for file in reading.files if file.n == n), None)
        if file is None:
            raise NoSuchMailError(f"this mail has {len(reading.files)} attachments, counted from 1")
        return _download(reading.bodies[n], file.name, "application/octet-stream")

    # ---- helpers -------------------------------------------------------------------------------------------------

    async def _all(self) -> list[Summary]:
        ids = await self._source.ids()
        rows = self._rows
        for mail_id in ids:
            if mail_id not in rows and (mail := await self._source.mail(mail_id)) is not None:
                rows[mail_id] = summarise(mail)
        if len(rows) > 2 * len(ids) + KEEP:
            kept = set(ids)
            self._rows = rows = OrderedDict((key, row) for key, row in rows.items() if key in kept)
        return [rows[mail_id] for mail_id in ids if mail_id in rows]

    async def _mail(self, request: Request) -> Mail:
        mail = await self._source.mail(request.path_params["mail_id"])
        if mail is None:
            raise NoSuchMailError("there is no such mail; the mailbox keeps the newest only, and may have been emptied")
        return mail

    def _row(self, row: Summary) -> dict[str, Any]:
        return {
            "id": row.id,
            "from": row.sender,
            "to": row.to,
            "subject": row.subject,
            "received_at": _rfc3339(row.received_at),
            "size": row.size,
            "unread": row.id not in self._seen,
        }

    def _detail(self, mail: Mail) -> Response:
        return _json(msgspec.json.encode(self._row(summarise(mail)) | _contents(mail, read(mail))))


def mailbox_app(
    source: MailSource, clock: Clock, names: frozenset[str] = frozenset(), closing: asyncio.Event | None = None
) -> Starlette:
    """The HTTP side of the mailbox; can be mounted under any path of a bigger app.

    Args:
        source: the inbox of the SMTP server, or the sandbox's messages.
        clock: the time.
        names: host names it answers to besides ``localhost`` and IP addresses.
        closing: set when the server is about to stop.
    """
    return Starlette(
        routes=[*MailboxApi(source, clock, closing).routes(), Mount("/static", StaticFiles(directory=STATIC))],
        middleware=[Middleware(OwnHost, names=names)],
        exception_handlers={PosthouseError: problem_of},
    )


def _contents(mail: Mail, reading: Reading) -> dict[str, Any]:
    return {
        "envelope": {"from": mail.sender, "to": mail.recipients, "via": mail.via},
        "headers": reading.headers,
        "html": None if reading.html is None else _clean(reading.html),
        "text": None if reading.text is None else _clean(reading.text),
        "links": [_clean(link) for link in reading.links],
        "attachments": reading.files,
        "dkim": reading.signatures,
        "defects": reading.defects,
    }


def _nothing_came(query: MailQuery, patience: float, rows: list[Summary]) -> str:
    wanted = " and ".join(f"{name} {value!r}" for name in ("to", "subject", "q") if (value := getattr(query, name)))
    others = "; ".join(f"{row.subject!r} to {', '.join(row.recipients)}" for row in rows[:3])
    there = f"the newest of {len(rows)} in the mailbox: {others}" if rows else "the mailbox is empty"
    return f"no mail {f'with {wanted} ' if wanted else ''}within {patience:g} s; {there}"


def _rfc3339(instant: int) -> str:
    moment = dt.datetime.fromtimestamp(instant / SECOND, tz=dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _clean(text: str) -> str:
    return _bytes(text).decode("utf-8")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # a mail can smuggle lone surrogates in


def _json(body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, media_type="application/json", headers=headers)


def _download(data: bytes, name: str, media_type: str) -> Response:
    quoted = urllib.parse.quote(_bytes(name), safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quoted}"}
    return Response(data, media_type=media_type, headers=headers)
