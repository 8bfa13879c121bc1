"""The OpenAPI 3.1 document: paths and parameters from the router, bodies and answers from msgspec, the rest from the table."""

import copy
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from posthouse import __version__
from posthouse.core.workspaces.scopes import DESCRIPTIONS
from posthouse.http.operations import Operation
from posthouse.http.problems import MEDIA_TYPE, Problem
from posthouse.http.routes import OPERATIONS
from posthouse.http.schemas.descriptions import SUBMISSION_FIELDS

DESCRIPTION: Final = """\
Posthouse sends the transactional messages of your applications and proves what became of them.

Every request carries a key: `Authorization: Bearer ph_live_…`. Keys that start with `ph_test_` do everything but deliver: their
messages end in the sandbox. Every error is a problem document (RFC 9457) whose `type` is a page of this server; `errors` names each
bad field by its JSON pointer. Every answer has an `X-Request-Id`; quote it when asking for help.
"""
TAGS: Final = {
    "Messages": "Send messages, find them again, see what happened to them.",
    "Events": "What happened to all messages, in one order: by pages from a cursor on, and live.",
    "Templates": "What messages say: pushed from files, published as immutable versions.",
    "Analytics": "What was sent and what came of it, counted.",
    "Ratings": "What people answered to the ratings in messages: NPS, CSAT, and their words.",
    "Alerts": "When something is wrong: what is watched, who is told, what is open.",
    "Library": "Blocks and themes that templates share: edited once, live everywhere in one go.",
    "Domains": "Domains that mail may be written from, and the DNS records that prove it.",
    "Contacts": "The people of a workspace: addresses, language, attributes.",
    "Suppressions": "Who must not be written to, and why.",
    "Providers": "The ways out, and which of them carry a channel.",
    "Webhooks": "Addresses of yours that are told what happens.",
    "Keys": "API keys and the workspace they belong to.",
    "Sandbox": "What test messages would have looked like.",
    "Tracking": "What comes back from readers, and the addresses in mails that bring it.",
    "Conversions": "What messages were worth: orders, each counted once and credited to the last click before it.",
    "Keeping": "How long messages are kept, and removing a person.",
    "Operation": "Health and figures.",
}
HEADERS: Final[dict[str, dict[str, Any]]] = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Makes a retry safe: the same key and body get the first answer again. Kept for 7 days by default.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!#-~]+$"},
        "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
    },
    "Last-Event-ID": {
        "name": "Last-Event-ID",
        "in": "header",
        "required": False,
        "description": "The `id` of the last event that arrived; browsers send it by themselves.",
        "schema": {"type": "string", "pattern": "^evt_[0-9a-z]{14}$"},
    },
}
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_PROBLEM: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_EVERYWHERE: Final = (400, 401, 403, 422, 429, 500, 503)
_WITH_BODY: Final = (408, 413, 415)


def document(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The whole document.

    Args:
        routes: for paths and parameters.
    """
    found = get_openapi(
        title="Posthouse", version=__version__, openapi_version="3.1.0", description=DESCRIPTION, routes=routes
    )
    paths = found.setdefault("paths", {})
    schemas = _schemas()
    for operation in OPERATIONS:
        entry = paths.setdefault(operation.path, {}).setdefault(operation.method.lower(), {})
        _describe(entry, operation, schemas)
    found["components"] = {"schemas": schemas["components"], "securitySchemes": {"key": _security()}}
    found["tags"] = [{"name": name, "description": words} for name, words in TAGS.items()]
    order = list(dict.fromkeys(operation.path for operation in OPERATIONS))
    found["paths"] = {path: paths[path] for path in order}
    return found


def _schemas() -> dict[str, Any]:
    """References by type, and the components they name."""
    types = [Problem]
    for operation in OPERATIONS:
        types += [
            type_ for type_ in (operation.takes, operation.gives) if type_ is not None and not isinstance(type_, str)
        ]
    references, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    for name, words in SUBMISSION_FIELDS.items():
        components["Submission"]["properties"][name]["description"] = words
    components["Submission"]["properties"]["version"].update(minimum=1, maximum=2**31 - 1)
    return {"components": components, "references": list(zip(types, references, strict=True))}


def _describe(entry: dict[str, Any], operation: Operation, schemas: dict[str, Any]) -> None:
    scope = f"Needs the scope `{operation.scope}`." if operation.scope else ""
    entry.update(
        operationId=operation.id,
        summary=operation.summary,
        description="\n\n".join(part for part in (operation.description, scope) if part),
        tags=[operation.tag],
        security=[] if operation.public else [{"key": [operation.scope] if operation.scope else []}],
        responses=_responses(operation, schemas),
    )
    named = [] if operation.endpoint is not None else _PARAMETER.findall(operation.path)
    parameters = entry.get("parameters", []) + [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for name in named
    ]
    parameters += [copy.deepcopy(HEADERS[name]) for name in operation.headers]
    if parameters:
        entry["parameters"] = parameters
    if operation.takes is not None:
        entry["requestBody"] = {"required": True, "content": _content(operation.takes, operation.example, schemas)}


def _responses(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = {"description": operation.summary, "headers": _answer_headers(operation)}
    if operation.gives is not None:
        own["content"] = _content(operation.gives, operation.answer_example, schemas)
    statuses = {*operation.fails, *(() if operation.public else _EVERYWHERE)}
    statuses |= {500} | (set(_WITH_BODY) if operation.takes is not None else set())
    problems = {
        str(status): {"description": HTTPStatus(status).phrase, "content": copy.deepcopy(_PROBLEM)}
        for status in sorted(statuses)
    }
    page = {"text/html": {"schema": {"type": "string"}}}
    shown = {
        str(status): {"description": HTTPStatus(status).phrase, "content": copy.deepcopy(page)}
        for status in operation.pages
    }
    again = {} if operation.also is None else {str(operation.also): copy.deepcopy(own)}
    return {str(operation.status): own, **again, **problems, **shown}


def _answer_headers(operation: Operation) -> dict[str, Any]:
    headers = {"X-Request-Id": {"description": "Quote it when asking for help.", "schema": {"type": "string"}}}
    if "Idempotency-Key" in operation.headers and operation.status == 202:
        headers["Idempotent-Replayed"] = {
            "description": "`true` when this is the answer to an earlier request with the same key.",
            "schema": {"type": "string"},
        }
    return headers


def _content(type_: Any, example: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    if isinstance(type_, str):
        schema = {"type": "string"} if type_.startswith("text/") else {}
        return {type_.partition(";")[0]: {"schema": schema}}
    reference = next(found for known, found in schemas["references"] if known == type_)
    content: dict[str, Any] = {"schema": reference}
    if example is not None:
        content["example"] = example
    return {"application/json": content}


def _security() -> dict[str, Any]:
    scopes = "\n".join(f"- `{scope}`: {words}" for scope, words in DESCRIPTIONS.items())
    return {
        "type": "http",
        "scheme": "bearer",
        "description": f"An API key. Its scopes say what it may do:\n\n{scopes}",
    }
