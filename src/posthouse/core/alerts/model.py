"""What is watched, what is wrong, and who is told."""

import enum
from typing import Final, NamedTuple

import msgspec

from posthouse.core.kernel.clock import MINUTE
from posthouse.core.kernel.ids import Id

Numbers = dict[str, float | int | str]
"""What an alert says, by name (core/alerts/words): plain numbers; seconds, shares and counts."""
EVERYTHING: Final = ""
"""The subject of an alert about all of a workspace."""


class Kind(enum.StrEnum):
    """What can be wrong."""

    SILENCE = "silence"
    SURGE = "surge"
    BOUNCES = "bounces"
    COMPLAINTS = "complaints"
    LATENCY = "latency"
    SERVICE_LEVEL = "service-level"
    PROVIDER = "provider"
    QUEUE = "queue"
    WEBHOOK = "webhook"
    DOMAIN = "domain"
    CERTIFICATE = "certificate"
    KEY = "key"
    REVIEW = "review"


class About(NamedTuple):
    """What a rule's threshold means, and what it is unless somebody says otherwise."""

    says: str
    threshold: float
    unit: str
    least: float
    most: float
    calm: int
    """So long all must be well before an alert is over, microseconds."""


RULES: Final[dict[Kind, About]] = {
    Kind.SILENCE: About(
        "A template that is usually sent stopped. Judged once so many messages were to be expected.", 10, "messages", 5, 1e6, 0
    ),
    Kind.SURGE: About("So many times as much as usual is sent.", 3, "times", 1.5, 1000, 30 * MINUTE),
    Kind.BOUNCES: About("A greater share of the last 24 hours' messages bounced.", 0.05, "share", 0.001, 0.9, 30 * MINUTE),
    Kind.COMPLAINTS: About(
        "A greater share of the last 24 hours' messages was reported as unwanted.", 0.001, "share", 0.0001, 0.9, 30 * MINUTE
    ),
    Kind.LATENCY: About(
        "One of twenty messages of the lanes critical and normal waited longer for its first attempt.", 60, "seconds", 1, 86_400,
        10 * MINUTE,
    ),
    Kind.SERVICE_LEVEL: About(
        "A service level's budget is spent, or its last hour spent it so many times as fast as it may.", 14.4, "times", 1, 1000,
        30 * MINUTE,
    ),
    Kind.PROVIDER: About("A provider has been failing for so long.", 60, "seconds", 0, 86_400, 5 * MINUTE),
    Kind.QUEUE: About("A message has been due for so long.", 300, "seconds", 10, 86_400, 5 * MINUTE),
    Kind.WEBHOOK: About("A webhook endpoint has taken nothing for so long, or was paused for that.", 900, "seconds", 60, 86_400, 0),
    Kind.DOMAIN: About(
        "A record that a sending domain needs is gone or wrong, so many hourly looks in a row.", 2, "looks", 1, 168, 0
    ),
    Kind.CERTIFICATE: About("A certificate ends within so many days.", 21, "days", 1, 365, 0),
    Kind.KEY: About("A domain's DKIM key is older than so many days.", 400, "days", 30, 3650, 0),
    Kind.REVIEW: About("A template's review is due within so many days.", 0, "days", 0, 365, 0),
}  # fmt: skip
FROM_HISTORY: Final = (Kind.SILENCE, Kind.SURGE, Kind.BOUNCES, Kind.COMPLAINTS, Kind.LATENCY, Kind.SERVICE_LEVEL)
"""Judged from the roll-ups alone: a dry run can tell what they would have said."""


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a workspace says about one kind."""

    threshold: float
    enabled: bool = True


class Mute(msgspec.Struct, frozen=True):
    """Nothing is told about these for a while; what goes wrong meanwhile is kept, and told afterwards if it still is."""

    kind: Kind | None
    """None: all kinds."""
    subject: str | None
    """None: all subjects."""
    until: int | None
    """None: until somebody says otherwise."""


class TargetKind(enum.StrEnum):
    """The ways to tell."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    CHAT = "chat"


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom alerts are told to."""

    name: str
    kind: TargetKind
    address: str
    """An e-mail address, or a URL."""
    language: str = "en"
    kinds: tuple[Kind, ...] = ()
    """Only these; none: all."""
    secret: bytes = b""
    """Sealed: what webhooks are signed with, or the URL of a chat, which is a secret itself."""


class AlertSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a workspace says about alerts. Without it: every rule as it is by default, and nobody is told."""

    rules: dict[Kind, Rule] = {}
    mutes: tuple[Mute, ...] = ()
    targets: tuple[Target, ...] = ()

    def rule(self, kind: Kind) -> Rule:
        """What counts for a kind."""
        return self.rules.get(kind) or Rule(RULES[kind].threshold)

    def muted(self, kind: Kind, subject: str, now: int) -> bool:
        """Whether nothing is told about it at an instant."""
        return any(
            one.kind in (None, kind) and one.subject in (None, subject) and (one.until is None or one.until > now)
            for one in self.mutes
        )


class Signal(msgspec.Struct, frozen=True):
    """Something that is wrong at an instant (``bad``), or not wrong enough to say so but not well either. What is well has no signal."""

    kind: Kind
    subject: str
    numbers: Numbers
    bad: bool = True


class Alert(msgspec.Struct, frozen=True):
    """Something that was, or is, wrong. One for each cause: while it is open, the same is not said again."""

    id: Id
    workspace_id: Id
    kind: Kind
    subject: str
    opened_at: int
    numbers: Numbers
    """As they were when it was opened."""
    told: bool = False
    """Whether the targets were told that it is open: not while it is muted."""
    recovered_at: int | None = None
    acknowledged_at: int | None = None
    acknowledged_by: str = ""
    note: str = ""

    @property
    def cause(self) -> str:
        """What makes two alerts the same."""
        return f"{self.kind.value}:{self.subject}"


class Phase(enum.StrEnum):
    """What a notice says."""

    OPENED = "opened"
    RECOVERED = "recovered"
    TEST = "test"


class Notice(msgspec.Struct, frozen=True):
    """One target to be told one thing; kept in the transaction that decides it, and tried until it was taken."""

    id: Id
    workspace_id: Id
    alert: Alert
    """As it was then."""
    phase: Phase
    target: str
    at: int
    attempts: int = 0
    next_at: int = 0
    error: str = ""
    others: tuple[Alert, ...] = ()
    """Told in the same breath: people are not sent a dozen mails at once."""
