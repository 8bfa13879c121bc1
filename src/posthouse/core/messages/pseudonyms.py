"""What stands in the place of an address that was erased: the same for the same person, and nothing to anybody without the key."""

import re
from hashlib import blake2b
from typing import Final

from posthouse.core.kernel.ids import Id

PURPOSE: Final = "pseudonyms"
PREFIX: Final = "erased:"
_FORM: Final = re.compile(rf"{PREFIX}[0-9a-f]{{32}}")


class Pseudonyms:
    """Makes them. Mailboxes whose names differ in case only are one person's (as for suppressions).

    Args:
        key: secret, 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, workspace_id: Id, channel: int, address: str) -> str:
        """What stands for an address; a pseudonym stays what it is, and nothing stays nothing."""
        if not address or is_pseudonym(address):
            return address
        said = workspace_id + bytes([channel]) + address.casefold().encode("utf-8", "replace")
        return PREFIX + blake2b(said, digest_size=16, key=self._key).hexdigest()


def is_pseudonym(address: str) -> bool:
    """Whether an address was erased."""
    return address.startswith(PREFIX) and _FORM.fullmatch(address) is not None
