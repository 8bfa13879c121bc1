"""Pages for people and machines that need no key: the document, its human form, and a page for each problem."""

from typing import Any

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response


def install(api: FastAPI, document: dict[str, Any]) -> None:
    """Adds ``/openapi.json``, ``/docs`` and ``/problems``."""
    as_json = msgspec.json.encode(document)

    async def openapi_json(_: Request) -> Response:
        return Response(as_json, media_type="application/json")

    api.add_route("/openapi.json", openapi_json, methods=["GET"])
