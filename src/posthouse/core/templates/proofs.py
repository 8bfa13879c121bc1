"""What the proof of a push made, so that the push does not make it again."""

from typing import Final

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.templates.library.model import Library
from posthouse.core.templates.press import Printed

_MOST: Final = 64
"""Templates whose releases are kept meanwhile: those of a few hundred would be some hundred megabytes."""


class Proof(msgspec.Struct, frozen=True):
    """Releases, and what they were made from and for."""

    id: Id
    """Of the template."""
    version: int
    digest: str
    """Of the source."""
    library: Library
    printed: Printed


class Proofs:
    """Those of one push."""

    def __init__(self) -> None:
        self._kept: dict[str, Proof] = {}

    def keep(self, key: str, proof: Proof) -> None:
        """Remembers one, while there is room."""
        if len(self._kept) < _MOST:
            self._kept[key] = proof

    def take(self, key: str, digest: str, library: Library) -> Proof | None:
        """Gives one away, if it was made from just these: whether blocks have a number by now makes no difference."""
        proof = self._kept.pop(key, None)
        same = proof is not None and proof.digest == digest and proof.library.says_as(library)
        return proof if same else None
