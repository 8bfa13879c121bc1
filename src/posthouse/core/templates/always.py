"""The names that every template may read without anybody sending them: ``contact``, ``event``, ``message``, ``workspace``.

They are added to the variables once, when a message is accepted, and only those that its release reads: so a message is
rendered again to the byte whatever has become of the contact since, and a template that reads none of them costs nothing.
What the request itself sends goes first: the fields of its ``contact`` over ours, the others whole.
"""

from collections.abc import Mapping
from typing import Any, Final

NAMES: Final = ("contact", "event", "message", "workspace")

SAMPLE: Final[dict[str, dict[str, Any]]] = {
    "contact": {"email": "ann@customer.example", "name": "Ann Example", "locale": "en", "time_zone": "UTC"},
    "event": {"at": "2027-01-31T09:00:00Z", "correlation": "A-1001", "tags": [], "metadata": {}},
    "message": {
        "id": "msg_01jdb3z5v8e9tr4w6k2m7n0qxy",
        "template": "sample",
        "version": 1,
        "channel": "email",
        "locale": "en",
        "lane": "normal",
        "mode": "test",
        "created_at": "2027-01-31T09:00:00Z",
        "send_at": "2027-01-31T09:00:00Z",
    },
    "workspace": {"name": "shop", "locale": "en", "time_zone": "UTC"},
}
"""What drafts are shown with; the sample of the template goes before it."""


def completed(given: Mapping[str, Any], ours: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The variables with what is always there."""
    variables = dict(given)
    for name, facts in ours.items():
        value = variables.get(name, _ABSENT)
        if value is _ABSENT:
            variables[name] = dict(facts)
        elif name == "contact" and isinstance(value, dict):
            variables[name] = {**facts, **value}
    return variables


def sampled(sample: Mapping[str, Any], names: tuple[str, ...], locale: str) -> Mapping[str, Any]:
    """The sample of a template, with samples of what its release reads of the names that are always there."""
    if not names:
        return sample
    ours = {name: SAMPLE[name] for name in names}
    if "message" in ours:
        ours["message"] = {**ours["message"], "locale": locale}
    return completed(sample, ours)


_ABSENT: Final = object()
