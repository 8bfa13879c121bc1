"""Pages that need no key: the OpenAPI document, its human form, and a page for each kind of problem."""

from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from posthouse.http.errors import UnknownPathError
from posthouse.http.human import documentation, page
from posthouse.http.operations import Paths
from posthouse.http.problem_texts import ProblemText, texts

HTML_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def install(api: FastAPI, document: dict[str, Any], paths: Paths) -> None:
    """Adds ``/openapi.json``, ``/docs`` and ``/problems``; who opens the bare address finds ``/docs``."""
    kinds = texts()
    fixed = {
        "/openapi.json": (msgspec.json.encode(document), "application/json"),
        "/docs": (documentation(document).encode(), "text/html"),
        "/docs/style.css": (files("posthouse.http").joinpath("static/style.css").read_bytes(), "text/css"),
        "/problems": (_list_of(kinds).encode(), "text/html"),
    }
    for path, (body, media_type) in fixed.items():
        _add(api, paths, path, body, media_type)
    for slug, text in kinds.items():
        _add(api, paths, f"/problems/{slug}", _one(slug, text).encode(), "text/html")

    async def home(_: Request) -> Response:
        return RedirectResponse("/docs", 307, headers=HTML_HEADERS)

    api.add_route("/", home, methods=["GET"])
    paths.add("/", "GET")

    async def no_such_problem(_: Request) -> Response:
        raise UnknownPathError("There is no problem of this name; /problems lists them.")

    api.add_route("/problems/{slug}", no_such_problem, methods=["GET"])


def _add(api: FastAPI, paths: Paths, path: str, body: bytes, media_type: str) -> None:
    async def show(_: Request) -> Response:
        return Response(body, headers=HTML_HEADERS, media_type=media_type)

    api.add_route(path, show, methods=["GET"])
    paths.add(path, "GET")


def _list_of(kinds: Mapping[str, ProblemText]) -> str:
    rows = "".join(
        f'<tr><td><a href="/problems/{slug}">{slug}</a></td><td>{text.status}</td><td>{escape(text.title)}</td></tr>'
        for slug, text in kinds.items()
    )
    return page(
        "Problems",
        '<p><a href="/docs">Posthouse API</a></p><h1>Problems</h1><p>Every error answer is a problem document (RFC 9457); its '
        '<code>type</code> is one of these.</p><div class="scroll"><table><thead><tr><th scope="col">type</th>'
        f'<th scope="col">status</th><th scope="col">title</th></tr></thead><tbody>{rows}</tbody></table></div>',
    )


def _one(slug: str, text: ProblemText) -> str:
    parts = (
        '<p><a href="/problems">All problems</a></p>',
        f"<h1>{escape(text.title)}</h1>",
        f"<p><code>/problems/{slug}</code>, status {text.status}</p>",
        f"<h4>Why it comes</h4><p>{_code(text.cause)}</p>",
        f"<h4>What to do</h4><p>{_code(text.remedy)}</p>",
    )
    return page(text.title, "".join(parts))


def _code(text: str) -> str:
    pieces = escape(text, quote=False).split("`")
    return "".join(f"<code>{piece}</code>" if index % 2 else piece for index, piece in enumerate(pieces))
