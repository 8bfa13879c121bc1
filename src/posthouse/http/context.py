"""What a management endpoint can ask for: the services, the caller, a decoded body; and how it answers."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import msgspec
from fastapi import Depends, Header, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.responses import Response

from posthouse.core.kernel.errors import FieldProblem, NotFoundError, ValidationError
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.workspaces.changing import settings_hash
from posthouse.http.auth import Access, Gatekeeper, Headers
from posthouse.http.bodies import BodyReader, check_json_type
from posthouse.http.decoding import Decoder
from posthouse.http.ratelimit import RateLimiter
from posthouse.http.services import Services

T = TypeVar("T")

IfMatch = Annotated[
    str | None,
    Header(description="The `ETag` (of drafts: `draft_hash`) that the change was made from.", max_length=200),
]


class Context(NamedTuple):
    """What the application was made with."""

    services: Services
    gate: Gatekeeper
    bodies: BodyReader
    limiter: RateLimiter | None


def context(request: Request) -> Context:
    """The context of the application."""
    found: Context = request.app.state.context
    return found


def services(request: Request) -> Services:
    """The rooms of the core."""
    return context(request).services


def headers_of(request: Request) -> Headers:
    """The request's headers as the server gave them."""
    return dict(request.scope["headers"])


def wants_csv(request: Request, said: str | None) -> bool:
    """Whether the answer is to be CSV: as the parameter ``format`` says, else as ``Accept`` does."""
    accepts = headers_of(request).get(b"accept", b"").decode("latin-1")
    return said == "csv" or (said is None and accepts.partition(";")[0].strip().lower() == "text/csv")


def page_after(cursor: str | None, read: Callable[[str], T]) -> T | None:
    """Where a page begins: what ``read`` makes of its cursor; None for the first page.

    Raises:
        ValidationError: it is no cursor.
    """
    if cursor is None:
        return None
    try:
        return read(cursor)
    except (NotFoundError, ValueError):
        problem = FieldProblem("/cursor", "take it from `next` of the previous page, unchanged", "cursor")
        raise ValidationError("The query has bad values.", fields=[problem]) from None


def needs(scope: str | None) -> Callable[[Request], Awaitable[None]]:
    """A dependency of the route: lets in only keys that have a scope (None: any key)."""

    async def admitted(request: Request) -> None:
        here = context(request)
        admitted_as = await here.gate.admit(headers_of(request), request.scope, scope)
        request.scope["posthouse.key"] = admitted_as.key.id
        if here.limiter is not None:
            request.scope["posthouse.rate"] = here.limiter.take(admitted_as.key.id)
        request.state.access = admitted_as
        _refuse_unknown_query(request)

    return admitted


def json_body(type_: type[T]) -> Callable[[Request], Awaitable[T]]:
    """A dependency: the body, decoded strictly."""
    decode: Decoder[T] = Decoder(type_)

    async def decoded(request: Request) -> T:
        headers = headers_of(request)
        check_json_type(headers)
        return decode(await context(request).bodies.read(headers, request.receive))

    return decoded


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A struct as a JSON answer."""
    return Response(msgspec.json.encode(value), status, headers, "application/json")


def bare(if_match: str | None) -> str | None:
    """The hash in ``If-Match``; None: the change may be made from anything."""
    return None if if_match is None else if_match.strip().strip('"')


def etag_of(settings: msgspec.Struct) -> dict[str, str]:
    """The header that says which settings somebody looks at."""
    return {"etag": f'"{settings_hash(settings)}"'}


MOST_UNKNOWN: Final = 20
"""Unknown parameters that are told: the nearest known name of each is looked for."""


def _refuse_unknown_query(request: Request) -> None:
    """A misspelt filter that is ignored answers another question than the one asked."""
    route = request.scope.get("route")
    known = _query_names(route.dependant) if isinstance(route, APIRoute) else set()
    problems = [
        FieldProblem(
            f"/{name}",
            f'"{name[:64]}" is not a known query parameter{did_you_mean(name, known) or _all_of(known)}',
            "unknown-field",
        )
        for name in [name for name in dict.fromkeys(request.query_params) if name not in known][:MOST_UNKNOWN]
    ]
    if problems:
        raise ValidationError("The query has unknown parameters.", fields=problems)


def _all_of(known: set[str]) -> str:
    return f"; there are: {', '.join(sorted(known))}" if known else "; there are none here"


def _query_names(dependant: Dependant) -> set[str]:
    """The query parameters of an endpoint and of all that it depends on."""
    names = {field.alias for field in dependant.query_params}
    return names.union(*[_query_names(below) for below in dependant.dependencies])


def access(request: Request) -> Access:
    """Who was let in."""
    found: Access = request.state.access
    return found


AccessHere = Annotated[Access, Depends(access)]
ServicesHere = Annotated[Services, Depends(services)]
