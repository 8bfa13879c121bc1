"""What the router refuses, as problem documents like everything else."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from posthouse.core.kernel.errors import FieldProblem, PosthouseError, ValidationError
from posthouse.http import problems
from posthouse.http.bodies import CLIENT_GONE, ClientGoneError
from posthouse.http.errors import BadRequestError, InternalError, MethodNotAllowedError, UnknownPathError
from posthouse.http.explaining import pointer
from posthouse.http.operations import Paths


def install_refusals(api: FastAPI, paths: Paths) -> None:
    """Gives the router its exception handlers."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, PosthouseError)  # noqa: S101 - told to the type checker
        return _response(error, request)

    async def framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - told to the type checker
        return _response(_of_http(error, request, paths), request)

    async def parameters(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - told to the type checker
        return _response(_of_parameters(error), request)

    async def defect(request: Request, _: Exception) -> Response:
        """The shell, to which the framework raises it again, tells the log."""
        found = _request_id(request)
        return _response(InternalError(f"This is a defect of ours; the log has it under {found}."), request)

    async def gone(_: Request, __: Exception) -> Response:
        """Nobody is there to read it: the shell notes the status and sends nothing."""
        return Response(status_code=CLIENT_GONE)

    api.add_exception_handler(PosthouseError, ours)
    api.add_exception_handler(ClientGoneError, gone)
    api.add_exception_handler(HTTPException, framework)
    api.add_exception_handler(RequestValidationError, parameters)
    api.add_exception_handler(Exception, defect)


def _response(error: PosthouseError, request: Request) -> Response:
    request.scope["posthouse.problem"] = error.slug
    body = problems.encode(error, _request_id(request))
    return Response(body, error.status, problems.headers(error), problems.MEDIA_TYPE)


def _request_id(request: Request) -> str:
    return str(request.scope.get("posthouse.request_id", ""))


def _of_http(error: HTTPException, request: Request, paths: Paths) -> PosthouseError:
    """Our words for what the framework says: it only ever misses paths and methods here."""
    if error.status_code == 405:
        methods = paths.methods(request.scope["path"]) | {"OPTIONS"}
        return MethodNotAllowedError(request.method, ", ".join(sorted(methods | ({"HEAD"} & _heads(methods)))))
    if error.status_code == 404:
        return UnknownPathError("There is nothing at this path; GET /docs lists everything there is.")
    return BadRequestError(str(error.detail))


def _heads(methods: set[str]) -> set[str]:
    return {"HEAD"} if "GET" in methods else set()


def _of_parameters(error: RequestValidationError) -> ValidationError:
    """FastAPI's list, each as pointer and words. Only queries and paths come through here: bodies are decoded by us."""
    fields = [
        FieldProblem(pointer(*[str(step) for step in entry["loc"][1:]]), str(entry["msg"])[:200].lower(), "invalid")
        for entry in error.errors()
    ]
    return ValidationError("The query has bad values.", fields=fields)
