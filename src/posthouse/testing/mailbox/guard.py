"""What stands before the mailbox's doors: its own name only, protecting headers, errors as problem documents."""

import ipaddress
from typing import Any, ClassVar, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from posthouse.core.kernel.errors import NotFoundError, PosthouseError

PAGE_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


class NoSuchMailError(NotFoundError):
    """There is no such mail in the mailbox."""

    slug: ClassVar[str] = "no-such-mail"


class ForeignHostError(PosthouseError):
    """The mailbox answers only to its own name."""

    slug: ClassVar[str] = "foreign-host"
    status: ClassVar[int] = 421


class OwnHost:
    """Refuses requests made under a foreign name, so that no web page can read the mailbox by DNS rebinding.

    Args:
        app: what is guarded.
        names: names it answers to besides IP addresses and ``localhost``; ``*`` for any.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app = app
        self._names = names | {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or lets pass."""
        if scope["type"] == "http" and not self._known(scope):
            response = problem(ForeignHostError("open the mailbox as localhost or by its IP address"))
            await response(scope, receive, send)
            return
        await self._app(scope, receive, _with_headers(send))

    def _known(self, scope: Scope) -> bool:
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
        name = host[1:].partition("]")[0] if host.startswith("[") else host.rpartition(":")[0] or host
        if "*" in self._names or name in self._names or name.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


async def problem_of(_request: Request, error: Exception) -> Response:
    """Starlette's handler for our errors."""
    return problem(error if isinstance(error, PosthouseError) else PosthouseError())


def problem(error: PosthouseError) -> Response:
    """An error as RFC 9457 has it."""
    document: dict[str, Any] = {
        "type": error.slug,
        "title": error.title(),
        "status": error.status,
        "detail": error.detail,
    }
    if error.fields:
        document["errors"] = error.fields
    return Response(msgspec.json.encode(document), error.status, media_type="application/problem+json")


def _with_headers(send: Send) -> Send:
    """Puts the protecting headers on every answer that has not its own."""
    defaults = {
        b"content-security-policy": PAGE_CSP.encode("ascii"),
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"no-referrer",
        b"cross-origin-resource-policy": b"same-origin",
    }

    async def guarded(message: Any) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            missing = [pair for pair in defaults.items() if pair[0] not in present]
            message["headers"] = [*message["headers"], *missing]
        await send(message)

    return guarded
