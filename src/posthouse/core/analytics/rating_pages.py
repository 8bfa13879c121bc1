"""Addresses under which people read the answers to ratings without a key: signed, for one workspace, until a day."""

import base64
import hmac
from hashlib import blake2b
from typing import Final, NamedTuple

from posthouse.core.kernel.clock import DAY, SECOND
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id

PURPOSE: Final = "rating pages"
"""Of the key that signs them."""
PAGE: Final = "/ratings/"
DEFAULT_DAYS: Final = 7
MOST_DAYS: Final = 90
_MAC: Final = 12
_TIME: Final = 5
_LENGTH: Final = 16 + 1 + _TIME + _MAC


class Pass(NamedTuple):
    """What an address lets somebody read."""

    workspace_id: Id
    live: bool
    until: int


class RatingPages:
    """Makes and reads such addresses; nothing is kept for them.

    Args:
        address: what they begin with.
        key: of the house.
    """

    def __init__(self, address: str, key: bytes) -> None:
        self._address = address.rstrip("/")
        self._key = key

    def make(self, workspace_id: Id, *, live: bool, days: int, now: int) -> tuple[str, Pass]:
        """An address for some days.

        Raises:
            ValidationError: too many, or none.
        """
        if not 1 <= days <= MOST_DAYS:
            raise ValidationError(
                "The page cannot be made like this.", fields=[FieldProblem("/days", f"write 1 to {MOST_DAYS}", "range")]
            )
        given = Pass(workspace_id, live, (now + days * DAY) // SECOND * SECOND)
        return f"{self._address}{PAGE}{self._word(given)}", given

    def read(self, word: str, now: int) -> Pass | None:
        """What the last part of an address lets somebody read; None: it is none of ours, or its time is over."""
        try:
            raw = base64.b32decode(word.upper() + "=" * (-len(word) % 8)) if word.isascii() and len(word) < 99 else b""
        except ValueError:
            return None
        if len(raw) != _LENGTH:
            return None
        found = Pass(raw[:16], raw[16] == 1, int.from_bytes(raw[17 : 17 + _TIME], "big") * SECOND)
        return found if hmac.compare_digest(self._word(found), word) and found.until > now else None

    def _word(self, given: Pass) -> str:
        said = given.workspace_id + bytes([given.live]) + (given.until // SECOND).to_bytes(_TIME, "big")
        mac = blake2b(said, digest_size=_MAC, key=self._key).digest()
        return base64.b32encode(said + mac).decode().rstrip("=").lower()
