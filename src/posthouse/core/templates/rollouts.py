"""Roll-outs begun, raised, completed and taken back. Nothing is compiled: which version serves whom is two numbers."""

import msgspec

from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import ConflictError, FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.errors import NoRolloutError, UnknownTemplateError
from posthouse.core.templates.model import Edition, Template
from posthouse.core.templates.ports import TemplateStore
from posthouse.core.templates.rollout import Rollout
from posthouse.core.templates.service import TemplateService


class RolloutService:
    """What people do with roll-outs. :meth:`TemplateService.publish` begins one with a new version.

    Args:
        store: keeps templates.
        templates: finds them.
        clock: the time.
    """

    def __init__(self, store: TemplateStore, templates: TemplateService, clock: Clock) -> None:
        self._store = store
        self._templates = templates
        self._clock = clock

    async def set(self, workspace_id: Id, key: str, percent: int, version: int | None = None) -> Template:
        """Begins a roll-out of a version that was published once, or changes the share of the one that runs.

        Args:
            workspace_id: whose template.
            key: which one.
            percent: the share, 1 to 100.
            version: which version; None for the one that is being rolled out.

        Raises:
            UnknownTemplateError: no such template or version.
            NoRolloutError: none runs, and no version was named.
            ConflictError: the version is live already, or the template is archived or was never published.
        """
        if not 1 <= percent <= 100:
            problem = FieldProblem("/percent", "a whole number from 1 to 100", "out-of-range")
            raise ValidationError("The share of a roll-out is from 1 to 100 percent.", fields=[problem])
        template = await self._templates.get(workspace_id, key)
        running = template.rollout
        if running is not None and version in {None, running.version}:
            return await self._moved(template, msgspec.structs.replace(running, percent=percent))
        if version is None:
            raise NoRolloutError(f"No version of {key!r} is being rolled out; name one to begin with.")
        return await self._moved(template, await self._begun(template, version, percent))

    async def complete(self, workspace_id: Id, key: str) -> Template:
        """Makes the version that comes the live one, for everybody. NoRolloutError when none runs."""
        template, rollout = await self._running(workspace_id, key)
        whole = msgspec.structs.replace(
            template,
            version=rollout.version,
            latest=max(template.latest, template.version),
            published_hash=rollout.source_hash,
            compiled=rollout.compiled,
        )
        return await self._moved(whole, None, was=template.version)

    async def back(self, workspace_id: Id, key: str) -> Template:
        """Gives everybody the live version again; the other one stays among the versions. NoRolloutError when none runs."""
        template, _ = await self._running(workspace_id, key)
        return await self._moved(template, None)

    async def _running(self, workspace_id: Id, key: str) -> tuple[Template, Rollout]:
        template = await self._templates.get(workspace_id, key)
        if template.rollout is None:
            raise NoRolloutError(f"No version of {key!r} is being rolled out.")
        return template, template.rollout

    async def _begun(self, template: Template, version: int, percent: int) -> Rollout:
        key, live = template.key, template.version
        if template.archived or not live:
            state = "is archived" if template.archived else "was never published"
            raise ConflictError(
                f"the template {key!r} {state}: there is no live version that another could stand beside"
            )
        if version == live:
            raise ConflictError(f"version {version} of {key!r} is live already")
        if not await self._store.releases(template.workspace_id, key, version):
            raise UnknownTemplateError(f"The template {key!r} has no version {version}; the live one is {live}.")
        found = await self._store.edition(template.id, version)
        made = found[0] if found else Edition(template.id, version, 0, "")
        return Rollout(version, percent, self._clock.now(), made.source_hash, made.compiled)

    async def _moved(self, template: Template, rollout: Rollout | None, was: int | None = None) -> Template:
        moved = msgspec.structs.replace(template, rollout=rollout, updated_at=self._clock.now())
        await self._store.set_live(moved, template.version if was is None else was, template.rollout)
        return moved
