"""A publication: one new version of a block or theme, and what it did to the templates that use it."""

import enum
from typing import Final

import msgspec

from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.library.model import CompiledIn, ItemKind, Use
from posthouse.core.templates.rollout import Rollout

LEASE: Final = 60 * SECOND
"""A publication that has not moved for so long belongs to a process that is gone."""


class State(enum.StrEnum):
    """How far a publication has come."""

    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    """A template could not be compiled with it: nothing was changed."""
    FAILED = "failed"
    """It was cut short: nothing was changed."""
    UNDONE = "undone"


class Follower(msgspec.Struct, frozen=True):
    """Of a template what a publication of the library has to know; its draft stays unread."""

    id: Id
    key: str
    name: str
    version: int
    published_hash: str = ""
    latest: int = 0
    compiled: tuple[CompiledIn, ...] = ()
    rollout: Rollout | None = None

    @property
    def next_version(self) -> int:
        """The number that the next publication gets."""
        return max(self.latest, self.version) + 1

    @property
    def uses(self) -> tuple[Use, ...]:
        """What the live version names of the library."""
        return tuple([one.use for one in self.compiled])

    @property
    def all_uses(self) -> tuple[Use, ...]:
        """The same, and what a version names that is being rolled out."""
        return (*self.uses, *(self.rollout.uses if self.rollout else ()))


class LiveSource(msgspec.Struct, frozen=True):
    """What a live version was made from, unread, and its variants: (channel, locale)."""

    raw: msgspec.Raw
    variants: tuple[tuple[str, str], ...]


class Turn(msgspec.Struct, frozen=True):
    """What happens to one template: from which version to which."""

    template_id: Id
    key: str
    before: int
    after: int
    latest: int
    """The highest version when the work began: whoever published since made another one."""
    source_hash: str = ""
    compiled: tuple[CompiledIn, ...] = ()
    releases: int = 0


class Trouble(msgspec.Struct, frozen=True):
    """Why a template could not be compiled."""

    template: str
    problem: FieldProblem


class Publication(msgspec.Struct, frozen=True):
    """One publication of the library."""

    id: Id
    workspace_id: Id
    kind: ItemKind
    key: str
    version: int
    """The item's new version."""
    former: int
    """The version that was live before; 0 for none."""
    state: State
    started_at: int
    moved_at: int
    """When it last made progress."""
    total: int = 0
    """Templates to be compiled."""
    done: int = 0
    releases: int = 0
    turns: tuple[Turn, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    former_default: str | None = None
    """The theme that was the default until then, when this one took its place ('': none)."""

    def seen_at(self, now: int) -> "Publication":
        """As it is told: one that has stood still too long has failed."""
        if self.state is State.RUNNING and self.moved_at + LEASE <= now:
            return msgspec.structs.replace(self, state=State.FAILED)
        return self

    @property
    def cause(self) -> str:
        """As it stands at the versions that it made."""
        return f"{self.kind.value} {self.key} {self.version}"
