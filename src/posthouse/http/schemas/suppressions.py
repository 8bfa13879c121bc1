"""Suppressions as JSON."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from posthouse.core.kernel import ids
from posthouse.core.kernel.moments import show_moment
from posthouse.core.suppressions.model import LogEntry, Suppression
from posthouse.http.schemas.messages import MessageId, Moment
from posthouse.http.schemas.settings import ChannelWord, channel_word

SuppressionId = Annotated[str, Meta(pattern="^sup_[0-9a-z]{26}$", examples=["sup_01jdb3z5v8e9tr4w6k2m7n0qxy"])]
CategoryWord = Literal["all", "transactional", "commercial"]
ReasonWord = Literal["hard_bounce", "soft_bounces", "complaint", "unsubscribe", "manual"]


class NewSuppression(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address that must not be written to."""

    address: Annotated[str, Meta(max_length=320, examples=["ann@customer.example"])]
    channel: ChannelWord = "email"
    category: Annotated[
        CategoryWord | None,
        Meta(description="Which messages are stopped; by default `commercial` for `unsubscribe`, otherwise `all`."),
    ] = None
    reason: ReasonWord = "manual"
    expires_at: Annotated[str | None, Meta(description="RFC 3339; without it the entry holds for good.")] = None
    note: Annotated[str, Meta(max_length=1000, description="Why, for whoever looks it up later.")] = ""


class SuppressionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Why an address must not be written to."""

    id: SuppressionId
    address: Annotated[str, Meta(description="As it is compared: in lower case.")]
    channel: ChannelWord
    category: CategoryWord
    reason: ReasonWord
    source: Annotated[
        str, Meta(description="`smtp`, `returned mail`, `unsubscribe`, `api`, `command line` or `import`.")
    ]
    by: Annotated[str | None, Meta(description="The API key or the system user; null: a server or the person.")]
    message_id: MessageId | None
    evidence: Annotated[str, Meta(description="The remote server's own words, or the note.")]
    created_at: Moment
    expires_at: Moment | None


class SuppressionPage(msgspec.Struct, frozen=True):
    """A page of suppressions, newest first. ``next`` is the ``cursor`` of the following page, null on the last."""

    items: list[SuppressionAnswer]
    next: str | None


class SuppressionLogAnswer(msgspec.Struct, frozen=True):
    """Something that was done to a suppression. ``suppression`` is as it was made, or, for a removal, who removed it and why."""

    at: Moment
    action: Literal["added", "changed", "removed"]
    suppression: SuppressionAnswer


class LookUpAnswer(msgspec.Struct, frozen=True):
    """What holds for an address now, and what was done before, newest first."""

    address: str
    channel: ChannelWord
    suppressions: list[SuppressionAnswer]
    history: list[SuppressionLogAnswer]


class RefusedLine(msgspec.Struct, frozen=True):
    """A line that was not taken in."""

    line: int
    detail: str


class ImportAnswer(msgspec.Struct, frozen=True):
    """What became of the lines of a table; ``problems`` tells of the first hundred that were refused."""

    added: int
    unchanged: int
    refused: int
    problems: list[RefusedLine]


def suppression(entry: Suppression) -> SuppressionAnswer:
    """One entry."""
    words: dict[str, Any] = {
        "channel": channel_word(entry.channel),
        "category": entry.covers.word,
        "reason": entry.reason.word,
    }
    return SuppressionAnswer(
        id=ids.show(ids.SUPPRESSION, entry.id),
        address=entry.address,
        source=entry.source,
        by=entry.by or None,
        message_id=ids.show(ids.MESSAGE, entry.message_id) if entry.message_id else None,
        evidence=entry.evidence,
        created_at=show_moment(entry.created_at),
        expires_at=None if entry.expires_at is None else show_moment(entry.expires_at),
        **words,
    )


def log_entry(entry: LogEntry) -> SuppressionLogAnswer:
    """One line of the audit."""
    action: Any = entry.action.word
    return SuppressionLogAnswer(show_moment(entry.at), action, suppression(entry.suppression))
