"""Smaller stand-ins: held messages, and the figures of tracking."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.messages.model import EventType
from posthouse.core.tracking.model import Shares, Tracked
from posthouse.core.tracking.recorder import HitRecorder
from posthouse.core.tracking.reports import TrackingReports
from posthouse.core.tracking.rules import Rules
from posthouse.core.tracking.service import TrackingService
from posthouse.core.tracking.tokens import Tokens
from posthouse.core.workspaces.model import Domain
from posthouse.core.workspaces.ports import DkimPair, DnsFinding, DnsRecord


class FakeHeld:
    """Remembers what was released."""

    def __init__(self) -> None:
        self.released: list[Sequence[bytes] | None] = []

    async def release_held(self, workspace_id: bytes | None, message_ids: Sequence[bytes] | None, at: int) -> int:
        self.released.append(message_ids)
        return 0 if message_ids is None else len(message_ids)


class FakeTrackingStore:
    """Knows one figure."""

    async def tracked(self, message_ids: Sequence[bytes]) -> dict[bytes, Tracked]:
        return {}

    async def shares(
        self, workspace_id: bytes, template_id: bytes | None, since: int | None, until: int | None
    ) -> list[Shares]:
        return [Shares(EventType.OPENED, 3, 1, 4)]


RULES = Rules(files("posthouse.core.tracking").joinpath("rules.toml").read_text())


def tracking_service(clock: Any) -> TrackingService:
    """Doors whose tokens nobody has: every address in a mail leads nowhere."""
    tokens, store = Tokens(lambda purpose: purpose.encode().ljust(32)), FakeTrackingStore()
    nobody: Any = None
    return TrackingService(
        tokens,
        HitRecorder(store, RULES, clock),  # type: ignore[arg-type]  # it is asked for nothing else
        store,  # type: ignore[arg-type]
        releases=nobody,
        printer=nobody,
        opt_outs=nobody,
        settings=nobody,
        clock=clock,
    )


def tracking_reports(templates: Any, workspaces: Any) -> TrackingReports:
    """Reports over that figure, with the rules of the house."""
    return TrackingReports(FakeTrackingStore(), templates, workspaces, RULES)


def make_key(algorithm: str) -> DkimPair:
    return DkimPair(b"private " + algorithm.encode(), "public")


def validate_provider(kind: str, settings: dict[str, object]) -> None:
    if kind not in ("smtp", "mx", "sandbox"):
        raise ValidationError(f"{kind} is no kind", fields=[FieldProblem("/kind", "write smtp, mx or sandbox")])
    if "host" not in settings and kind == "smtp":
        raise ValidationError("a host is missing", fields=[FieldProblem("/settings/host", "is missing", "missing")])


class FakeDns:
    """Wants one TXT record; finds what ``published`` says."""

    def __init__(self) -> None:
        self.published = False
        self.wants_nothing = False

    def records(self, domain: Domain) -> Sequence[DnsRecord]:
        key = domain.keys[0]
        return [DnsRecord("dkim", f"{key.selector}._domainkey.{domain.name}", "TXT", f"v=DKIM1; p={key.public}")]

    async def check(self, domain: Domain) -> Sequence[DnsFinding]:
        if self.wants_nothing:
            return []
        advice = "" if self.published else "publish this record"
        return [DnsFinding(record, self.published, (), advice) for record in self.records(domain)]
