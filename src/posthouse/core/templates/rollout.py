"""A staged roll-out: a new version serves a share of the messages first, always the same people."""

import hashlib
from typing import Final

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.templates.library.model import CompiledIn, Use

_PARTS: Final = 1 << 32


class Rollout(msgspec.Struct, frozen=True):
    """The version that comes, and how far it is, beside the live one."""

    version: int
    percent: int
    """Of the people who are written to, 1 to 100."""
    started_at: int
    source_hash: str = ""
    compiled: tuple[CompiledIn, ...] = ()
    """What of the library is in it."""

    @property
    def uses(self) -> tuple[Use, ...]:
        """What it names of the library."""
        return tuple([one.use for one in self.compiled])

    def __str__(self) -> str:
        return f"version {self.version} is being rolled out ({self.percent} %)"


def takes_part(template_id: Id, rollout: Rollout, recipient: str) -> bool:
    """Whether a person gets the version that comes.

    The same person is always told the same, whoever serves; whoever takes part stays in while the share grows. Another version
    begins with other people.

    Args:
        template_id: which template.
        rollout: its roll-out.
        recipient: the address, however it is written (blanks and capitals do not count).
    """
    salt = template_id + rollout.version.to_bytes(4, "big")
    place = hashlib.blake2b(recipient.strip().lower().encode(errors="replace"), digest_size=4, key=salt).digest()
    return int.from_bytes(place, "big") * 100 < rollout.percent * _PARTS
