"""Retention, and the removal of persons, as JSON."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from posthouse.core.keeping.erasure import Erasure
from posthouse.core.keeping.settings import Retention, Rule
from posthouse.core.kernel import ids
from posthouse.core.kernel.moments import show_moment

Days = Annotated[int | None, Meta(description="Days since a message was accepted; null: for good.")]


class RuleAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a message of one class is kept."""

    content_days: Annotated[
        Days, Meta(description="Until variables, content, names, addresses and foreign words are erased.")
    ] = None
    event_days: Annotated[
        Days, Meta(description="Until its events are erased, at least 7; what was counted stays.")
    ] = None
    addresses: Annotated[
        Literal["hash", "erase"],
        Meta(
            description="Whether a keyed hash stays in the place of the address, by which whoever knows it still finds the message."
        ),
    ] = "hash"


class RetentionAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of a workspace: one for each class that its templates name, and one for all others."""

    default: RuleAnswer = RuleAnswer()
    classes: Annotated[dict[str, RuleAnswer], Meta(description="By the `retention` of templates.")] = {}


def shown(retention: Retention) -> RetentionAnswer:
    """The rules."""
    return RetentionAnswer(_rule(retention.default), {name: _rule(rule) for name, rule in retention.classes.items()})


def wanted(said: RetentionAnswer) -> Retention:
    """The rules that somebody wants."""
    return Retention(_asked(said.default), {name: _asked(rule) for name, rule in said.classes.items()})


def _rule(rule: Rule) -> RuleAnswer:
    return RuleAnswer(rule.content_days, rule.event_days, rule.addresses)


def _asked(rule: RuleAnswer) -> Rule:
    return Rule(rule.content_days, rule.event_days, rule.addresses)


class PersonToErase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to remove: one of the two, or both."""

    email: str | None = None
    phone: Annotated[
        str | None, Meta(description="With its country and without blanks.", examples=["+33612345678"])
    ] = None


class ErasureAnswer(msgspec.Struct, frozen=True):
    """A removal, and once it is done its receipt. It does not say whom it was about."""

    id: Annotated[str, Meta(pattern="^era_[0-9a-z]{26}$", examples=["era_01jdb3z5v8e9tr4w6k2m7n0qxy"])]
    state: Annotated[
        Literal["messages", "suppressions", "strike", "prove", "done"],
        Meta(description="What is being done; `prove`: everything is looked through once more."),
    ]
    created_at: str
    ended_at: str | None
    by: str
    pseudonyms: Annotated[
        tuple[str, ...], Meta(description="Keyed hashes of the addresses, by which suppressions go on.")
    ]
    erased: Annotated[dict[str, int], Meta(description="Rows that were emptied, changed or removed, by table.")]
    still_found: Annotated[dict[str, int], Meta(description="What the proof found, by table; empty is what one wants.")]
    by_hand: Annotated[
        dict[str, int],
        Meta(description="Rows of your own texts, settings and files that name the person: change these yourself."),
    ]


def erasure(found: Erasure) -> ErasureAnswer:
    """A removal."""
    return ErasureAnswer(
        id=ids.show(ids.ERASURE, found.id),
        state=found.phase.name.lower(),  # type: ignore[arg-type]  # these are the names
        created_at=show_moment(found.created_at),
        ended_at=None if found.ended_at is None else show_moment(found.ended_at),
        by=f"{found.source} {found.by}".strip(),
        pseudonyms=found.pseudonyms,
        erased=found.counts,
        still_found=found.found,
        by_hand=found.by_hand,
    )
