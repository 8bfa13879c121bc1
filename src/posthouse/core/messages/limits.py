"""How much a message may carry."""

from typing import Final

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Bounds that are checked before accepting."""

    max_message: int = 26_214_400
    """Bytes of the finished message; attachments may fill about three quarters of it (base64)."""
    max_variables: int = 1_048_576


MAX_TAGS: Final = 10
MAX_WORD: Final = 255
MAX_LOCALE: Final = 35
"""Characters of a language tag, as BCP 47 §4.4.1 recommends to have room for."""
MAX_TAG: Final = 64
OUR_TAGS: Final = "posthouse:"
"""What tags begin with that only the house gives."""
STEP_TAG: Final = "posthouse:step:"
"""What the tag begins with that says which step of which automation a message is: ``posthouse:step:welcome/day-3``."""
MAX_NAME: Final = 200
MAX_COPIES: Final = 50
MAX_HEADERS: Final = 30
MAX_HEADER_VALUE: Final = 2_000
MAX_METADATA: Final = 16_384
MAX_ATTACHMENTS: Final = 30
MAX_AHEAD_DAYS: Final = 400

MAX_DERIVED: Final = 500_000
"""Characters of HTML of which a text part is made; longer HTML without a text goes out alone."""
READ_IN_PASSING: Final = 20_000
"""Characters of HTML that are read at once (some 2 ms); longer HTML is read in a thread."""

ALLOWED_HEADERS: Final = frozenset(
    {
        "importance",
        "in-reply-to",
        "list-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "organization",
        "priority",
        "references",
        "x-priority",
    }
)
"""Besides these, every name that starts with ``X-`` (except ours, ``X-Posthouse-``)."""
