"""Alerts as people manage them."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from posthouse.core.alerts.loading import Roll, counted_until
from posthouse.core.alerts.measuring import LevelService
from posthouse.core.alerts.model import (
    EVERYTHING,
    RULES,
    Alert,
    AlertSettings,
    Kind,
    Mute,
    Notice,
    Phase,
    Rule,
    Target,
    TargetKind,
)
from posthouse.core.alerts.ports import AlertQuery, AlertStore, Teller
from posthouse.core.alerts.replay import replay
from posthouse.core.alerts.telling import CHAT_PURPOSE
from posthouse.core.kernel.clock import HOUR, MINUTE, Clock
from posthouse.core.kernel.errors import ConflictError, FieldProblem, NotFoundError, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.kernel.pace import OneEach, Pace
from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.templates.model import Template
from posthouse.core.webhooks import signing
from posthouse.core.webhooks.ports import Poster
from posthouse.core.webhooks.requests import PURPOSE
from posthouse.core.workspaces.ports import SecretBox
from posthouse.core.workspaces.service import WorkspaceService

MOST_TARGETS: Final = 20
MOST_MUTES: Final = 100
MOST_DAYS: Final = 56
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
TESTS: Final = 10
"""Tests of targets that a workspace may ask for in a minute."""
_DRY_RUNS: Final = 2
"""At once, in one process: each keeps a processor busy for seconds."""
_BUSY: Final = "A dry run is under way; ask again when it is done."
_TESTED: Final = {"observed": 0, "expected": 40, "hours": 1, "weeks": 8}


class UnknownAlertError(NotFoundError):
    """There is no such alert."""

    slug = "unknown-alert"


class UnknownTargetError(NotFoundError):
    """There is no such alert target."""

    slug = "unknown-alert-target"


class TargetExistsError(ConflictError):
    """An alert target has that name already."""

    slug = "alert-target-exists"


class Shelf(Protocol):
    """A part of TemplateStore."""

    async def templates(self, workspace_id: Id) -> Sequence[Template]:
        """See TemplateStore."""
        ...


class Made(NamedTuple):
    """A target and, of a webhook, its secret, which is shown only now."""

    target: Target
    secret: str


class DryRun(NamedTuple):
    """What would have been said."""

    since: int
    until: int
    alerts: list[Alert]


class AlertService:
    """Lists alerts, changes rules, mutes, targets; tries rules on what was.

    Args:
        store: keeps them.
        rollups: for dry runs.
        templates: for their keys.
        workspaces: for their time zones.
        teller: for tests of targets.
        poster: knows which URLs may be asked.
        box: seals secrets.
        levels: knows what is promised of templates.
        normal: the normal form of an e-mail address; ValueError: it is none.
        clock: the time.
        new_id: makes identifiers.
        entropy: makes that many random bytes.
        pause: lets others work during a dry run.
    """

    def __init__(
        self,
        store: AlertStore,
        rollups: Roll,
        templates: Shelf,
        workspaces: WorkspaceService,
        teller: Teller,
        poster: Poster,
        box: SecretBox,
        levels: LevelService,
        *,
        normal: Callable[[str], str],
        clock: Clock,
        new_id: IdSource,
        entropy: Callable[[int], bytes],
        pause: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._rollups = rollups
        self._templates = templates
        self._workspaces = workspaces
        self._teller = teller
        self._poster = poster
        self._box = box
        self._levels = levels
        self._normal = normal
        self._clock = clock
        self._new_id = new_id
        self._entropy = entropy
        self._pause = pause
        self._tests = Pace(TESTS, MINUTE, clock)
        self._dry_runs = OneEach(_DRY_RUNS, _BUSY, 5)

    async def list(self, query: AlertQuery) -> tuple[list[Alert], Id | None]:
        """A page of alerts, newest first, and where to go on."""
        limit = max(1, min(query.limit, MAX_PAGE))
        found = await self._store.alerts(query._replace(limit=limit + 1))
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    async def get(self, workspace_id: Id, alert_id: Id) -> Alert:
        """One alert.

        Raises:
            UnknownAlertError: the workspace has none such.
        """
        found = await self._store.alert(workspace_id, alert_id)
        if found is None:
            raise UnknownAlertError("There is no such alert in this workspace; list them with GET /v1/alerts.")
        return found

    async def acknowledge(self, workspace_id: Id, alert_id: Id, by: str, note: str = "") -> Alert:
        """Notes that somebody looks after it.

        Raises:
            UnknownAlertError: the workspace has none such.
        """
        await self.get(workspace_id, alert_id)
        return await self._store.acknowledge_alert(workspace_id, alert_id, self._clock.now(), by, note)

    async def settings(self, workspace_id: Id) -> AlertSettings:
        """Rules, mutes and targets."""
        return await self._store.alert_settings(workspace_id)

    async def set_rule(
        self, workspace_id: Id, word: str, *, threshold: float | None = None, enabled: bool | None = None
    ) -> AlertSettings:
        """Changes a rule; what is None stays.

        Raises:
            ValidationError: there is no such kind, or the threshold is out of bounds.
        """
        kind = read_kind(word)
        before = await self.settings(workspace_id)
        rule = checked_rule(before, kind, threshold, enabled)
        after = msgspec.structs.replace(before, rules={**before.rules, kind: rule})
        await self._store.save_alert_settings(workspace_id, before, after)
        return after

    async def mute(
        self, workspace_id: Id, *, kind: str | None = None, subject: str | None = None, until: int | None = None
    ) -> AlertSettings:
        """Tells nothing about these until an instant (None: until somebody says otherwise).

        Raises:
            ValidationError: there is no such kind, or the time is over.
        """
        wanted = None if kind is None else read_kind(kind)
        now = self._clock.now()
        if until is not None and until <= now:
            raise ValidationError(
                "This mutes nothing.", fields=[FieldProblem("/until", "it lies in the past", "range")]
            )
        before = await self.settings(workspace_id)
        others = tuple(
            one
            for one in before.mutes
            if (one.kind, one.subject) != (wanted, subject) and (one.until is None or one.until > now)
        )
        if len(others) >= MOST_MUTES:
            raise ConflictError(f"A workspace may have {MOST_MUTES} mutes; take one back first.")
        after = msgspec.structs.replace(before, mutes=(*others, Mute(wanted, subject, until)))
        await self._store.save_alert_settings(workspace_id, before, after)
        return after

    async def unmute(self, workspace_id: Id, *, kind: str | None = None, subject: str | None = None) -> AlertSettings:
        """Takes a mute back; one that is not there is fine."""
        wanted = None if kind is None else read_kind(kind)
        before = await self.settings(workspace_id)
        left = tuple(one for one in before.mutes if (one.kind, one.subject) != (wanted, subject))
        after = msgspec.structs.replace(before, mutes=left)
        if after != before:
            await self._store.save_alert_settings(workspace_id, before, after)
        return after

    async def add_target(
        self, workspace_id: Id, *, name: str, kind: str, address: str, language: str, kinds: Sequence[str] = ()
    ) -> Made:
        """Adds somebody to tell.

        Raises:
            ValidationError: name, address or kinds are wrong.
            TargetExistsError: the workspace has one of that name.
        """
        before = await self.settings(workspace_id)
        problems = []
        if not _NAME.fullmatch(name):
            problems.append(FieldProblem("/name", "write 1 to 63 lower-case letters, digits and hyphens", "form"))
        if kind not in list(TargetKind):
            problems.append(FieldProblem("/kind", "write " + ", ".join(TargetKind), "unknown-word"))
        else:
            address, wrong = self._address(TargetKind(kind), address)
            problems += [FieldProblem("/address", wrong, "address")] if wrong else []
        if problems:
            raise ValidationError("The target cannot be added like this.", fields=problems)
        wanted = tuple([read_kind(word, f"/kinds/{index}") for index, word in enumerate(kinds)])
        if any(one.name == name for one in before.targets):
            raise TargetExistsError(f"The workspace tells alerts to {name!r} already; remove it first.")
        if len(before.targets) >= MOST_TARGETS:
            raise ConflictError(f"A workspace may have {MOST_TARGETS} targets; remove one first.")
        target, secret = self._sealed(Target(name, TargetKind(kind), address, language, wanted))
        after = msgspec.structs.replace(before, targets=(*before.targets, target))
        await self._store.save_alert_settings(workspace_id, before, after)
        return Made(target, secret)

    def _address(self, kind: TargetKind, address: str) -> tuple[str, str]:
        """The address as it is kept, and what is wrong with it."""
        if kind is not TargetKind.EMAIL:
            return address, self._poster.check(address)
        try:
            return self._normal(address), ""
        except ValueError as error:
            return address, f"it is no e-mail address: {error}"

    def _sealed(self, target: Target) -> tuple[Target, str]:
        if target.kind is TargetKind.WEBHOOK:
            secret = self._entropy(signing.SECRET_BYTES)
            sealed = self._box.seal(secret, purpose=PURPOSE)
            return msgspec.structs.replace(target, secret=sealed), signing.show_secret(secret)
        if target.kind is TargetKind.CHAT:  # whoever knows its URL may write there
            sealed = self._box.seal(target.address.encode(), purpose=CHAT_PURPOSE)
            shown = "/".join(target.address.split("/", 3)[:3]) + "/…"
            return msgspec.structs.replace(target, secret=sealed, address=shown), ""
        return target, ""

    async def remove_target(self, workspace_id: Id, name: str) -> None:
        """Tells somebody nothing any more.

        Raises:
            UnknownTargetError: the workspace has none of that name.
        """
        before = await self.settings(workspace_id)
        await self._target(before, name)
        left = tuple(one for one in before.targets if one.name != name)
        await self._store.save_alert_settings(workspace_id, before, msgspec.structs.replace(before, targets=left))

    async def test_target(self, workspace_id: Id, name: str) -> str:
        """Tells a made-up alert now; what went wrong, empty: it was taken.

        Raises:
            UnknownTargetError: the workspace has none of that name.
            TooOftenError: it would be too many tests: each goes to somebody outside.
        """
        target = await self._target(await self.settings(workspace_id), name)
        self._tests.take(workspace_id)
        now = self._clock.now()
        alert = Alert(self._new_id(), workspace_id, Kind.SILENCE, EVERYTHING, now, dict(_TESTED))
        return await self._teller.tell(target, Notice(self._new_id(), workspace_id, alert, Phase.TEST, name, now))

    async def _target(self, settings: AlertSettings, name: str) -> Target:
        for one in settings.targets:
            if one.name == name:
                return one
        raise UnknownTargetError(f"This workspace tells alerts to no {name!r}; see GET /v1/alerts/rules.")

    async def dry_run(self, workspace_id: Id, days: int, rules: Mapping[str, float | None] | None = None) -> DryRun:
        """What would have been said in the last days, by the rules as they are or by others.

        Args:
            workspace_id: whose.
            days: how many.
            rules: thresholds by kind, in place of the workspace's; None: switched off.

        Raises:
            ValidationError: a rule is wrong.
            TooOftenError: one of this workspace is under way.
        """
        if not 1 <= days <= MOST_DAYS:
            raise ValidationError(
                "The dry run is too long.", fields=[FieldProblem("/days", f"write 1 to {MOST_DAYS}", "range")]
            )
        settings = await self.settings(workspace_id)
        for word, threshold in (rules or {}).items():
            kind = read_kind(word, f"/rules/{word[:64]}")
            rule = checked_rule(settings, kind, threshold, threshold is not None, f"/rules/{word[:64]}")
            settings = msgspec.structs.replace(settings, rules={**settings.rules, kind: rule})
        workspace = await self._workspaces.get(workspace_id)
        edition, counted = await counted_until(self._rollups, self._clock.now())
        until = counted // HOUR
        names = {template.id.hex(): template.key for template in await self._templates.templates(workspace_id)}
        promised = await self._levels.of(workspace_id)
        with self._dry_runs.entered(workspace_id):
            found = await replay(
                self._rollups,
                edition,
                workspace_id,
                workspace.time_zone,
                settings,
                names,
                promised,
                since=until - days * 24,
                until=until,
                new_id=self._new_id,
                pause=self._pause,
            )
        return DryRun((until - days * 24) * HOUR, until * HOUR, found)


def read_kind(word: str, pointer: str = "/kind") -> Kind:
    """A kind by its name.

    Raises:
        ValidationError: there is none such.
    """
    kinds = [kind.value for kind in Kind]
    if word not in kinds:
        advice = f'"{word[:64]}" is no kind of alert{did_you_mean(word, kinds) or "; write one of " + ", ".join(kinds)}'
        raise ValidationError("There is no such kind of alert.", fields=[FieldProblem(pointer, advice, "unknown-word")])
    return Kind(word)


def checked_rule(
    settings: AlertSettings, kind: Kind, threshold: float | None, enabled: bool | None, pointer: str = "/threshold"
) -> Rule:
    """A rule with some of it changed.

    Raises:
        ValidationError: the threshold is out of bounds.
    """
    rule, about = settings.rule(kind), RULES[kind]
    if threshold is not None and not about.least <= threshold <= about.most:
        advice = f"write {about.least:g} to {about.most:g} ({about.unit})"
        raise ValidationError("The threshold is out of bounds.", fields=[FieldProblem(pointer, advice, "range")])
    return Rule(
        rule.threshold if threshold is None else threshold, enabled=rule.enabled if enabled is None else enabled
    )
