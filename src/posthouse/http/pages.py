"""Pages that need no key: the OpenAPI document, its human form, and a page for each kind of problem."""

import re
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import Any, Final, NamedTuple

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from posthouse.http.errors import UnknownPathError
from posthouse.http.human import HERE, documentation, page
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
_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?")


class Page(NamedTuple):
    """A page that says the same to everybody, but for the address under which it was opened."""

    body: bytes
    media_type: str = "text/html"


def make(document: dict[str, Any]) -> Mapping[str, Page]:
    """``/openapi.json``, ``/docs`` and ``/problems``, by path."""
    kinds = texts()
    return {
        "/openapi.json": Page(msgspec.json.encode(document), "application/json"),
        "/docs": Page(documentation(document).encode()),
        "/docs/style.css": Page(files("posthouse.http").joinpath("static/style.css").read_bytes(), "text/css"),
        "/problems": Page(_list_of(kinds).encode()),
        **{f"/problems/{slug}": Page(_one(slug, text).encode()) for slug, text in kinds.items()},
    }


def install(api: FastAPI, fixed: Mapping[str, Page], paths: Paths) -> None:
    """Adds the pages; who opens the bare address finds ``/docs``."""
    for path, shown in fixed.items():
        _add(api, paths, path, shown)

    async def home(_: Request) -> Response:
        return RedirectResponse("/docs", 307, headers=HTML_HEADERS)

    api.add_route("/", home, methods=["GET"])
    paths.add("/", "GET")

    async def no_such_problem(_: Request) -> Response:
        raise UnknownPathError("There is no problem of this name; /problems lists them.")

    api.add_route("/problems/{slug}", no_such_problem, methods=["GET"])


def _add(api: FastAPI, paths: Paths, path: str, shown: Page) -> None:
    before, here, after = shown.body.partition(HERE.encode())

    async def show(request: Request) -> Response:
        body = before + _opened_at(request) + after if here else shown.body
        return Response(body, headers=HTML_HEADERS, media_type=shown.media_type)

    api.add_route(path, show, methods=["GET"])
    paths.add(path, "GET")


def _opened_at(request: Request) -> bytes:
    """The address that the reader used: only he knows which port leads here, through a container or a proxy."""
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host}".encode() if _HOST.fullmatch(host) else HERE.encode()


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
