"""Each kind of problem in words: why it comes, what to do. Served under ``/problems/`` and proved complete by a test."""

import importlib
import pkgutil
import sys
from typing import Final, NamedTuple

import posthouse.core
import posthouse.http
from posthouse.core.kernel.errors import PosthouseError


class ProblemText(NamedTuple):
    """One kind: its title, its status, why it comes and what to do about it."""

    title: str
    status: int
    cause: str
    remedy: str


ADVICE: Final[dict[str, tuple[str, str]]] = {
    "alert-target-exists": (
        "The workspace tells alerts to somebody of this name already. Nothing was changed.",
        "Remove it with `DELETE /v1/alerts/targets/{name}`, or choose another name.",
    ),
    "bad-request": (
        "The request breaks a rule of HTTP or of this API: a header, a path or a query that nothing can be made of.",
        "The detail says what; mend it and send the request again.",
    ),
    "conflict": (
        "The thing is in a state that does not allow this, or another request changed it meanwhile.",
        "Read it again and decide anew.",
    ),
    "contact-key-taken": (
        "Another contact of the workspace has this key. Nothing was changed.",
        "Change that one with `PATCH /v1/contacts/{key}`, or choose another key.",
    ),
    "content-erased": (
        "The message is known, but its content and addresses are no longer kept: by the rules of retention, or because its person was removed.",
        "Nothing brings it back. What happened to it is still in its timeline, without words that could name anybody.",
    ),
    "domain-exists": (
        "The workspace has this sending domain already. Nothing was changed.",
        "Use the one that is there; `GET /v1/domains` lists them.",
    ),
    "endpoint-exists": (
        "The workspace has a webhook endpoint of this name already. Nothing was changed.",
        "Change it with `PATCH /v1/webhooks/{name}`, or choose another name.",
    ),
    "error": ("Something went wrong that has no kind of its own.", "The detail says more."),
    "file-in-use": (
        "Templates attach this file, in whatever version, or messages wait to be sent with it. Nothing was removed.",
        "`errors` lists them all. A file that a published version attaches stays: messages made from that version can be looked at.",
    ),
    "forbidden": ("The key is good, but it may not do this.", "Use a key that may, or ask the operator for one."),
    "head-too-large": (
        "The request has more than 100 header lines, or 65,536 bytes of them. The connection was closed.",
        "Send fewer; cookies and tracing headers of a proxy are the usual reason.",
    ),
    "idempotency-in-progress": (
        "A request with the same idempotency key is still being worked on.",
        "Wait a moment and send exactly the same request again: it gets the answer of the first.",
    ),
    "idempotency-key-reused": (
        "This idempotency key came with another body before. Nothing was kept.",
        "Use a new key for a new message. A retry must send the same body.",
    ),
    "internal": (
        "A defect of ours. The operator's log has it under the request id.",
        "Quote the request id (`X-Request-Id`). A request with an idempotency key may be sent again safely.",
    ),
    "invalid-request": (
        "One or more fields are wrong. `errors` names each by its JSON pointer and says what to write instead.",
        "Mend all of them at once: every bad field is listed, not only the first.",
    ),
    "item-in-use": (
        "Live templates use this block or theme.",
        "Change and publish these templates first; the detail names some, the impact all of them.",
    ),
    "item-problems": (
        "The block or theme cannot be kept or published as it is, or a template cannot be compiled with it. Nothing was changed.",
        "`errors` names each place. The impact of a draft shows the same before anything is published.",
    ),
    "malformed-json": (
        "The body is not JSON (RFC 8259), not UTF-8, nested deeper than 64 levels, or holds NUL or half a surrogate pair.",
        "The detail names line and column.",
    ),
    "method-not-allowed": (
        "There is something at this path, but it does not take this method.",
        "The `Allow` header lists the methods that it takes.",
    ),
    "missing-scope": (
        "The key does not have the scope that this needs; the detail names it.",
        "Make a key with that scope, or use another one. See the list of scopes on the documentation page.",
    ),
    "no-service-level": (
        "Nothing is promised of this template.",
        "Set a service level with `PUT /v1/templates/{key}/service-level`.",
    ),
    "service-level-in-file": (
        "The service level stands in the template's own files (`[service_level]` in `template.toml`), not here.",
        "Take it out of the file and push the template, or set another one, which then goes before it.",
    ),
    "not-found": (
        "There is no such thing in the key's workspace. A test key sees only test messages.",
        "Copy the identifier from the answer that named it, and check that the key belongs to the same workspace.",
    ),
    "overloaded": (
        "More requests wait than may be held in memory. Nothing was kept.",
        "Wait as long as `Retry-After` says, then send the same request again.",
    ),
    "provider-exists": (
        "The workspace has a provider of this name already. Nothing was changed.",
        "Change it with `PATCH /v1/providers/{name}`, or choose another name.",
    ),
    "publication-running": (
        "Another block or theme of the workspace is being published; one at a time.",
        "Wait for its end (`GET /v1/publications`), then try again.",
    ),
    "rate-limited": (
        "Too many messages with this key in a short time.",
        "Wait as long as `Retry-After` says. `RateLimit` and `RateLimit-Policy` tell how much is left.",
    ),
    "request-timeout": (
        "The body did not arrive in time.",
        "Send it in one go; upload large files with `POST /v1/uploads` first.",
    ),
    "no-rollout": (
        "No version of the template is being rolled out: it was completed or taken back, or never begun.",
        "Begin with `PUT /v1/templates/{key}/rollout` and a version, or publish with `percent`.",
    ),
    "scope-too-wide": (
        "A key can only make and revoke keys that may do no more than itself, from no more networks; a test key only test keys.",
        "Ask for fewer scopes, or use a wider key or the command line.",
    ),
    "stale-draft": (
        "The draft is not the one that this change was made from: somebody else saved another one. Nothing was overwritten.",
        "Read the draft again (`errors` has its hash) and lay your changes over it. The detail says who changed it, and when.",
    ),
    "stale-settings": (
        "These settings are not those that this change was made from: somebody else changed them. Nothing was overwritten.",
        "Read them again (their `ETag` is what `If-Match` wants) and repeat your change.",
    ),
    "template-problems": (
        "The template cannot be read or published as it is. Nothing was kept.",
        "`errors` lists every problem with its place in the files.",
    ),
    "too-large": (
        "The body, or the number of items of a batch, is over the limit that the detail names.",
        "Split the batch; upload files with `POST /v1/uploads` and name them by their ids.",
    ),
    "order-counted": (
        "An order counts once, and this one is counted already with another amount or currency.",
        "`GET /v1/conversions?order=…` shows what was counted. Give each order a number of its own.",
    ),
    "too-late": (
        "The message is already on its way, or has ended.",
        "Look at its timeline; `POST /v1/messages/{id}/resend` makes a new one.",
    ),
    "too-many-streams": (
        "This key, or this API process, holds as many live streams as it may.",
        "Close one that nobody reads, or read pages with `GET /v1/events?after=`.",
    ),
    "too-often": (
        "This is bounded, because it goes to somebody outside (tests of webhooks and alert targets) or keeps a processor busy (dry runs of alerts).",
        "Wait as many seconds as `Retry-After` says. Dry runs: one of a workspace at a time.",
    ),
    "unauthorized": (
        "There is no API key in the request, or it is unknown or revoked.",
        "Send `Authorization: Bearer ph_live_…` with the whole key.",
    ),
    "unavailable": (
        "The store cannot be read or written just now. Nothing was kept.",
        "Send the same request again after `Retry-After`; with an idempotency key that is always safe.",
    ),
    "unknown-contact": (
        "The workspace has no contact with this id or key.",
        "`GET /v1/contacts?email=…` finds one; `POST /v1/contacts` adds one.",
    ),
    "unknown-domain": (
        "The workspace has no sending domain of this name.",
        "`GET /v1/domains` lists them; `POST /v1/domains` adds one.",
    ),
    "unknown-alert": ("The workspace has no such alert.", "`GET /v1/alerts` lists them."),
    "unknown-alert-target": (
        "The workspace tells alerts to nobody of this name.",
        "`GET /v1/alerts/rules` lists whom they are told to; `POST /v1/alerts/targets` adds one.",
    ),
    "unknown-endpoint": (
        "The workspace has no webhook endpoint of this name. A test key sees only those for test messages.",
        "`GET /v1/webhooks` lists them; `POST /v1/webhooks` adds one.",
    ),
    "unknown-key": ("The workspace has no such API key.", "`GET /v1/keys` lists them."),
    "unknown-path": ("There is nothing at this path.", "The documentation page lists everything there is."),
    "unknown-order": (
        "The correction is of an order that was never counted here, or not in this mode (test or live).",
        "Report the order first, without `corrects`; then say what is left of it.",
    ),
    "unknown-provider": (
        "The workspace has no provider of this name.",
        "`GET /v1/providers` lists them; `POST /v1/providers` adds one.",
    ),
    "unknown-item": (
        "There is no such block, theme, version or publication.",
        "`GET /v1/blocks`, `GET /v1/themes` and `GET /v1/publications` list them. The detail names the nearest known one.",
    ),
    "unknown-suppression": (
        "The workspace has no suppression of this identifier; it may have been removed.",
        "`GET /v1/suppressions/lookup?address=…` shows what holds, and who removed what.",
    ),
    "unknown-template": (
        "There is no such template, version, channel or locale; or it was never published.",
        "`GET /v1/templates` lists them. The detail names the nearest known ones.",
    ),
    "unknown-transfer-coding": (
        "The body of the request is framed by a Transfer-Encoding other than `chunked`. The connection was closed.",
        "Send `Content-Length`, or `Transfer-Encoding: chunked` alone; bodies are never compressed.",
    ),
    "unknown-workspace": ("There is no such workspace.", "Use a key of a workspace that exists."),
    "unsupported-media-type": (
        "The body is compressed, or says that it is no JSON, or not UTF-8.",
        "Send plain JSON in UTF-8 with `Content-Type: application/json` and without `Content-Encoding`.",
    ),
    "workspace-exists": ("There is a workspace of this name already.", "Choose another name."),
    "wrong-network": (
        "The key may only be used from certain networks, and the request did not come from there.",
        "Use another key, or make one for this network. Behind a proxy, the operator must list it as trusted.",
    ),
}
"""Why it comes, what to do: by slug."""


def texts() -> dict[str, ProblemText]:
    """Every kind of problem of core and door, by slug; the class nearest to the root gives title and status."""
    _load()
    found: dict[str, ProblemText] = {}
    waiting: list[type[PosthouseError]] = [PosthouseError]
    while waiting:
        kind = waiting.pop(0)
        waiting += kind.__subclasses__()
        if not kind.__module__.startswith((posthouse.core.__name__, posthouse.http.__name__)):
            continue
        cause, remedy = ADVICE.get(kind.slug, ("", "The detail says what to do."))
        found.setdefault(kind.slug, ProblemText(kind.title(), kind.status, cause, remedy))
    return dict(sorted(found.items()))


def _load() -> None:
    """Imports the rooms of the core and the door's errors: their classes are known only then."""
    importlib.import_module(f"{posthouse.http.__name__}.errors")
    for module in pkgutil.walk_packages(posthouse.core.__path__, f"{posthouse.core.__name__}."):
        importlib.import_module(module.name)


def markdown() -> str:
    """docs/reference/problems.md."""
    lines = [
        "# Problems",
        "",
        "Every error answer is a problem document (RFC 9457, `application/problem+json`):",
        "",
        "| member | meaning |",
        "| --- | --- |",
        "| `type` | `/problems/` and one of the words below; a page of your own Posthouse explains it |",
        "| `title` | the kind in words; always the same for a type |",
        "| `status` | the HTTP status |",
        "| `detail` | what is wrong with this request, and what to do |",
        "| `request_id` | the id of the request, also in `X-Request-Id`; items of a batch have none of their own |",
        "| `errors` | for bad fields: `pointer` (JSON pointer, RFC 6901), `detail` and `code` of each |",
        "",
        "<!-- Made from src/posthouse/http/problem_texts.py: `python -m posthouse.http.problem_texts > this file`. -->",
    ]
    for slug, text in texts().items():
        lines += [
            "",
            f"## {slug}",
            "",
            f"**{text.title}** ({text.status})",
            "",
            text.cause,
            "",
            f"What to do: {text.remedy}",
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
