"""What the room of statistics needs from outside."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from posthouse.core.analytics.model import Before, Fact, Grain, Position, Step
from posthouse.core.kernel.ids import Id


class Known(NamedTuple):
    """A combination that is kept: its number, and those of its scope and kind."""

    number: int
    scope: int
    kind: int


class RollupStore(Protocol):
    """Roll-ups of the events, as they are kept."""

    async def rollup_position(self, edition: int | None = None) -> Position:
        """How far an edition is, or, None, the one that answers. An edition that nobody began is at 0."""
        ...

    async def rollup_zones(self, edition: int) -> Mapping[Id, str]:
        """The time zone that days are made by, of each workspace that was met."""
        ...

    async def rollup_known(self, workspace_id: Id) -> Sequence[Known]:
        """The fine and tagged combinations of a workspace."""
        ...

    async def rollup_facts(self, after: int, until: int) -> list[Fact]:
        """The events with ``after < seq <= until``, in their order. ``until`` must be settled."""
        ...

    async def rollup_before(self, edition: int, message_ids: Collection[Id], until: int) -> dict[Id, Before]:
        """What the events up to ``until`` said of messages, and what was seen of them."""
        ...

    async def keep_rollup(self, edition: int, since: int, until: int, step: Step) -> bool:
        """Adds a step and moves the position, in ONE durable transaction; False: somebody else has moved it, and nothing was kept.

        Args:
            edition: which tables.
            since: the position that the step begins at.
            until: the position that it ends at.
            step: what to add.

        Raises:
            UnavailableError: the store could not write; nothing was kept.
        """
        ...

    async def begin_edition(self) -> int:
        """An empty edition beside the one that answers. What other recounts left is forgotten."""
        ...

    async def answer_from(self, edition: int) -> bool:
        """Lets an edition answer, once it is as far as the one that does; False: it is not yet."""
        ...

    async def purge_editions(self, keep: Collection[int]) -> int:
        """Removes some rows of other editions; how many. 0: nothing is left."""
        ...


class SumQuery(msgspec.Struct, frozen=True):
    """Which cells to sum, and by what. Dimensions are columns of :class:`~posthouse.core.analytics.model.Combo`."""

    workspace_id: Id
    grain: Grain
    begin: int
    """The first period."""
    end: int
    """The first that is not asked for."""
    columns: tuple[str, ...]
    by: tuple[str, ...] = ()
    by_period: bool = False
    filters: tuple[tuple[str, tuple[str | int, ...]], ...] = ()
    """Each dimension with the values it may have."""
    latencies: bool = False
    more: tuple[tuple[Grain, int, int], ...] = ()
    """Further grains, with their first period and the one behind the last, that are summed with it: not with ``by_period``."""
    most: int = 100_000
    """Rows, and histograms, of an answer: one more of either is given when there are more."""


class Sums(msgspec.Struct):
    """One row of an answer."""

    period: int
    """0 when it was not asked for."""
    dims: tuple[str | int, ...]
    counts: tuple[int, ...]
    latencies: list[bytes]


class SumStore(Protocol):
    """Roll-ups, as questions are put to them."""

    async def rollup_position(self, edition: int | None = None) -> Position:
        """See RollupStore."""
        ...

    async def first_after(self, seq: int) -> int | None:
        """When the first event behind a place of the stream happened; None: there is none."""
        ...

    async def rollup_zones(self, edition: int) -> Mapping[Id, str]:
        """See RollupStore."""
        ...

    async def rollup_sums(self, edition: int, query: SumQuery) -> list[Sums]:
        """The sums of what matches, in no order."""
        ...

    async def source_names(self, workspace_id: Id) -> Mapping[str, str]:
        """Names of keys by their identifiers in hexadecimal, revoked ones too."""
        ...
