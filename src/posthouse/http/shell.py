"""The outermost layer: hot doors in front of the router, and what is true of every request.

Every answer has a request id and security headers; every error is a problem document; nothing that goes wrong in here
reaches the server.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.tracking.tokens import PATHS
from posthouse.http.auth import Headers
from posthouse.http.bodies import CLIENT_GONE, ClientGoneError, Receive, Whole
from posthouse.http.errors import BadRequestError, HttpError, InternalError, MethodNotAllowedError
from posthouse.http.replies import SECURITY, Reply, of_error, stays_open, wire
from posthouse.http.services import AccessRecord, Services

Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]
HotDoor = Callable[[Headers, Any, Receive], Awaitable[Reply]]

_TRACKED: Final = frozenset(PATHS.values())
_IN_MAILS: Final = re.compile(b"/[%b]/[A-Za-z0-9_-]{1,64}(?:[.]gif)?" % "".join(path[1] for path in _TRACKED).encode())
"""Targets of the addresses in mails, with nothing in them that would have to be decoded or looked at."""
_TAKEN: Final = frozenset({"GET", "HEAD", "POST"})
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._~-]{1,128}")


class Shell:
    """The ASGI application that the server runs.

    Args:
        app: the router with everything that is not hot.
        hot: hot doors by path; they take POST alone, and only where the router has nothing at that path.
        shared: those of the hot paths at which the router answers other methods.
        allowed: the methods that the router takes at a path.
        tracking: the door for addresses in mails; it takes GET, HEAD and POST below the paths of tracking/tokens.py.
        services: clock, hooks and entropy.
    """

    def __init__(
        self,
        *,
        app: App,
        hot: Mapping[str, HotDoor],
        shared: frozenset[str],
        allowed: Callable[[str], set[str]],
        services: Services,
        tracking: HotDoor | None = None,
    ) -> None:
        self._app = app
        self._hot = dict(hot)
        self._targets = {path.encode(): (door, path) for path, door in hot.items()}
        self._shared = shared
        self._allowed = allowed
        self._tracking = tracking
        self._clock = services.clock
        self._on_access = services.on_access
        self._on_defect = services.on_defect
        self._id_prefix = services.entropy(6).hex()
        self._count = 0

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serves one connection scope."""
        if scope["type"] == "http":
            path: str = scope["path"]
            hot = self._hot.get(path)
            if hot is not None and scope["method"] == "POST":
                await self._serve_hot(hot, scope, receive, send, path)
            elif self._tracking is not None and path[:3] in _TRACKED and len(path) > 3 and scope["method"] in _TAKEN:
                await self._serve_hot(self._tracking, scope, receive, send, f"{path[:3]}{{token}}")
            else:
                await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    def short_way(self, method: bytes, target: bytes) -> tuple[HotDoor, str] | None:
        """The hot door for which :meth:`answer` serves such a request, and what its path is called in the log."""
        if method == b"POST":
            return self._targets.get(target)
        if method == b"GET" and self._tracking is not None and _IN_MAILS.fullmatch(target):
            return self._tracking, f"{target[:3].decode()}{{token}}"
        return None

    async def answer(self, door: HotDoor, headers: Headers, scope: Any, body: bytes, route: str) -> tuple[bytes, bool]:
        """The answer of a hot door to a request that has arrived as a whole, without ASGI's messages between.

        Args:
            door: what :meth:`short_way` found.
            headers: the request's, names in lower case.
            scope: ``method``, ``path`` and ``client`` as in ASGI.
            body: all of it.
            route: what the path is called in the log.

        Returns:
            What to write, and whether the connection may stay open.
        """
        began = self._clock.monotonic() if self._on_access else 0
        request_id = self._request_id(headers)
        reply = await self._reply(door, headers, scope, Whole(body), request_id)
        assert reply is not None  # noqa: S101 - only reading a body can find the client gone
        if self._on_access:
            self._log(scope, request_id, route, reply.status, began, reply.problem)
        try:
            return wire(reply, request_id), stays_open(reply)
        except ValueError as defect:
            return wire(self._broken(defect, request_id), request_id), True

    def refuse(self, error: HttpError) -> bytes:
        """What is written where the server can make no request of what came: counted and logged like other answers."""
        request_id = self._request_id({})
        if self._on_access:
            self._log({"method": "-"}, request_id, "(none)", error.status, self._clock.monotonic(), error.slug)
        return wire(of_error(error, request_id), request_id)

    async def _serve_hot(self, door: HotDoor, scope: Any, receive: Receive, send: Send, route: str) -> None:
        began = self._clock.monotonic() if self._on_access else 0
        headers = dict(scope["headers"])
        request_id = self._request_id(headers)
        reply = await self._reply(door, headers, scope, receive, request_id)
        if reply is None:
            self._log(scope, request_id, route, CLIENT_GONE, began)
            return
        await _send_reply(send, reply, request_id, with_body=scope["method"] != "HEAD")
        if self._on_access:
            self._log(scope, request_id, route, reply.status, began, reply.problem)

    async def _reply(
        self, door: HotDoor, headers: Headers, scope: Any, receive: Receive, request_id: str
    ) -> Reply | None:
        """What a hot door says; None when nobody waits for it any more."""
        try:
            return await door(headers, scope, receive)
        except PosthouseError as error:
            return of_error(error, request_id)
        except ClientGoneError:
            return None
        except Exception as defect:  # noqa: BLE001 - the last line before the server: everything becomes a problem
            return self._broken(defect, request_id)

    async def _serve(self, scope: Any, receive: Receive, send: Send) -> None:
        began = self._clock.monotonic()
        request_id = self._request_id(dict(scope["headers"]))
        scope["posthouse.request_id"] = request_id
        head = scope["method"] == "HEAD"
        if head:
            scope = {**scope, "method": "GET", "posthouse.head": True}
        outgoing = _Outgoing(send, scope, request_id, with_body=not head)
        try:
            if (reply := self._at_once(scope)) is not None:
                await outgoing.reply(reply)
            else:
                await self._app(scope, receive, outgoing)
        except PosthouseError as error:
            scope["posthouse.problem"] = error.slug
            await outgoing.reply(of_error(error, request_id))
        except Exception as defect:  # noqa: BLE001 - the last line before the server: everything becomes a problem
            await outgoing.reply(self._broken(defect, request_id))
        route = getattr(scope.get("route"), "path", "(none)")
        self._log(scope, request_id, route, outgoing.status, began, scope.get("posthouse.problem", ""))

    def _at_once(self, scope: Any) -> Reply | None:
        """What needs no router: OPTIONS, a hot path with another method, and what no path or query may hold."""
        path: str = scope["path"]
        if "\x00" in path or b"%00" in scope.get("query_string", b"") or b"\x00" in scope.get("query_string", b""):
            raise BadRequestError("The character NUL is not allowed in a path or a query; leave it out.")
        if scope["method"] == "OPTIONS":
            methods = self._methods(path)
            return Reply(204, [(b"allow", methods.encode())], b"") if methods else None
        tracked = self._tracking is not None and path[:3] in _TRACKED and len(path) > 3
        if tracked or (path in self._hot and path not in self._shared):
            raise MethodNotAllowedError(scope["method"], self._methods(path))
        return None

    def _methods(self, path: str) -> str:
        found = self._allowed(path) if path not in self._hot or path in self._shared else set()
        if path in self._hot:
            found = found | {"POST"}
        if not found:
            return ""
        return ", ".join(sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())))

    def _request_id(self, headers: Headers) -> str:
        """The client's own id when it is a sane one, else one of ours."""
        given = headers.get(b"x-request-id")
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given.decode()
        self._count += 1
        return f"{self._id_prefix}-{self._count:x}"

    def _broken(self, defect: BaseException, request_id: str) -> Reply:
        if self._on_defect:
            self._on_defect(request_id, defect)
        return of_error(InternalError(f"This is a defect of ours; the log has it under {request_id}."), request_id)

    def _log(self, scope: Any, request_id: str, route: str, status: int, began: int, problem: str = "") -> None:
        if self._on_access:
            took = self._clock.monotonic() - began
            key_id = scope.get("posthouse.key")
            self._on_access(AccessRecord(request_id, scope["method"], route, status, took, key_id, problem))


async def _send_reply(send: Send, reply: Reply, request_id: str, *, with_body: bool) -> None:
    length = [] if reply.status == 204 else [(b"content-length", b"%d" % len(reply.body))]
    headers = [*reply.headers, *length, (b"x-request-id", request_id.encode()), *reply.security]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body if with_body else b""})


class _Outgoing:
    """A send that adds request id, security and rate headers, drops the body for HEAD, and remembers the status."""

    def __init__(self, send: Send, scope: Any, request_id: str, *, with_body: bool) -> None:
        self._send = send
        self._scope = scope
        self._request_id = request_id
        self._with_body = with_body
        self._started = False
        self.status = 0

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            self.status = message["status"]
        if self.status == CLIENT_GONE:
            return
        if message["type"] == "http.response.start":
            message = {**message, "headers": self._complete(list(message.get("headers", [])))}
        elif message["type"] == "http.response.body" and not self._with_body:
            message = {**message, "body": b""}
        await self._send(message)

    async def reply(self, reply: Reply) -> None:
        """Sends a whole reply, unless one is under way already."""
        if not self._started:
            self._started = True
            self.status = reply.status
            await _send_reply(self._send, reply, self._request_id, with_body=self._with_body)

    def _complete(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        present = {name for name, _ in headers}
        added = [(name, value) for name, value in SECURITY if name not in present]
        rate = self._scope.get("posthouse.rate", [])
        return [*headers, *added, *rate, (b"x-request-id", self._request_id.encode())]
