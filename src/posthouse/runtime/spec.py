"""What a supervisor tells a child: over a pipe, because settings hold secrets and arguments can be read by anybody."""

import msgspec

from posthouse.config import Settings

ROLES = ("api", "dispatch", "scheduler", "returned")


class ChildSpec(msgspec.Struct, frozen=True):
    """One process to be.

    ``index`` counts the processes of a role from 0; ``shard`` is unique among all processes of this supervisor; ``listen`` is the file
    descriptor of the bound socket, for the API.
    """

    role: str
    index: int
    shard: int
    settings: Settings
    listen: int | None = None
