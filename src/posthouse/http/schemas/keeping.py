"""Retention as JSON."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from posthouse.core.keeping.settings import Retention, Rule

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
