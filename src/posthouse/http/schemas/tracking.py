"""Tracking as JSON."""

from typing import Annotated

import msgspec
from msgspec import Meta

from posthouse.core.tracking.reports import Share
from posthouse.core.tracking.settings import MAX_ATTRIBUTION_DAYS, MAX_HOSTS, MAX_VIEW_DAYS, TrackingSettings


class TrackingChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    opens: Annotated[bool | None, Meta(description="Whether mails carry a picture that tells of opens.")] = None
    clicks: Annotated[bool | None, Meta(description="Whether links lead through us.")] = None
    honeypot: Annotated[bool | None, Meta(description="Whether mails carry a link that only machines follow.")] = None
    view_days: (
        Annotated[int, Meta(ge=1, le=MAX_VIEW_DAYS, description="How long a message can be read in the browser.")]
        | None
    ) = None
    conversion_hosts: (
        Annotated[
            list[Annotated[str, Meta(max_length=255)]],
            Meta(
                max_length=MAX_HOSTS,
                description="Hosts of yours (`shop.example`, `*.shop.example`) whose links carry the click on as `ph_cid`.",
            ),
        ]
        | None
    ) = None
    attribution_days: (
        Annotated[
            int, Meta(ge=1, le=MAX_ATTRIBUTION_DAYS, description="How long after a click an order is credited to it.")
        ]
        | None
    ) = None


class TrackingAnswer(msgspec.Struct, frozen=True):
    """What the workspace wants where neither message nor template says anything."""

    opens: bool
    clicks: bool
    honeypot: bool
    view_days: int
    conversion_hosts: list[str]
    attribution_days: int
    rules: int
    """Version of the rules that tell people from machines."""


class TrackingHost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What links in a domain's mail begin with."""

    url: Annotated[str, Meta(max_length=255, description="`https://links.shop.example`; empty: nothing is tracked.")]
    unchecked: Annotated[bool, Meta(description="Take it without a look at the DNS.")] = False


class SharesAnswer(msgspec.Struct, frozen=True):
    """Messages that something came back for, by the best that is known of each."""

    items: list[Share]


def settings(found: TrackingSettings, rules: int) -> TrackingAnswer:
    """Settings."""
    return TrackingAnswer(**msgspec.to_builtins(found), rules=rules)


def changed(found: TrackingSettings, wanted: TrackingChange) -> TrackingSettings:
    """Settings with what was asked for."""
    said = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not None}
    if wanted.conversion_hosts is not None:
        said["conversion_hosts"] = tuple(host.lower() for host in wanted.conversion_hosts)
    return msgspec.structs.replace(found, **said)
