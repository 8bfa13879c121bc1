"""Scopes as data: what a key may do, and which wider scopes say the same."""

from collections.abc import Iterable, Sequence
from typing import Final

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.nearest import nearest

MESSAGES_READ: Final = "messages:read"
MESSAGES_WRITE: Final = "messages:write"
TEMPLATES_READ: Final = "templates:read"
TEMPLATES_WRITE: Final = "templates:write"
ANALYTICS_READ: Final = "analytics:read"
ALERTS_READ: Final = "alerts:read"
ALERTS_WRITE: Final = "alerts:write"
ADMIN_READ: Final = "admin:read"
ADMIN_WRITE: Final = "admin:write"
SUPPRESSIONS_READ: Final = "suppressions:read"
SUPPRESSIONS_WRITE: Final = "suppressions:write"
CONTACTS_READ: Final = "contacts:read"
CONTACTS_WRITE: Final = "contacts:write"
ERASURES_WRITE: Final = "erasures:write"
EVERYTHING: Final = "*"

DESCRIPTIONS: Final = {
    MESSAGES_READ: "See messages, their timelines and their content.",
    MESSAGES_WRITE: "Send, cancel and resend messages; upload attachments.",
    TEMPLATES_READ: "See and render templates.",
    TEMPLATES_WRITE: "Push and publish templates.",
    SUPPRESSIONS_READ: "See who must not be written to, and why.",
    SUPPRESSIONS_WRITE: "Suppress addresses, and let them be written to again.",
    CONTACTS_READ: "See contacts: people, their addresses and attributes.",
    CONTACTS_WRITE: "Add, change and remove contacts.",
    ERASURES_WRITE: "Remove persons for good, and see the receipts.",
    ANALYTICS_READ: "See statistics: numbers without addresses or content.",
    ALERTS_READ: "See alerts and their rules, and try rules on what was.",
    ALERTS_WRITE: "Acknowledge and mute alerts, change their rules and who is told.",
    ADMIN_READ: "See keys, domains, providers, routes, webhooks and the sandbox.",
    ADMIN_WRITE: "Change keys, domains, providers, routes and webhooks; release held messages.",
    "messages:*": "Everything about messages.",
    "templates:*": "Everything about templates.",
    "suppressions:*": "Everything about suppressions.",
    "contacts:*": "Everything about contacts.",
    "alerts:*": "Everything about alerts.",
    "admin:*": "Everything about keys, domains, providers, routes and webhooks.",
    EVERYTHING: "Everything.",
}
"""Every scope that a key may hold."""

DEFAULT: Final = (MESSAGES_WRITE, MESSAGES_READ)
"""What a new key gets when nothing is said: enough for a business application, nothing more."""


def covers(held: Iterable[str], wanted: str) -> bool:
    """Whether scopes include a wanted one, itself or by a wildcard."""
    room = wanted.partition(":")[0] + ":*"
    return any(scope in (wanted, room, EVERYTHING) for scope in held)


def check(scopes: Sequence[str]) -> tuple[str, ...]:
    """The scopes, each once, in the order of :data:`DESCRIPTIONS`.

    Raises:
        ValidationError: one of them is unknown, or there is none.
    """
    if not scopes:
        problem = FieldProblem("/scopes", "name at least one scope", "missing")
        raise ValidationError("A key needs at least one scope.", fields=[problem])
    problems = [
        FieldProblem(f"/scopes/{index}", _advice(scope), "unknown-scope")
        for index, scope in enumerate(scopes)
        if scope not in DESCRIPTIONS
    ]
    if problems:
        raise ValidationError("Some scopes are unknown.", fields=problems)
    return tuple(scope for scope in DESCRIPTIONS if scope in set(scopes))


def _advice(scope: str) -> str:
    close = nearest(scope, DESCRIPTIONS)
    hint = f'did you mean "{close}"?' if close else "write one of " + ", ".join(DESCRIPTIONS)
    return f'"{scope[:64]}" is not a scope; {hint}'
