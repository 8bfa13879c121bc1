"""Items of the library, their versions, and who uses them."""

import enum
from collections.abc import Iterable
from typing import Any

import msgspec

from posthouse.core.kernel.ids import Id


class ItemKind(enum.StrEnum):
    """What an item of the library is."""

    BLOCK = "block"
    THEME = "theme"

    @property
    def folder(self) -> str:
        """Where its files are kept beside templates, and its path in the API."""
        return f"{self.value}s"


class Use(msgspec.Struct, frozen=True, order=True):
    """That a template names an item. An empty ``key`` is the workspace's default theme, whichever that is."""

    kind: ItemKind
    key: str
    pinned: int | None = None
    """The version it stays with; None follows the live one."""

    def __str__(self) -> str:
        name = f"{self.kind.value} {self.key!r}" if self.key else "default theme"
        return f"{name}, version {self.pinned}" if self.pinned else name


class CompiledIn(msgspec.Struct, frozen=True):
    """A use, and what it was compiled with: the item's key and version (both empty: there was no default theme)."""

    use: Use
    key: str
    version: int


class ItemSource(msgspec.Struct, frozen=True):
    """What a person wrote: a block's content and sample, or a theme's tokens."""

    kind: ItemKind
    key: str
    name: str
    content: dict[str, Any]
    """A block: ``{"blocks": […]}`` as in a document. A theme: its tokens."""
    description: str = ""
    sample: dict[str, Any] = {}
    """Variables that a block is proved and shown with."""
    default: bool = False
    """Whether a theme is the one of documents that name none."""


class Item(msgspec.Struct, frozen=True):
    """An item: its draft, and which version is live (0: never published)."""

    id: Id
    workspace_id: Id
    kind: ItemKind
    key: str
    name: str
    version: int
    latest: int
    """The highest version there is: more than ``version`` after an undo."""
    created_at: int
    updated_at: int
    draft: ItemSource
    source_hash: str
    published_hash: str = ""
    default: bool = False
    """Whether this theme is the live default."""

    @property
    def behind(self) -> bool:
        """Whether the draft differs from what is live."""
        return self.source_hash != self.published_hash


class ItemVersion(msgspec.Struct, frozen=True):
    """A published version of an item; it never changes."""

    item_id: Id
    number: int
    published_at: int
    source: ItemSource
    source_hash: str


class Held(msgspec.Struct, frozen=True):
    """The content of one version (0: the draft of an item that was never published)."""

    key: str
    version: int
    content: dict[str, Any]


class Library(msgspec.Struct, frozen=True):
    """What one compilation may use: found items by the use that names them, and the keys there are, for advice."""

    held: tuple[tuple[Use, Held], ...] = ()
    blocks: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()

    def find(self, kind: ItemKind, key: str, pinned: int | None = None) -> Held | None:
        """What a use stands for."""
        wanted = Use(kind, key, pinned)
        return next((held for use, held in self.held if use == wanted), None)

    def known(self, kind: ItemKind) -> tuple[str, ...]:
        """The keys of a kind."""
        return self.blocks if kind is ItemKind.BLOCK else self.themes

    def says_as(self, other: "Library") -> bool:
        """Whether it has the same content for the same uses, whatever the versions are called."""
        mine, theirs = ([(use, held.key, held.content) for use, held in one.held] for one in (self, other))
        return mine == theirs and set(self.blocks) == set(other.blocks) and set(self.themes) == set(other.themes)

    def compiled(self, uses: Iterable[Use]) -> tuple[CompiledIn, ...]:
        """What is compiled in where these uses are."""
        return tuple([CompiledIn(use, *self._name(use)) for use in uses])

    def _name(self, use: Use) -> tuple[str, int]:
        held = self.find(use.kind, use.key, use.pinned)
        return (held.key, held.version) if held else ("", 0)


NO_LIBRARY = Library()
