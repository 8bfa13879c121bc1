"""Templates as the doors see them, in memory."""

from collections.abc import Mapping, Sequence

import msgspec
from tests.unit.rendering.conftest import release_of

from posthouse.core.kernel.paging import Page
from posthouse.core.templates.cases.model import Failure, Outcome
from posthouse.core.templates.errors import StaleDraftError, UnknownTemplateError
from posthouse.core.templates.library.model import ItemSource
from posthouse.core.templates.lint.model import Finding, Overlook, Picture, Severity
from posthouse.core.templates.lint.pictures import Asked, PictureAsker, look_outside
from posthouse.core.templates.model import Release, Rendered, Template, TemplateSource, UnknownPolicy, Version
from posthouse.core.templates.proofs import Proofs
from posthouse.core.templates.rollout import Rollout
from posthouse.core.templates.service import Preview, PushResult, source_hash
from posthouse.core.templates.translations.units import Missing
from posthouse.testing.clock import FakeClock


class NoPictures:
    """Every host says that it has no such picture."""

    async def ask(self, addresses: Sequence[str]) -> Mapping[str, Asked]:
        return dict.fromkeys(addresses, Asked("missing", "its host answers 404"))


class FakeTemplates:
    """Keeps drafts; publishing counts versions up; rendering prints the sample."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.rows: dict[tuple[bytes, str], Template] = {}

    async def translations(self, workspace_id: bytes, key: str) -> Sequence[Missing]:
        return [Missing("fr", "subject", "en")] if await self.get(workspace_id, key) else []

    async def lint(self, workspace_id: bytes, key: str, asker: PictureAsker | None = None) -> Overlook:
        await self.get(workspace_id, key)
        found = Finding("link-dead", Severity.WARNING, "leads nowhere", "/variants/0/html", "email.en.html", 3)
        seen = Overlook((found,), (Picture("https://shop.example/a.png", "/variants/0/html"),))
        return await look_outside(seen, asker, ())

    async def test(self, workspace_id: bytes, key: str) -> Sequence[Outcome]:
        await self.get(workspace_id, key)
        failed = (Failure("/expect/contains/0", "'Hello' is not in it"),)
        return [Outcome("usual", "email", "en", (), {"txt": "Hi"}), Outcome("vip", "email", "en", failed)]

    async def push(
        self,
        workspace_id: bytes,
        source: TemplateSource,
        publish: bool = False,
        *,
        base: str | None = None,
        by: str = "",
        dry: bool = False,
        percent: int | None = None,
        over: Sequence[ItemSource] = (),
        proofs: Proofs | None = None,
    ) -> PushResult:
        del over, proofs
        old, digest = self.rows.get((workspace_id, source.key)), source_hash(source)
        if base is not None and base != (old.source_hash if old else ""):
            raise StaleDraftError
        if publish and percent is not None and old is not None and not dry:
            return await self.publish(workspace_id, source.key, percent=percent)
        template = Template(
            id=b"t" * 16,
            workspace_id=workspace_id,
            key=source.key,
            name=source.name,
            description=source.description,
            kind=source.kind,
            category=source.category,
            version=(old.version if old else 0) + publish,
            created_at=self.clock.now(),
            updated_at=self.clock.now(),
            draft=source,
            source_hash=digest,
            published_hash=digest if publish else "",
            changed_by=by,
        )
        if not dry:
            self.rows[workspace_id, source.key] = template
        return PushResult(template, template.version, changed=old is None or old.source_hash != digest)

    async def publish(
        self, workspace_id: bytes, key: str, base: str | None = None, percent: int | None = None
    ) -> PushResult:
        template = await self.get(workspace_id, key)
        if percent is not None and template.version:
            beside = msgspec.structs.replace(template, rollout=Rollout(template.version + 1, percent, self.clock.now()))
            self.rows[workspace_id, key] = beside
            return PushResult(beside, beside.version, changed=True)
        return await self.push(workspace_id, template.draft, publish=True)

    async def versions(
        self, workspace_id: bytes, key: str, before: int | None = None, limit: int = 200
    ) -> Page[Version]:
        latest = (await self.get(workspace_id, key)).version
        numbers = range(min(latest, (before or latest + 1) - 1), 0, -1)
        found = [Version(number, self.clock.now(), (("email", "en"),)) for number in numbers]
        return Page(found[:limit], str(found[limit - 1].number) if len(found) > limit else None)

    async def version(self, workspace_id: bytes, key: str, number: int) -> Sequence[Release]:
        template = await self.get(workspace_id, key)
        if not 1 <= number <= template.version:
            raise UnknownTemplateError(f"no version {number}")
        return [
            Release(
                id=b"r" * 16,
                workspace_id=workspace_id,
                template_id=template.id,
                template_key=key,
                version=number,
                channel="email",
                locale="en",
                category=template.category,
                lane="normal",
                default_channel="email",
                default_locale="en",
                unknown_policy=UnknownPolicy.RESEND,
                programs={"subject": "Hello", "text": "Hello"},
                variables=("name",),
                schema={"type": "object"},
                created_at=self.clock.now(),
            )
        ]

    async def get(self, workspace_id: bytes, key: str) -> Template:
        if (workspace_id, key) not in self.rows:
            raise UnknownTemplateError(f"there is no template {key[:64]!r}")
        return self.rows[workspace_id, key]

    async def template(self, workspace_id: bytes, key: str) -> Template | None:
        return self.rows.get((workspace_id, key))

    async def templates(self, workspace_id: bytes) -> Sequence[Template]:
        return await self.list(workspace_id)

    async def list(self, workspace_id: bytes) -> Sequence[Template]:
        return [row for (owner, _), row in self.rows.items() if owner == workspace_id]

    async def render(self, workspace_id: bytes, key: str, **asked: object) -> Preview:
        template = await self.get(workspace_id, key)
        variant = template.draft.variants[0]
        seen = Rendered(variant.subject, variant.html, repr(asked["data"]))
        return Preview(seen, (), 100, release_of(template.draft, variant), asked["data"] or {})
