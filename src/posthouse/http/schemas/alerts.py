"""Alerts, rules, targets and service levels as JSON."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from posthouse.core.alerts.levels import Measured, ServiceLevel
from posthouse.core.alerts.model import RULES, Alert, AlertSettings, Kind, Mute, Target
from posthouse.core.alerts.service import DryRun
from posthouse.core.alerts.telling import Speaker, document
from posthouse.core.kernel.moments import show_moment
from posthouse.http.schemas.messages import Moment

KindWord = Annotated[str, Meta(description=", ".join(Kind) + ".", examples=["silence"])]
Subject = Annotated[
    str | None, Meta(description="What it is about: a template, provider, lane, endpoint or domain; null: all of it.")
]
AlertId = Annotated[str, Meta(pattern="^alr_[0-9a-z]{26}$")]
Language = Literal["en", "fr", "es", "ru"]


class AlertAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is, or was, wrong."""

    id: AlertId
    kind: KindWord
    subject: Subject
    state: Literal["open", "recovered"]
    title: str
    text: Annotated[str, Meta(description="The numbers in a sentence, as they were when it was opened.")]
    numbers: Annotated[dict[str, float | int | str], Meta(description="The same for machines.")]
    opened_at: Moment
    recovered_at: Moment | None
    told: Annotated[bool, Meta(description="False: it was muted.")]
    acknowledged_at: Moment | None
    acknowledged_by: str | None
    note: str | None
    link: str
    page: Annotated[str, Meta(description="Where people read it, without a key.")]


class AlertPage(msgspec.Struct, frozen=True):
    """Newest first. ``next`` is the ``cursor`` of the following page, null on the last."""

    items: list[AlertAnswer]
    next: str | None


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody looks after it."""

    note: Annotated[str, Meta(max_length=1000)] = ""


class RuleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is watched."""

    kind: KindWord
    says: str
    enabled: bool
    threshold: float
    unit: str
    default: float
    least: float
    most: float


class MuteAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What nothing is told about. ``until`` null: until somebody says otherwise."""

    kind: str | None
    subject: Subject
    until: Moment | None


class TargetAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told. The URL of a chat is a secret, and is shown without its path."""

    name: str
    kind: Literal["email", "webhook", "chat"]
    address: str
    language: str
    kinds: tuple[str, ...]


class RulesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All that a workspace says about alerts."""

    rules: list[RuleAnswer]
    mutes: list[MuteAnswer]
    targets: list[TargetAnswer]


class RuleChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    enabled: bool | UnsetType = UNSET
    threshold: float | UnsetType = UNSET


class MuteWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to tell nothing about: a kind, a subject, both, or (neither) everything."""

    kind: str | None = None
    subject: Annotated[str, Meta(max_length=200)] | None = None
    until: Annotated[Moment | None, Meta(description="Null: until somebody says otherwise.")] = None


class UnmuteWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The mute to take back."""

    kind: str | None = None
    subject: Annotated[str, Meta(max_length=200)] | None = None


class NewTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to tell."""

    name: Annotated[str, Meta(examples=["ops"])]
    kind: Annotated[str, Meta(description="email, webhook or chat.", examples=["chat"])]
    address: Annotated[
        str, Meta(max_length=2000, description="An e-mail address, or a URL.", examples=["ops@shop.example"])
    ]
    language: Language = "en"
    kinds: Annotated[tuple[str, ...], Meta(max_length=20, description="Only these kinds; none: all.")] = ()


class MadeTarget(msgspec.Struct, frozen=True):
    """The target. ``secret`` is what requests to a webhook are signed with; it is shown only here."""

    target: TargetAnswer
    secret: str | None


class Tested(msgspec.Struct, frozen=True):
    """What became of the test; ``error`` says why it was not taken."""

    taken: bool
    error: str | None


class DryRunOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Over how many days, and with which thresholds in place of the workspace's (null: that rule is off)."""

    days: Annotated[int, Meta(ge=1, le=56)] = 7
    rules: dict[str, float | None] = {}


class DryRunAnswer(msgspec.Struct, frozen=True):
    """What would have been said, oldest first, judged at the end of each hour."""

    since: Moment
    until: Moment
    items: list[AlertAnswer]


class LevelWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So great a share of the messages within so many seconds."""

    share: Annotated[float, Meta(examples=[0.95])]
    seconds: Annotated[float, Meta(examples=[5.0])]
    measure: Annotated[str, Meta(description="first-attempt (handed over for the first time) or delivered.")] = (
        "first-attempt"
    )
    days: Annotated[int, Meta(description="1, 7 or 28.")] = 28


class LevelAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A service level and how it is kept."""

    template: str
    share: float
    seconds: float
    measure: str
    days: int
    in_file: Annotated[bool, Meta(description="It stands in template.toml; a level that is set here goes before it.")]
    measured_seconds: Annotated[
        float,
        Meta(description="The edge of the histogram that is measured at: at most `seconds`, less than 9 % under it."),
    ]
    messages: int
    late: int
    kept: Annotated[float | None, Meta(description="The share that was in time; null: nothing was measured.")]
    budget: Annotated[float, Meta(description="So many messages may be late.")]
    left: Annotated[float, Meta(description="Of these; negative: the level is missed.")]
    left_share: float | None
    burn: Annotated[float | None, Meta(description="How fast the last hour spent the budget; 1 is as fast as it may.")]


class LevelList(msgspec.Struct, frozen=True):
    """By template."""

    items: list[LevelAnswer]


def alert(found: Alert, speaker: Speaker, language: str) -> AlertAnswer:
    """An alert in a language."""
    return AlertAnswer(**document(found, speaker, language))


def rules(found: AlertSettings) -> RulesAnswer:
    """Rules, mutes and targets."""
    return RulesAnswer(
        rules=[_rule(found, kind) for kind in Kind],
        mutes=[_mute(one) for one in found.mutes],
        targets=[target(one) for one in found.targets],
    )


def _rule(found: AlertSettings, kind: Kind) -> RuleAnswer:
    rule, about = found.rule(kind), RULES[kind]
    return RuleAnswer(
        kind=kind.value,
        says=about.says,
        enabled=rule.enabled,
        threshold=rule.threshold,
        unit=about.unit,
        default=about.threshold,
        least=about.least,
        most=about.most,
    )


def _mute(found: Mute) -> MuteAnswer:
    return MuteAnswer(kind=found.kind.value if found.kind else None, subject=found.subject, until=_moment(found.until))


def target(found: Target) -> TargetAnswer:
    """Who is told; nothing of his secret."""
    return TargetAnswer(
        name=found.name,
        kind=found.kind.value,
        address=found.address,
        language=found.language,
        kinds=tuple(kind.value for kind in found.kinds),
    )


def dry_run(found: DryRun, speaker: Speaker, language: str) -> DryRunAnswer:
    """What would have been said."""
    return DryRunAnswer(
        show_moment(found.since),
        show_moment(found.until),
        [alert(one, speaker, language) for one in found.alerts],
    )


def level(key: str, promised: ServiceLevel, found: Measured) -> LevelAnswer:
    """A service level and how it is kept."""
    return LevelAnswer(
        template=key,
        share=promised.share,
        seconds=promised.seconds,
        measure=promised.measure.value,
        days=promised.days,
        in_file=promised.in_file,
        measured_seconds=found.seconds,
        messages=found.messages,
        late=found.late,
        kept=found.kept,
        budget=found.budget,
        left=found.left,
        left_share=found.left_share,
        burn=found.burn,
    )


def _moment(instant: int | None) -> str | None:
    return None if instant is None else show_moment(instant)
