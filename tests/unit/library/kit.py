"""A house of templates on a real store, with the real rendering."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

from posthouse.core.kernel.ids import Uuid7Source
from posthouse.core.templates.library.impact import ImpactService
from posthouse.core.templates.library.model import ItemKind
from posthouse.core.templates.library.publication import Publication
from posthouse.core.templates.library.publisher import LibraryPublisher
from posthouse.core.templates.library.service import LibraryService
from posthouse.core.templates.lifecycle import LifecycleService
from posthouse.core.templates.model import TemplateSource, VariantSource
from posthouse.core.templates.press import Order, Printed
from posthouse.core.templates.rollouts import RolloutService
from posthouse.core.templates.service import TemplateService
from posthouse.rendering.checker import SchemaChecker
from posthouse.rendering.press import make_press
from posthouse.rendering.pressroom import InlineRoom
from posthouse.rendering.renderer import MinijinjaRenderer
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock

WORKSPACE = b"w" * 16
LOCALES = ("en", "fr")


class MeddlingRoom:
    """A room in which somebody else does something while the first job is printed."""

    def __init__(self, inner: InlineRoom) -> None:
        self.inner = inner
        self.meddle: Callable[[], Awaitable[object]] | None = None

    async def print(self, jobs: Sequence[Order]) -> AsyncGenerator[tuple[int, Printed], None]:
        async for done in self.inner.print(jobs):
            if self.meddle is not None:
                meddle, self.meddle = self.meddle, None
                await meddle()
            yield done


class Shop:
    """Services over one store."""

    def __init__(self, store: SqliteStore, clock: FakeClock) -> None:
        press, ids = make_press(), Uuid7Source(clock.now)
        self.store, self.clock, self.press = store, clock, press
        self.room = MeddlingRoom(InlineRoom(make_press))
        self.templates = TemplateService(store, press, SchemaChecker(), MinijinjaRenderer(), ids, clock)
        self.lifecycle = LifecycleService(store, self.templates, press, MinijinjaRenderer(), clock)
        self.rollouts = RolloutService(store, self.templates, clock)
        self.library = LibraryService(store, press, ids, clock)
        self.publisher = LibraryPublisher(store, self.library, self.room, ids, clock)
        self.impacts = ImpactService(store, self.library, self.publisher, self.room)

    async def block(self, words: str, key: str = "footer", **more: Any) -> None:
        """Keeps a block's draft."""
        raw = {"name": key, "blocks": [{"type": "text", "id": "words", "text": {"en": words}}], **more}
        await self.library.save(WORKSPACE, ItemKind.BLOCK, key, raw)

    async def theme(self, primary: str, key: str = "brand", *, default: bool = False) -> None:
        """Keeps a theme's draft."""
        raw = {"name": key, "default": default, "tokens": {"light": {"primary": primary}}}
        await self.library.save(WORKSPACE, ItemKind.THEME, key, raw)

    async def publish(
        self, key: str = "footer", kind: ItemKind = ItemKind.BLOCK, version: int | None = None
    ) -> Publication:
        """Publishes a draft to its end."""
        begun = await self.publisher.begin(WORKSPACE, kind, key, version)
        assert begun is not None
        return await self.publisher.run(begun, version)

    async def template(self, key: str = "welcome", *blocks: dict[str, Any], **more: Any) -> None:
        """Publishes a template."""
        await self.templates.push(WORKSPACE, template(key, *blocks, **more), publish=True)

    async def html(self, key: str = "welcome", locale: str = "en", **more: Any) -> str:
        """What is live, with the sample."""
        return (await self.templates.render(WORKSPACE, key, locale=locale, **more)).rendered.html or ""


def shared(key: str = "footer", **more: Any) -> dict[str, Any]:
    """A place where a block of the library stands."""
    return {"type": "shared", "id": f"s-{key}-{more.get('version', 0)}", "key": key, **more}


def template(
    key: str,
    *blocks: dict[str, Any],
    words: str = "Hello",
    sample: dict[str, Any] | None = None,
    theme: dict[str, Any] | None = None,
    locales: Sequence[str] = LOCALES,
) -> TemplateSource:
    """A document in two languages with a text and these blocks."""
    text = {"type": "text", "id": "hello", "text": {locale: f"{words} {locale}" for locale in locales}}
    document = {"version": 1, "subject": dict.fromkeys(locales, f"{key} subject"), "blocks": [text, *blocks]}
    document |= {"theme": theme} if theme else {}
    variants = [VariantSource("email", locale, f"{key} subject", document=document) for locale in locales]
    return TemplateSource(key, key.capitalize(), tuple(variants), sample=sample or {})
