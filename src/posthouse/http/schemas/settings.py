"""Workspaces, keys, domains, providers and routes as JSON."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from posthouse.core.delivery.admin import NamedStep
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.kernel import ids
from posthouse.core.kernel.moments import show_moment
from posthouse.core.messages.model import Channel
from posthouse.core.workspaces import scopes
from posthouse.core.workspaces.keys import LIVE_PREFIX, TEST_PREFIX
from posthouse.core.workspaces.model import ApiKey, Domain, Workspace
from posthouse.core.workspaces.ports import DnsFinding, DnsRecord
from posthouse.http.schemas.messages import MessageId, Mode, Moment

ChannelWord = Literal["email", "sms", "whatsapp", "push"]


class WorkspaceAnswer(msgspec.Struct, frozen=True):
    """The workspace that the key belongs to, and what the key may do in it."""

    id: str
    name: str
    default_locale: str
    time_zone: str
    created_at: Moment
    mode: Mode
    scopes: tuple[str, ...]


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be made."""

    name: Annotated[str, Meta(min_length=1, max_length=100, description="For people, to tell the keys apart.")]
    mode: Mode = "live"
    scopes: Annotated[list[str], Meta(description="What it may do; see the security scheme.")] = msgspec.field(
        default_factory=lambda: list(scopes.DEFAULT)
    )
    networks: Annotated[
        list[str], Meta(max_length=50, description="Where it may come from (CIDR); none: anywhere.")
    ] = []
    locale: Annotated[
        str,
        Meta(
            max_length=35,
            description="Language of its messages when neither request nor contact says; empty: the workspace's.",
        ),
    ] = ""


class KeyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A key; its secret is never shown again."""

    id: str
    name: str
    mode: Mode
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    locale: str
    hint: Annotated[str, Meta(description="Beginning and end of the secret.")]
    created_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None


class CreatedKeyAnswer(KeyAnswer, frozen=True, kw_only=True):
    """A new key with its secret: keep it now, nobody can show it again."""

    secret: str


class KeyList(msgspec.Struct, frozen=True):
    """All keys, revoked ones too, oldest first."""

    items: list[KeyAnswer]


class NewDomain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A domain to be added."""

    name: Annotated[str, Meta(min_length=1, max_length=253)]
    verified: Annotated[
        bool, Meta(description="Skip the proof by DNS; only providers on this machine will carry its mail.")
    ] = False


class RecordAnswer(msgspec.Struct, frozen=True):
    """A DNS record to publish."""

    purpose: str
    name: str
    type: str
    value: str
    required: bool


class DomainAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A sending domain and the records it needs."""

    id: str
    name: str
    verification: Literal["pending", "dns", "manual"]
    usable: bool
    return_path: str
    tracking_host: str
    tracking_url: str
    created_at: Moment
    checked_at: Moment | None
    records: list[RecordAnswer]


class DomainList(msgspec.Struct, frozen=True):
    """All domains, oldest first."""

    items: list[DomainAnswer]


class FindingAnswer(msgspec.Struct, frozen=True):
    """What the look-up of a record came to, and what to do."""

    record: RecordAnswer
    ok: bool
    found: tuple[str, ...]
    advice: str


class CheckedDomainAnswer(DomainAnswer, frozen=True, kw_only=True):
    """A domain after a look-up of its records."""

    findings: list[FindingAnswer]


class NewProvider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A provider to be added."""

    name: Annotated[str, Meta(min_length=1, max_length=63, pattern="^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    kind: Annotated[str, Meta(max_length=63, examples=["smtp"])]
    settings: dict[str, Any] = {}
    secret: Annotated[dict[str, Any], Meta(description="Password or token; sealed, never shown again.")] = {}
    channel: ChannelWord = "email"


class ProviderChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change about a provider; what is left out stays."""

    settings: dict[str, Any] | None = None
    secret: dict[str, Any] | None = None
    enabled: bool | None = None


class ProviderAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A way out."""

    id: str
    name: str
    kind: str
    channel: ChannelWord
    settings: dict[str, Any]
    has_secret: bool
    enabled: bool
    created_at: Moment


class ProviderList(msgspec.Struct, frozen=True):
    """All providers, oldest first."""

    items: list[ProviderAnswer]


class StepIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A provider on a route. Equal positions share by weight; higher ones are tried when all lower ones fail."""

    provider: str
    position: Annotated[int, Meta(ge=0, le=49)] = 0
    weight: Annotated[int, Meta(ge=1, le=1000)] = 1


class RouteIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A route; no steps: every enabled provider of the channel, in the order they were added."""

    steps: Annotated[list[StepIn], Meta(max_length=50)]


class RouteAnswer(msgspec.Struct, frozen=True):
    """Which providers carry a channel."""

    channel: ChannelWord
    steps: list[StepIn]


class RouteList(msgspec.Struct, frozen=True):
    """The routes that were set; a channel without one uses every enabled provider."""

    items: list[RouteAnswer]


class ReleaseHeld(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which held messages to let go: these, or all of the workspace."""

    messages: Annotated[list[MessageId], Meta(max_length=1000)] = []
    all: bool = False


class ReleasedAnswer(msgspec.Struct, frozen=True):
    """How many were let go."""

    released: int


class HealthAnswer(msgspec.Struct, frozen=True):
    """Whether requests can be served; ``checks`` says how each part is."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, str] = {}


def workspace(found: Workspace, key: ApiKey) -> WorkspaceAnswer:
    """The workspace of a key."""
    return WorkspaceAnswer(
        ids.show(ids.WORKSPACE, found.id),
        found.name,
        found.default_locale,
        found.time_zone,
        show_moment(found.created_at),
        _mode(key),
        key.scopes,
    )


def key(found: ApiKey) -> KeyAnswer:
    """A key."""
    return KeyAnswer(**_key_fields(found))


def created_key(found: ApiKey, secret: str) -> CreatedKeyAnswer:
    """A key with its secret."""
    return CreatedKeyAnswer(**_key_fields(found), secret=secret)


def domain(found: Domain, records: list[DnsRecord]) -> DomainAnswer:
    """A domain."""
    return DomainAnswer(**_domain_fields(found, records))


def checked_domain(found: Domain, records: list[DnsRecord], findings: list[DnsFinding]) -> CheckedDomainAnswer:
    """A domain with what was found."""
    shown = [FindingAnswer(_record(item.record), item.ok, item.found, item.advice) for item in findings]
    return CheckedDomainAnswer(**_domain_fields(found, records), findings=shown)


def provider(row: ProviderRow) -> ProviderAnswer:
    """A provider without its secret."""
    return ProviderAnswer(
        id=ids.show(ids.PROVIDER, row.id),
        name=row.name,
        kind=row.kind,
        channel=channel_word(row.channel),
        settings=row.settings,
        has_secret=bool(row.secret),
        enabled=row.enabled,
        created_at=show_moment(row.created_at),
    )


def route(channel: Channel, steps: list[NamedStep]) -> RouteAnswer:
    """A route."""
    return RouteAnswer(channel_word(channel), [StepIn(step.provider, step.position, step.weight) for step in steps])


def channel_word(channel: Channel) -> ChannelWord:
    """The channel's name outside."""
    words: dict[Channel, ChannelWord] = {
        Channel.EMAIL: "email",
        Channel.SMS: "sms",
        Channel.WHATSAPP: "whatsapp",
        Channel.PUSH: "push",
    }
    return words[channel]


def _mode(found: ApiKey) -> Mode:
    return "live" if found.live else "test"


def _key_fields(found: ApiKey) -> dict[str, Any]:
    return {
        "id": ids.show(ids.KEY, found.id),
        "name": found.name,
        "mode": _mode(found),
        "scopes": found.scopes,
        "networks": found.networks,
        "locale": found.locale,
        "hint": f"{LIVE_PREFIX if found.live else TEST_PREFIX}…{found.hint}",
        "created_at": show_moment(found.created_at),
        "last_used_at": None if found.last_used_at is None else show_moment(found.last_used_at),
        "revoked_at": None if found.revoked_at is None else show_moment(found.revoked_at),
    }


def _domain_fields(found: Domain, records: list[DnsRecord]) -> dict[str, Any]:
    return {
        "id": ids.show(ids.DOMAIN, found.id),
        "name": found.name,
        "verification": found.verification.value,
        "usable": found.usable,
        "return_path": found.return_path,
        "tracking_host": found.tracking_host,
        "tracking_url": found.tracking_url,
        "created_at": show_moment(found.created_at),
        "checked_at": None if found.checked_at is None else show_moment(found.checked_at),
        "records": [_record(record) for record in records],
    }


def _record(record: DnsRecord) -> RecordAnswer:
    return RecordAnswer(record.purpose, record.name, record.type, record.value, record.required)
