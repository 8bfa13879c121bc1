"""Providers and routes as the operator manages them."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from posthouse.core.delivery.model import ProviderRow, Route, RouteStep
from posthouse.core.delivery.ports import DeliveryStore
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import ConflictError, FieldProblem, NotFoundError, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.messages.model import Channel
from posthouse.core.workspaces.ports import SecretBox

SECRET_PURPOSE: Final = "provider"  # noqa: S105 - names what is sealed, is no secret
"""What provider secrets are sealed for (see SecretBox)."""
MAX_WEIGHT: Final = 1000
MAX_STEPS: Final = 50
DESTINATION: Final = ("host", "port", "tls", "ca_file", "url")
"""Settings that say where a secret is sent, and how safely."""
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

Validate = Callable[[str, Mapping[str, Any]], None]
"""(kind, settings) → nothing, or ValidationError with pointers below ``/settings``."""


class UnknownProviderError(NotFoundError):
    """There is no such provider."""

    slug = "unknown-provider"


class ProviderExistsError(ConflictError):
    """A provider has that name already."""

    slug = "provider-exists"


class NamedStep(NamedTuple):
    """One step of a route, the provider by its name."""

    provider: str
    position: int = 0
    weight: int = 1


class ProviderService:
    """Adds, changes and removes providers; sets routes.

    Args:
        store: keeps them.
        box: seals their secrets.
        clock: tells the time.
        new_id: makes identifiers.
        validate: judges the settings of a kind.
    """

    def __init__(
        self, *, store: DeliveryStore, box: SecretBox, clock: Clock, new_id: IdSource, validate: Validate
    ) -> None:
        self._store = store
        self._box = box
        self._clock = clock
        self._new_id = new_id
        self._validate = validate

    async def add(
        self,
        workspace_id: Id,
        *,
        name: str,
        kind: str,
        settings: Mapping[str, Any],
        secret: Mapping[str, Any] | None = None,
        channel: Channel = Channel.EMAIL,
    ) -> ProviderRow:
        """Adds a provider. ``secret`` (a password, a token) is sealed and never shown again.

        Raises:
            ValidationError: the name or a setting is wrong.
            ProviderExistsError: the workspace has one of that name.
        """
        if not _NAME.fullmatch(name):
            advice = "write 1 to 63 lower-case letters, digits and hyphens"
            raise ValidationError("The provider needs a name.", fields=[FieldProblem("/name", advice, "form")])
        self._validate(kind, settings)
        row = ProviderRow(
            id=self._new_id(),
            workspace_id=workspace_id,
            name=name,
            channel=channel,
            kind=kind,
            settings=dict(settings),
            created_at=self._clock.now(),
            secret=self._sealed(secret),
        )
        try:
            await self._store.add_provider(row)
        except ConflictError:
            raise ProviderExistsError(f'The workspace has a provider "{name}" already; change or remove it.') from None
        return row

    async def list(self, workspace_id: Id) -> Sequence[ProviderRow]:
        """All providers of a workspace, oldest first."""
        return await self._store.providers(workspace_id)

    async def get(self, workspace_id: Id, name: str) -> ProviderRow:
        """One provider by its name.

        Raises:
            UnknownProviderError: there is none.
        """
        for row in await self._store.providers(workspace_id):
            if row.name == name:
                return row
        raise UnknownProviderError(f'This workspace has no provider "{name[:64]}"; list them with GET /v1/providers.')

    async def update(
        self,
        workspace_id: Id,
        name: str,
        *,
        settings: Mapping[str, Any] | None = None,
        secret: Mapping[str, Any] | None = None,
        enabled: bool | None = None,
    ) -> ProviderRow:
        """Replaces what is given and keeps the rest; an empty ``secret`` takes it away.

        Raises:
            UnknownProviderError: there is none.
            ValidationError: a setting is wrong, or the secret would go elsewhere than where it was given for.
        """
        row = await self.get(workspace_id, name)
        if settings is not None:
            self._validate(row.kind, settings)
            if row.secret and secret is None:
                _check_destination(row.settings, settings)
            row = msgspec.structs.replace(row, settings=dict(settings))
        if secret is not None:
            row = msgspec.structs.replace(row, secret=self._sealed(secret))
        if enabled is not None:
            row = msgspec.structs.replace(row, enabled=enabled)
        await self._store.update_provider(row)
        return row

    async def remove(self, workspace_id: Id, name: str) -> None:
        """Forgets a provider and takes it out of the routes.

        Raises:
            UnknownProviderError: there is none.
        """
        await self.get(workspace_id, name)
        await self._store.remove_provider(workspace_id, name)

    async def routes(self, workspace_id: Id) -> Sequence[tuple[Channel, Sequence[NamedStep]]]:
        """The routes that were set, by channel. Without one: every enabled provider, in the order they were added."""
        names = {row.id: row.name for row in await self._store.providers(workspace_id)}
        return [
            (
                route.channel,
                [
                    NamedStep(names[step.provider_id], step.position, step.weight)
                    for step in sorted(route.steps, key=lambda step: step.position)
                    if step.provider_id in names
                ],
            )
            for route in await self._store.routes(workspace_id)
        ]

    async def route(self, workspace_id: Id, channel: Channel, steps: Sequence[NamedStep]) -> None:
        """Sets the route of a channel; no steps: back to the default.

        Raises:
            ValidationError: a provider is unknown or of another channel, or a position or weight is out of range.
        """
        rows = {row.name: row for row in await self._store.providers(workspace_id) if row.channel is channel}
        problems = [problem for index, step in enumerate(steps) for problem in _step_problems(index, step, rows)]
        if len(steps) > MAX_STEPS:
            problems.append(FieldProblem("/steps", f"at most {MAX_STEPS} steps", "length"))
        if problems:
            raise ValidationError("The route cannot be set like this.", fields=problems)
        found = tuple(RouteStep(rows[step.provider].id, step.position, step.weight) for step in steps)
        await self._store.save_route(Route(workspace_id, channel, found))

    def _sealed(self, secret: Mapping[str, Any] | None) -> bytes:
        return self._box.seal(msgspec.json.encode(secret), purpose=SECRET_PURPOSE) if secret else b""


def _check_destination(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Nobody can see a secret, so nobody may have it sent to a server of their own either."""
    moved = [name for name in DESTINATION if before.get(name) != after.get(name)]
    if moved:
        advice = f"{', '.join(moved)} changed: give the secret again, it is sent only where it was given for"
        raise ValidationError("The secret is needed again.", fields=[FieldProblem("/secret", advice, "missing")])


def _step_problems(index: int, step: NamedStep, rows: Mapping[str, ProviderRow]) -> list[FieldProblem]:
    place, problems = f"/steps/{index}", []
    if step.provider not in rows:
        names = ", ".join(rows) or "none yet"
        advice = f'"{step.provider[:64]}" is no provider of this channel; there are: {names}'
        problems.append(FieldProblem(f"{place}/provider", advice, "unknown-provider"))
    if not 0 <= step.position < MAX_STEPS:
        problems.append(FieldProblem(f"{place}/position", f"write 0 to {MAX_STEPS - 1}", "range"))
    if not 1 <= step.weight <= MAX_WEIGHT:
        problems.append(FieldProblem(f"{place}/weight", f"write 1 to {MAX_WEIGHT}", "range"))
    return problems
