"""The push notification, and the limits of the platforms that show it."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.templates.mobile.links import link_problem

LONGEST_TTL: Final = 2_419_200
"""Seconds: four weeks, the most that FCM and web push services keep a notification."""
PAYLOADS: Final = {"APNs": 4_096, "FCM": 4_096, "web push": 3_993}
"""Octets. Web push: one record of 4,096 octets (RFC 8291 §4) less its header, key and tag."""
COLLAPSE: Final = 64
"""Octets of ``apns-collapse-id``; a web push topic (RFC 8030 §5.4) is made from it by hashing."""
TITLE: Final = 50
BODY: Final = 150
"""Characters that a locked telephone shows of title and text; the rest is cut."""
ACTIONS: Final = {"web": 2, "Android": 3, "iOS": 4}
_ENVELOPE: Final = 200
"""Octets left for what a provider writes around the content."""

Program = Annotated[str, Meta(max_length=5_000)]


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A button below the notification; without ``link`` the application decides by ``id``."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    title: Program
    link: Program = ""


class Push(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="format", tag="push"):
    """What ``push.LOCALE.json`` says. Texts may hold {{ expressions }}."""

    title: Program
    body: Program
    image: Program = ""
    link: Program = ""
    """Where a touch leads: https, or a scheme of the application."""
    actions: Annotated[tuple[Action, ...], Meta(max_length=4)] = ()
    ttl: Annotated[int, Meta(ge=0, le=LONGEST_TTL)] = 86_400
    """Seconds for which it is worth being shown; 0: now or never."""
    collapse_key: Program = ""
    """A newer notification with the same key takes the place of the older one."""
    urgency: Literal["normal", "high"] = "normal"
    data: dict[Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")], Program] = {}
    """Handed to the application, not shown."""


def problems(push: Push) -> Iterator[FieldProblem]:
    """What makes a rendered notification unfit to be sent."""
    for name in ("title", "body"):
        if not getattr(push, name).strip():
            yield FieldProblem(f"/{name}", f"the {name} is empty", "missing")
    if push.image and not push.image.startswith("https://"):
        yield FieldProblem("/image", "an image needs an https:// address; telephones load no other", "url")
    for pointer, link in _links(push):
        if detail := link_problem(link):
            yield FieldProblem(pointer, detail, "url")
    if len(push.collapse_key.encode("utf-8", "replace")) > COLLAPSE:
        yield FieldProblem("/collapse_key", f"over {COLLAPSE} octets, which is Apple's limit", "too-large")
    size = payload(push) + _ENVELOPE
    if tight := [name for name, most in PAYLOADS.items() if size > most]:
        most = min(PAYLOADS.values()) - _ENVELOPE
        detail = f"{size - _ENVELOPE:,} octets are too many for {', '.join(tight)}; at most {most:,} go everywhere"
        yield FieldProblem("", detail, "too-large")


def payload(push: Push) -> int:
    """Octets of the content as JSON."""
    return len(msgspec.json.encode(push))


def _links(push: Push) -> Iterator[tuple[str, str]]:
    if push.link:
        yield "/link", push.link
    for index, action in enumerate(push.actions):
        if action.link:
            yield f"/actions/{index}/link", action.link
