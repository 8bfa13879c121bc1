"""The doors of tracking: what happens when somebody follows an address of ours. Hot, so without a framework between."""

import base64
import contextlib
from collections.abc import Awaitable, Callable
from html import escape
from importlib.resources import files
from typing import Any, Final
from urllib.parse import parse_qs

from posthouse.core.conversions.service import ConversionService
from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.tracking.model import Tracked
from posthouse.core.tracking.rules import network_of
from posthouse.core.tracking.service import TrackingService, Visitor
from posthouse.core.tracking.tokens import LENGTH, PATHS, Kind, Token
from posthouse.http import tracking_pages as pages
from posthouse.http.auth import Headers, Network, client_address
from posthouse.http.bodies import BodyReader, Receive
from posthouse.http.errors import MethodNotAllowedError
from posthouse.http.languages import accepted, language
from posthouse.http.operations import Operation
from posthouse.http.replies import RawHeaders, Reply
from posthouse.http.schemas.conversions import browser_report
from posthouse.http.tracking_pages import PAGE, VIEW

TAG: Final = "Tracking"
MAX_BODY: Final = 16_384
GIF: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel (GIF89a)."""
_GIF: Final = (b"content-type", b"image/gif")
_QUIET: Final[RawHeaders] = [
    (b"cache-control", b"no-store, no-cache, must-revalidate, private"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
_KINDS: Final = {path: kind for kind, path in PATHS.items()}
_SUFFIX: Final = ".gif"
SCRIPT_PATH: Final = f"{Kind.CONVERSION.path}posthouse.js"
SCRIPT: Final = files("posthouse.http").joinpath("static/conversions.js").read_bytes()
_JAVASCRIPT: Final = (b"content-type", b"text/javascript; charset=utf-8")
_FOR_AN_HOUR: Final = (b"cache-control", b"public, max-age=3600")
_DIGITS: Final = 2
"""Of a score."""

_FORMS: Final = frozenset({Kind.UNSUBSCRIBE, Kind.PREFERENCES, Kind.RATING, Kind.CONVERSION})

Handler = Callable[[Token | None, "_Asked"], Awaitable[Reply]]


class _Asked:
    """One request, taken apart as far as needed."""

    __slots__ = ("headers", "kind", "method", "receive", "scope", "wish")

    def __init__(self, headers: Headers, scope: Any, receive: Receive, kind: Kind) -> None:
        self.headers = headers
        self.scope = scope
        self.receive = receive
        self.kind = kind
        self.method: str = scope["method"]
        query: bytes = scope.get("query_string", b"")
        self.wish = parse_qs(query[:100].decode("latin-1")).get("lang", [""])[0] if query else ""

    def language(self, message: Tracked | None = None) -> str:
        """What the page speaks: what was asked for, else the message's language, else the browser's."""
        browser = accepted(self.headers.get(b"accept-language", b"").decode("latin-1"))
        return language(self.wish, message.locale if message is not None else "", *browser)


class TrackingDoor:
    """Answers for ``/c/…``, ``/o/…``, ``/u/…``, ``/p/…``, ``/v/…``, ``/r/…``, ``/k/…``.

    Args:
        service: the stories behind.
        conversions: counts what browsers report.
        proxies: networks whose ``X-Forwarded-For`` is believed.
        seconds: how long a body may take.
    """

    def __init__(
        self,
        service: TrackingService,
        conversions: ConversionService,
        proxies: tuple[Network, ...] = (),
        seconds: float = 10.0,
    ) -> None:
        self._service = service
        self._conversions = conversions
        self._proxies = proxies
        self._bodies = BodyReader(limit=MAX_BODY, seconds=seconds, memory=MAX_BODY * 64)
        self._handlers: dict[Kind, Handler] = {
            Kind.OPEN: self._open,
            Kind.CLICK: self._click,
            Kind.UNSUBSCRIBE: self._unsubscribe,
            Kind.PREFERENCES: self._preferences,
            Kind.VIEW: self._view,
            Kind.RATING: self._rating,
            Kind.CONVERSION: self._convert,
        }

    async def serve(self, headers: Headers, scope: Any, receive: Receive) -> Reply:
        """One request to one of :data:`PATHS`."""
        path: str = scope["path"]
        kind = _KINDS[path[:3]]
        if scope["method"] == "POST" and kind not in _FORMS:
            raise MethodNotAllowedError("POST", "GET, HEAD, OPTIONS")
        word = path[3:].removesuffix(_SUFFIX) if kind is Kind.OPEN else path[3:]
        if path == SCRIPT_PATH:
            return Reply(200, [_JAVASCRIPT, _FOR_AN_HOUR], SCRIPT, security=_QUIET[1:])
        token = self._service.read(word, kind) if len(word) == LENGTH else None
        asked = _Asked(headers, scope, receive, kind)
        try:
            return await self._handlers[kind](token, asked)
        except UnavailableError:
            reply = pages.said(asked.language(), "later", 503)
            return reply._replace(headers=[*reply.headers, (b"retry-after", b"60")])

    def _visitor(self, asked: _Asked) -> Visitor:
        address = client_address(asked.scope, asked.headers, self._proxies)
        agent = asked.headers.get(b"user-agent", b"")[:512].decode("latin-1")
        return Visitor(agent, network_of(address), asked.method == "HEAD")

    async def _open(self, token: Token | None, asked: _Asked) -> Reply:
        """The picture always comes: a broken one in a mail helps nobody."""
        if token is not None:
            with contextlib.suppress(UnavailableError):  # an open that is not counted
                await self._service.opened(token, self._visitor(asked))
        return Reply(200, [_GIF], GIF, security=_QUIET)

    async def _click(self, token: Token | None, asked: _Asked) -> Reply:
        if token is None:
            return pages.said(asked.language(), "gone", 404)
        url = await self._service.clicked(token, self._visitor(asked))
        if url is None:
            return pages.said(asked.language(), "gone", 410)
        return Reply(302, [(b"location", url.encode())], b"", security=_QUIET)

    async def _unsubscribe(self, token: Token | None, asked: _Asked) -> Reply:
        """GET shows a page and changes nothing; POST acts (RFC 8058 §3.2)."""
        message = await self._commercial(token)
        tongue = asked.language(message)
        if message is None:
            return pages.said(tongue, "gone", 404)
        if asked.method == "POST":
            return await self._change(message, tongue, await self._body(asked))
        if await self._service.is_out(message):
            form = pages.button(tongue, "back_button", "subscribe")
            return pages.said(tongue, "left", form=form, address=message.recipient)
        form = pages.button(tongue, "leave_button", "unsubscribe")
        return pages.said(tongue, "leave", form=form, address=message.recipient)

    async def _preferences(self, token: Token | None, asked: _Asked) -> Reply:
        message = await self._commercial(token)
        tongue = asked.language(message)
        if message is None:
            return pages.said(tongue, "gone", 404)
        if asked.method == "POST":
            return await self._change(message, tongue, await self._body(asked))
        return pages.preferences(tongue, message.recipient, out=await self._service.is_out(message))

    async def _change(self, message: Tracked, tongue: str, body: bytes) -> Reply:
        form = _form(body)
        do = form.get("do", [""])[0]
        if _is_one_click(body) or do == "unsubscribe":
            await self._service.unsubscribe(message, "page" if do else "one-click")
            form_back = pages.button(tongue, "back_button", "subscribe")
            return pages.said(tongue, "left", form=form_back, address=message.recipient)
        if do == "subscribe":
            if not await self._service.resubscribe(message):
                return _enough(tongue)
            return pages.said(tongue, "back", address=message.recipient)
        return pages.said(tongue, "bad", 400)

    async def _view(self, token: Token | None, asked: _Asked) -> Reply:
        message = await self._service.message_of(token) if token is not None else None
        if message is None:
            return pages.said(asked.language(), "gone", 404)
        rendered = await self._service.view(message)
        if rendered is None:
            return pages.said(asked.language(message), "old", 410)
        if rendered.html is None:
            text = pages.page(asked.language(message), rendered.subject, f"<pre>{escape(rendered.text)}</pre>")
            return text._replace(security=PAGE)
        return Reply(200, [pages.HTML], rendered.html.encode("utf-8", "replace"), security=VIEW)

    async def _rating(self, token: Token | None, asked: _Asked) -> Reply:
        """GET shows the score; only what is sent counts, since scanners follow links."""
        chosen = await self._service.rating(token) if token is not None else None
        tongue = asked.language(chosen.message if chosen is not None else None)
        if chosen is None:
            return pages.said(tongue, "gone", 404)
        if asked.method != "POST":
            return pages.rating(tongue, chosen.scale, chosen.score, comment=not chosen.message.erased)
        form = _form(await self._body(asked))
        word = form.get("score", [""])[0]
        score = int(word) if word.isascii() and word.isdigit() and len(word) <= _DIGITS else -1
        if not chosen.scale.lowest <= score <= chosen.scale.highest:
            return pages.said(tongue, "bad", 400)
        if not await self._service.rated(chosen, score, form.get("comment", [""])[0].strip()):
            return _enough(tongue)
        return pages.said(tongue, "rated")

    async def _convert(self, token: Token | None, asked: _Asked) -> Reply:
        """What the script in a browser says of an order. The browser waits for no answer, and learns nothing from one."""
        if asked.method != "POST":
            return pages.said(asked.language(), "gone", 404)
        wanted = browser_report(await self._body(asked))
        if token is not None and wanted is not None:
            await self._conversions.reported_by_browser(token, wanted)
        return Reply(204, [], b"", security=_QUIET)

    async def _commercial(self, token: Token | None) -> Tracked | None:
        """The message of a token, if one may unsubscribe from it."""
        message = await self._service.message_of(token) if token is not None else None
        return message if message is not None and await self._service.is_commercial(message) else None

    async def _body(self, asked: _Asked) -> bytes:
        return await self._bodies.read(asked.headers, asked.receive)


def _enough(tongue: str) -> Reply:
    """Too much was said about one message: what was said before stands."""
    reply = pages.said(tongue, "enough", 429)
    return reply._replace(headers=[*reply.headers, (b"retry-after", b"3600")])


def _form(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:
        return {}


def _is_one_click(body: bytes) -> bool:
    """Whether a mail program unsubscribes (RFC 8058 §3.1): urlencoded, or as multipart/form-data."""
    if _form(body).get("List-Unsubscribe") == ["One-Click"]:
        return True
    return b'name="List-Unsubscribe"' in body and b"One-Click" in body


_MADE_BY_US: Final = "The token stands in the mail; there is nothing to make it with."


def _door(path: str, kind: str, summary: str, description: str, **more: Any) -> Operation:
    return Operation(
        method=more.pop("method", "GET"),
        path=path,
        id=kind,
        summary=summary,
        description=f"{description} {_MADE_BY_US}",
        tag=TAG,
        public=True,
        **more,
    )


OPERATIONS: Final = (
    _door(
        "/c/{token}", "followLink", "Follow a link", "Keeps the click and leads on to where the link led when it was sent.",
        status=302, pages=(404, 410, 503),
    ),
    _door("/o/{token}", "showPixel", "Fetch the picture of a mail", "One transparent pixel; keeps the open.", gives="image/gif"),
    _door(
        "/u/{token}", "showUnsubscribe", "Ask to unsubscribe", "A page with a button; it changes nothing.", gives="text/html",
        pages=(404, 503),
    ),
    _door(
        "/u/{token}", "unsubscribe", "Unsubscribe", "With `List-Unsubscribe=One-Click` as mail programs do (RFC 8058), or from the page.",
        method="POST", gives="text/html", pages=(400, 404, 429, 503), takes="application/x-www-form-urlencoded",
    ),
    _door(
        "/p/{token}", "showPreferences", "See the preferences", "Whether commercial messages come.", gives="text/html",
        pages=(404, 503),
    ),
    _door(
        "/p/{token}", "changePreferences", "Change the preferences", "From the page.", method="POST", gives="text/html",
        pages=(400, 404, 429, 503), takes="application/x-www-form-urlencoded",
    ),
    _door(
        "/v/{token}", "viewMessage", "View a message in the browser", "As it was sent; for as many days as the workspace says.",
        gives="text/html", pages=(404, 410, 503),
    ),
    _door("/r/{token}", "showRating", "Ask for a rating", "A page with the score that was chosen; only what is sent counts.",
          gives="text/html", pages=(404, 503)),
    _door(
        "/r/{token}", "rate", "Rate", "Keeps score and comment, from the page.", method="POST", gives="text/html",
        pages=(400, 404, 429, 503), takes="application/x-www-form-urlencoded",
    ),
    _door(
        "/k/{token}", "reportFromBrowser", "Report an order from a browser", "What `/k/posthouse.js` sends; nothing is said of what became of it.",
        method="POST", takes="text/plain", status=204, pages=(503,),
    ),
)  # fmt: skip
